/** The embedded store: one SQLite file and one serving process; no other server is needed. */
import { join } from 'node:path';
import { createPrivateDirectory, unusableFolder } from '../../base/private-directory.ts';
import { SettingError } from '../../base/setting-error.ts';
import type { Store } from '../store.ts';
import { createSqliteBlockStore } from './blocks.ts';
import { createSqliteClientStore } from './clients.ts';
import { createSqliteConsentStore } from './consents.ts';
import { countStored } from './counts.ts';
import { createSqliteCredentialStore } from './credentials.ts';
import { type Database, openDatabase } from './database.ts';
import { createSqliteDirectoryStore } from './directory.ts';
import { takeLock } from './lock.ts';
import { createSqliteLoginStore } from './logins.ts';
import { createSqliteRevocationStore } from './revocations.ts';
import { createSqliteSessionStore } from './sessions.ts';
import { createSqliteSharedStore } from './shared.ts';

/** Result codes of SQLite: the file is malformed, or is no database. */
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

interface SqliteStoreOptions {
  /** Epoch seconds, for tests. */
  readonly now?: () => number;
  /** Whether this process serves; only one process may. The admin command passes false. Default true. */
  readonly serving?: boolean;
}

/**
 * Opens `bridge.db` in a directory, which is created if it does not exist.
 * @throws {StoreInUse} when another process serves from the directory
 * @throws {SettingError} when the directory cannot be used, or the database is damaged
 */
export function createSqliteStore(directory: string, options: SqliteStoreOptions = {}): Store {
  try {
    return open(directory, options);
  } catch (error) {
    throw folderError(directory, error) ?? error;
  }
}

function open(directory: string, options: SqliteStoreOptions): Store {
  const { now = () => Date.now() / 1000, serving = true } = options;
  createPrivateDirectory(directory);
  const releaseLock = serving ? takeLock(join(directory, 'bridge.lock'), directory) : () => {};
  const database = openOrRelease(join(directory, 'bridge.db'), now, releaseLock);
  return {
    kind: 'sqlite',
    clients: createSqliteClientStore(database),
    logins: createSqliteLoginStore(database),
    sessions: createSqliteSessionStore(database),
    credentials: createSqliteCredentialStore(database),
    revocations: createSqliteRevocationStore(database),
    directory: createSqliteDirectoryStore(database),
    blocks: createSqliteBlockStore(database),
    consents: createSqliteConsentStore(database),
    shared: createSqliteSharedStore(database),
    counts: () => countStored(database),
    async ping() {
      await database.query(() => database.sql.get`SELECT count(*) FROM sqlite_schema`);
    },
    async close() {
      try {
        // PASSIVE, because the admin command must not make the serving process wait.
        database.close(serving ? 'TRUNCATE' : 'PASSIVE');
      } finally {
        releaseLock();
      }
    },
  };
}

function openOrRelease(path: string, now: () => number, releaseLock: () => void): Database {
  try {
    return openDatabase(path, now);
  } catch (error) {
    releaseLock();
    throw error;
  }
}

/** What is wrong with the folder; undefined when the error is not about it. @see https://sqlite.org/rescode.html */
function folderError(directory: string, error: unknown): SettingError | undefined {
  if (!(error instanceof Error) || error instanceof SettingError) return undefined;
  const result = 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
  if (result === SQLITE_CORRUPT || result === SQLITE_NOTADB)
    return new SettingError(
      'DATA_DIR',
      `bridge.db in ${directory} is damaged (${error.message})`,
      'Restore it from a copy, or name another folder.',
      { cause: error },
    );
  return unusableFolder(directory, error);
}
