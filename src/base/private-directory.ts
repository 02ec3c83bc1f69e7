/** The directory of `DATA_DIR`, which only its owner may enter, and what is said when it cannot be used. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { SettingError, systemCode } from './setting-error.ts';

const REMEDY = 'Let this user read and write it, or name another folder.';

/**
 * Creates a directory with mode 0700, and its parents. A directory that exists keeps its mode. The parents are created one
 * by one, because `mkdirSync` with `recursive` never returns where a file system answers ENOENT for each of them (/proc).
 * @throws {SettingError} that names the directory, when the system refuses
 */
export function createPrivateDirectory(path: string): void {
  const directory = resolve(path);
  if (existsSync(directory)) return;
  createPrivateDirectory(dirname(directory));
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (cause) {
    const code = systemCode(cause);
    // Another process created it in between.
    if (code !== 'EEXIST')
      throw new SettingError('DATA_DIR', `the directory ${directory} cannot be created (${code})`, REMEDY, { cause });
  }
}

/** The error of a `DATA_DIR` that the system does not let this program use; undefined when the error is no system error. */
export function unusableFolder(directory: string, error: unknown): SettingError | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const reason = error.code === 'ERR_SQLITE_ERROR' ? error.message : String(error.code);
  return new SettingError('DATA_DIR', `${resolve(directory)} cannot be used (${reason})`, REMEDY, { cause: error });
}
