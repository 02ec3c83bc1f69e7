/** A file that a command makes: only its owner may read it, nothing is overwritten, and it is whole or not there. */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { systemCode } from '../base/setting-error.ts';
import { Misuse } from './misuse.ts';

/**
 * Makes a file with mode 0600 and lets `fill` write it. When that fails, the file is removed.
 * @throws {Misuse} when it exists, or cannot be made
 */
export async function withNewFile<T>(path: string, fill: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    const code = systemCode(error);
    throw new Misuse(
      code === 'EEXIST'
        ? `${path} is there already, and is not overwritten: name another file`
        : `${path} cannot be made (${code}): name a file in a folder that you may write`,
    );
  });
  try {
    const result = await fill(file);
    await file.sync();
    return result;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
