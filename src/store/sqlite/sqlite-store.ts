/** The embedded store: one SQLite file and one serving process; no other server is needed. */
import { join } from 'node:path';
import { createPrivateDirectory } from '../../base/private-directory.ts';
import type { Store } from '../store.ts';
import { createSqliteClientStore } from './clients.ts';
import { createSqliteConsentStore } from './consents.ts';
import { countStored } from './counts.ts';
import { createSqliteCredentialStore } from './credentials.ts';
import { type Database, openDatabase } from './database.ts';
import { takeLock } from './lock.ts';
import { createSqliteLoginStore } from './logins.ts';
import { createSqliteRevocationStore } from './revocations.ts';
import { createSqliteSessionStore } from './sessions.ts';
import { createSqliteSharedStore } from './shared.ts';

interface SqliteStoreOptions {
  /** Epoch seconds, for tests. */
  readonly now?: () => number;
  /** Whether this process serves; only one process may. The admin command passes false. Default true. */
  readonly serving?: boolean;
}

/**
 * Opens `bridge.db` in a directory, which is created if it does not exist.
 * @throws {StoreInUse} when another process serves from the directory
 */
export function createSqliteStore(directory: string, options: SqliteStoreOptions = {}): Store {
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
