/**
 * The lock of the one serving process (design decision 19): an exclusive transaction on a database file of its own,
 * which the operating system gives up when the process dies. The store itself stays open to the admin command.
 */
import { DatabaseSync } from 'node:sqlite';
import { createPrivateFile } from './files.ts';

/** Another process serves from this directory. */
export class StoreInUse extends Error {
  override readonly name = 'StoreInUse';

  constructor(directory: string) {
    super(
      `another process serves from ${directory}. Stop it, or give this one a directory of its own with DATA_DIR; ` +
        'several processes that serve the same people need Redis (REDIS_URL).',
    );
  }
}

/**
 * Takes the lock at once or not at all. Answers how to give it back.
 * @throws {@link StoreInUse}
 */
export function takeLock(path: string, directory: string): () => void {
  createPrivateFile(path);
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    // Written nowhere but in memory: no journal file stays behind when the process is killed.
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
