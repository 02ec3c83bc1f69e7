/** The open database: transactions, prepared statements and the clock that the sub-stores share. */
import { DatabaseSync, type SQLTagStore } from 'node:sqlite';
import { StoreUnavailable } from '../store.ts';
import { createPrivateFile } from './files.ts';
import { migrate } from './schema.ts';

/** Tables whose rows nobody needs once they have expired. */
const expiringTables = ['clients', 'logins', 'consents', 'leases', 'used_once'];

/**
 * Result codes (https://sqlite.org/rescode.html) that a mistake in this program explains: error, constraint, mismatch,
 * misuse, range.
 */
const faults = [1, 19, 20, 21, 25];

export class Database {
  readonly #database: DatabaseSync;
  readonly #clock: () => number;
  #tidiedAt = 0;
  /** Runs SQL with bound parameters; a statement is prepared once. */
  readonly sql: SQLTagStore;

  /** @param clock epoch seconds */
  constructor(path: string, clock: () => number) {
    createPrivateFile(path);
    this.#clock = clock;
    this.#database = new DatabaseSync(path, { timeout: 2000 });
    try {
      this.#database.exec('PRAGMA journal_mode = WAL');
      // A commit must outlive a power failure: a spent code would be fresh again, a rotated token forgotten.
      this.#database.exec('PRAGMA synchronous = FULL');
      migrate(this.#database);
    } catch (error) {
      this.#database.close();
      throw error;
    }
    this.sql = this.#database.createTagStore(200);
  }

  /** The instant that counts, in epoch seconds. */
  now(): number {
    return Math.floor(this.#clock());
  }

  /** Runs a single statement, which is atomic by itself. */
  async query<T>(work: (now: number) => T): Promise<T> {
    try {
      return work(this.now());
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** Runs several statements at once: all or, when `work` throws, none. */
  async transaction<T>(work: (now: number) => T): Promise<T> {
    const now = this.now();
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = work(now);
        this.#tidy(now);
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#database.isTransaction) {
          this.#database.exec('ROLLBACK');
        }
        throw error;
      }
    } catch (error) {
      throw unavailable(error);
    }
  }

  /**
   * Copies everything from `bridge.db-wal` to `bridge.db` (a checkpoint), then closes. SQLite's own checkpoint at the last
   * close does not happen here: Node finalizes the statements of the tag store only when they are garbage-collected,
   * and until then SQLite keeps the closed connection open.
   * @param checkpoint `TRUNCATE` also empties the `-wal` file; it waits up to two seconds for other programs, and leaves
   *   there what they keep it from copying. `PASSIVE` waits for nobody.
   * @see https://sqlite.org/pragma.html#pragma_wal_checkpoint, https://sqlite.org/c3ref/close.html
   */
  close(checkpoint: 'TRUNCATE' | 'PASSIVE'): void {
    if (!this.#database.isOpen) return;
    try {
      this.#database.exec(`PRAGMA wal_checkpoint(${checkpoint})`);
    } finally {
      this.#database.close();
    }
  }

  /** Deletes what has expired, at most once a minute. */
  #tidy(now: number): void {
    if (now - this.#tidiedAt < 60) {
      return;
    }
    this.#tidiedAt = now;
    for (const table of expiringTables) {
      this.#database.exec(`DELETE FROM ${table} WHERE expires_at <= ${now}`);
    }
  }
}

function unavailable(error: unknown): unknown {
  if (!(error instanceof Error)) {
    return error;
  }
  const closed = 'code' in error && error.code === 'ERR_INVALID_STATE';
  const code = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
  const isFault = !closed && (code === undefined || faults.includes(code));
  return isFault ? error : new StoreUnavailable('the database cannot be used', { cause: error });
}
