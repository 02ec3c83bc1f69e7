/**
 * The lock of the serving process (design decision 19): an exclusive transaction on a separate database file. The
 * operating system releases it when the process ends. `bridge.db` itself is not locked, so that the admin command can
 * open it.
 */
import { DatabaseSync } from 'node:sqlite';
import { SettingError } from '../../base/setting-error.ts';
import { createPrivateFile } from './files.ts';

/** Another process serves from this directory. */
export class StoreInUse extends SettingError {
  override readonly name = 'StoreInUse';

  constructor(directory: string) {
    super(
      'DATA_DIR',
      `another process serves from ${directory}`,
      'Stop it, or name a folder for this one alone; several processes that serve the same people need Redis (REDIS_URL).',
    );
  }
}

/**
 * Takes the lock, without waiting for it.
 * @returns a function that releases it
 * @throws {StoreInUse}
 */
export function takeLock(path: string, directory: string): () => void {
  createPrivateFile(path);
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    // The journal is kept in memory, so that no journal file is left when the process is killed.
    lock.exec('PRAGMA journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw isBusy(error) ? new StoreInUse(directory) : error;
  }
  return () => lock.close();
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}
