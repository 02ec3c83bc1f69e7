/** Reading the environment: texts, lists, durations, secrets and the files they may stand in; complaints are collected. */
import { readFileSync } from 'node:fs';

/** Seconds in a unit of a duration. */
const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400 };

/** One problem of the configuration: the variable, what is wrong, what would be right. */
export interface Complaint {
  readonly variable: string;
  readonly problem: string;
  readonly remedy: string;
}

export interface Reader {
  readonly complaints: readonly Complaint[];
  complain(variable: string, problem: string, remedy: string): undefined;
  /** A variable's text; undefined when it is empty. */
  text(name: string): string | undefined;
  /** A secret, from the variable or from the file that `NAME_FILE` names. */
  secret(name: string): string | undefined;
  /** The first of several spellings of a secret. */
  firstSecret(...names: string[]): string | undefined;
  /** Items between commas. */
  list(name: string): string[];
  /** Seconds. */
  duration(name: string, fallback: number): number;
  integer(name: string, fallback: number, min: number, max: number): number;
}

export function createReader(env: Readonly<Record<string, string | undefined>>): Reader {
  const complaints: Complaint[] = [];
  const complain = (variable: string, problem: string, remedy: string): undefined => {
    complaints.push({ variable, problem, remedy });
    return undefined;
  };

  const text = (name: string): string | undefined => {
    const value = env[name]?.trim();
    return value === undefined || value === '' ? undefined : value;
  };
  const secret = (name: string): string | undefined => {
    const file = text(`${name}_FILE`);
    if (file === undefined) return text(name);
    if (text(name) !== undefined) return complain(name, `set together with ${name}_FILE`, 'Keep one of the two.');
    try {
      const value = readFileSync(file, 'utf8').trim();
      return value === '' ? complain(`${name}_FILE`, 'the file is empty', 'Write the secret into it.') : value;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      return complain(`${name}_FILE`, `the file cannot be read (${code})`, 'Name a file this process may read.');
    }
  };
  const list = (name: string): string[] =>
    (text(name) ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  const duration = (name: string, fallback: number): number => {
    const value = text(name);
    if (value === undefined) return fallback;
    const match = /^(\d{1,6})([smhd])$/.exec(value);
    const seconds = match ? Number(match[1]) * (UNITS[match[2] ?? ''] ?? 0) : 0;
    if (seconds > 0) return seconds;
    complain(name, `"${value}" is not a duration`, 'Write for example 90s, 15m, 1h or 30d.');
    return fallback;
  };
  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const value = text(name);
    if (value === undefined) return fallback;
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    complain(name, `"${value}" is not a number from ${min} to ${max}`, `Leave it out for ${fallback}.`);
    return fallback;
  };
  const firstSecret = (...names: string[]): string | undefined => {
    for (const name of names) {
      const value = secret(name);
      if (value !== undefined) return value;
    }
    return undefined;
  };

  return { complaints, complain, text, secret, firstSecret, list, duration, integer };
}
