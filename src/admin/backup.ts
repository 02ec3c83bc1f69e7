/** `backup FILE`: a copy of the SQLite database as it is at one moment, while a bridge writes to it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { noteBackup } from '../store/last-backup.ts';
import { readSchemaVersion } from '../store/sqlite/schema.ts';
import { Misuse, type StoreCommand, type StoreContext } from './command.ts';
import { withNewFile } from './new-file.ts';

/** Pages that are copied at once. */
const RATE = 1000;

export const backupCommand: StoreCommand = {
  words: 'backup',
  synopsis: 'FILE',
  about: 'copies the SQLite database to a new FILE, also while a bridge serves',
  check({ positionals: [path] }) {
    if (path === '-') throw new Misuse('backup writes a database, which cannot be standard output: name a FILE');
  },
  async runOnStore(context, { positionals: [path = ''] }) {
    const { config, open, terminal, signal } = context;
    if (config.redisUrl !== undefined)
      throw new Misuse(
        'backup is for SQLite: let Redis write its own file (appendonly yes, or BGSAVE) and copy that, or use "export FILE"',
      );
    const store = await open();
    const source = new DatabaseSync(join(config.dataDir, 'bridge.db'));
    try {
      await withNewFile(path, async () => {
        try {
          await copy(source, path, context);
          check(path);
        } finally {
          // Only beside a file that this command made: those of another database hold what it has not yet taken in.
          for (const end of ['-wal', '-shm', '-journal']) await rm(path + end, { force: true });
        }
      });
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Error(`stopped while the database was copied; ${path} was removed`, { cause: error });
    } finally {
      source.close();
    }
    await noteBackup(store.shared, 'backup', Math.floor(Date.now() / 1000));
    terminal.answer(
      { file: path },
      `Copied the database to ${path}, and checked the copy.\nKeep it as safe as the store, and BRIDGE_SECRET apart from it.`,
    );
  },
};

/** Copies all pages as they are at one moment. @throws {Error} when it was interrupted */
async function copy(
  source: DatabaseSync,
  path: string,
  { terminal, signal }: Pick<StoreContext, 'terminal' | 'signal'>,
): Promise<void> {
  // Within one read transaction all pages are of one moment; otherwise each write would begin the copy again.
  source.exec('BEGIN');
  source.prepare('SELECT count(*) FROM sqlite_schema').get();
  await backup(source, path, {
    rate: RATE,
    progress: ({ totalPages, remainingPages }) => {
      signal.throwIfAborted();
      terminal.progress(`${totalPages - remainingPages} of ${totalPages} pages copied`);
    },
  });
  source.exec('COMMIT');
  signal.throwIfAborted();
}

/** Checks that a copy is whole and opens here. @throws {Error} */
function check(path: string): void {
  const copy = new DatabaseSync(path);
  try {
    // One file, without the ones beside it.
    copy.exec('PRAGMA journal_mode = DELETE');
    readSchemaVersion(copy, path);
    const found = copy.prepare('PRAGMA integrity_check').get()?.integrity_check;
    if (found !== 'ok')
      throw new Error(`the copy is damaged (${found}): check the disk, and the database with "npm run doctor"`);
  } finally {
    copy.close();
  }
}
