/** The embedded store: one SQLite file, one serving process, no server to run. */
import { join } from 'node:path';
import type { Store } from '../store.ts';
import { SqliteClientStore } from './clients.ts';
import { SqliteConsentStore } from './consents.ts';
import { SqliteCredentialStore } from './credentials.ts';
import { Database } from './database.ts';
import { createPrivateDirectory } from './files.ts';
import { takeLock } from './lock.ts';
import { SqliteLoginStore } from './logins.ts';
import { SqliteRevocationStore } from './revocations.ts';
import { SqliteSessionStore } from './sessions.ts';
import { SqliteSharedStore } from './shared.ts';

interface SqliteStoreOptions {
  /** Epoch seconds, for tests. */
  readonly now?: () => number;
  /** Whether this process serves, which only one does; the admin command works beside it. True unless told. */
  readonly serving?: boolean;
}

/**
 * Opens `bridge.db` in a directory, which is made if it is not there.
 * @throws StoreInUse when another process serves from it
 */
export function createSqliteStore(directory: string, options: SqliteStoreOptions = {}): Store {
  const { now = () => Date.now() / 1000, serving = true } = options;
  createPrivateDirectory(directory);
  const releaseLock = serving ? takeLock(join(directory, 'bridge.lock'), directory) : () => {};
  const database = openDatabase(join(directory, 'bridge.db'), now, releaseLock);
  return {
    kind: 'sqlite',
    clients: new SqliteClientStore(database),
    logins: new SqliteLoginStore(database),
    sessions: new SqliteSessionStore(database),
    credentials: new SqliteCredentialStore(database),
    revocations: new SqliteRevocationStore(database),
    consents: new SqliteConsentStore(database),
    shared: new SqliteSharedStore(database),
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

function openDatabase(path: string, now: () => number, releaseLock: () => void): Database {
  try {
    return new Database(path, now);
  } catch (error) {
    releaseLock();
    throw error;
  }
}
