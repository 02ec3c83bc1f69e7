/** Reads the environment and the secret files: the value of each setting, and complaints about wrong values. */
import { readFileSync } from 'node:fs';
import { systemCode } from '../base/setting-error.ts';
import type { Setting } from './setting.ts';
import { SETTINGS, type Values } from './settings.ts';

/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One problem of the configuration: the variable, what is wrong, and how to correct it. */
export interface Complaint {
  /** The environment variable, or the option of `githubBridge()`. */
  readonly variable: string;
  /** What is wrong with it. */
  readonly problem: string;
  /** How to correct it: a sentence. */
  readonly remedy: string;
}

/** The settings of one environment. */
export interface Reader {
  /** In the order in which they were reported, without duplicates. */
  readonly complaints: readonly Complaint[];
  complain(variable: string, problem: string, remedy: string): void;
  /** Whether a variable is set and not empty. */
  has(name: string): boolean;
  /** The value of a setting, or its default. */
  read<Name extends keyof Values>(name: Name): Values[Name];
}

/** Creates a reader of one environment; it never throws, it collects complaints. */
export function createReader(env: Environment): Reader {
  const complaints: Complaint[] = [];
  const complain = (variable: string, problem: string, remedy: string): void => {
    const isReported = complaints.some((each) => each.variable === variable && each.problem === problem);
    if (!isReported) complaints.push({ variable, problem, remedy });
  };

  function text(name: string): string | undefined {
    const value = env[name]?.trim();
    return value === '' ? undefined : value;
  }

  /** Reads a secret from the variable `NAME`, or from the file whose path is in `NAME_FILE`. */
  function secret(name: string): string | undefined {
    const file = text(`${name}_FILE`);
    if (file === undefined) return text(name);
    if (text(name) !== undefined) {
      complain(name, `set together with ${name}_FILE`, 'Keep one of the two.');
      return undefined;
    }
    try {
      const value = readFileSync(file, 'utf8').trim();
      if (value !== '') return value;
      complain(`${name}_FILE`, 'the file is empty', 'Write the secret into it.');
    } catch (error) {
      const code = systemCode(error);
      complain(`${name}_FILE`, `the file cannot be read (${code})`, 'Name a file this process may read.');
    }
    return undefined;
  }

  function valueFor<Value>(name: string, setting: Setting<Value>): Value {
    for (const each of [name, ...(setting.also ?? [])]) {
      const found = setting.secret ? secret(each) : text(each);
      if (found === undefined) continue;
      const value = setting.kind(found, (problem, remedy = `Leave it out for ${setting.default}.`) =>
        complain(name, problem, remedy),
      );
      return value ?? setting.fallback;
    }
    return setting.fallback;
  }

  return {
    complaints,
    complain,
    has: (name) => text(name) !== undefined,
    read: (name) => valueFor(name, SETTINGS[name]),
  };
}
