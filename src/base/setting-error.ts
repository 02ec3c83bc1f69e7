/** Something at the start does not go with a setting: a file, a port, a store. It is said as a wrong setting is said. */
import { errorCode } from './error-cause.ts';

/** What is wrong, and how to correct it; both are for the operator, and repeat no secret. */
export class SettingError extends Error {
  override readonly name: string = 'SettingError';
  /** The environment variable. */
  readonly setting: string;
  readonly problem: string;
  /** A sentence with its full stop. */
  readonly remedy: string;

  constructor(setting: string, problem: string, remedy: string, options: { cause?: unknown } = {}) {
    super(`${setting}: ${problem}. ${remedy}`, options);
    this.setting = setting;
    this.problem = problem;
    this.remedy = remedy;
  }
}

/** The code of a system error (`ENOENT`), for a message; other errors have none to show. */
export function systemCode(error: unknown): string {
  return errorCode(error) ?? 'unreadable';
}
