/** The file `.env`: variables for a program that is started in its folder. Docker Compose reads the same file. */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { systemCode } from '../base/setting-error.ts';
import { ConfigurationError } from './config.ts';
import type { Environment } from './environment.ts';

/** A line that sets nothing, and is neither empty nor a comment. In a file with quotation marks it may be the rest of a value. */
const WITHOUT_NAME = /^\s*(?:=|[^#=\s][^=]*$)/;

/**
 * Adds the variables of `.env` in the working directory, if it is there. A variable that is set counts, even if it is empty.
 * @throws {ConfigurationError} when the file is there and cannot be read
 */
export function withEnvFile(env: Environment): Environment {
  let text: string;
  try {
    text = readFileSync('.env', 'utf8');
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return env;
    const problem = `the file cannot be read (${code})`;
    throw new ConfigurationError([{ variable: '.env', problem, remedy: 'Let this process read it, or remove it.' }]);
  }
  const wrong = text.split('\n').findIndex((line) => WITHOUT_NAME.test(line));
  if (wrong !== -1 && !/["'`]/.test(text))
    throw new ConfigurationError([
      { variable: '.env', problem: `line ${wrong + 1} is no NAME=value`, remedy: 'Correct it, or begin it with #.' },
    ]);
  // Some editors on Windows begin a file with a byte order mark, which would be a part of the first name.
  return { ...parseEnv(text.replace(/^\uFEFF/, '')), ...env };
}
