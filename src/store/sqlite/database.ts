/** The open database: transactions, prepared statements and the clock, which all sub-stores share. */
import { DatabaseSync, type SQLTagStore } from 'node:sqlite';
import { StoreUnavailable } from '../store.ts';
import { createPrivateFile } from './files.ts';
import { migrate } from './schema.ts';

/** Milliseconds to wait for another program's lock on the database. */
const BUSY_TIMEOUT = 2000;
/** Prepared statements in the cache. */
const MAX_STATEMENTS = 200;
/** Tables whose expired rows are deleted every {@link TIDY_INTERVAL}. */
const EXPIRING_TABLES = ['clients', 'logins', 'consents', 'leases', 'used_once'];
/** Seconds between two deletions of expired rows. */
const TIDY_INTERVAL = 60;
/**
 * Result codes that mean a bug in this program: error, constraint, mismatch, misuse, range.
 * @see https://sqlite.org/rescode.html
 */
const BUG_CODES = [1, 19, 20, 21, 25];

export interface Database {
  /** Runs SQL with bound parameters; each statement is prepared once. */
  readonly sql: SQLTagStore;
  /** The current instant, in whole epoch seconds. */
  now(): number;
  /** Runs a single statement, which is atomic by itself. */
  query<T>(work: (now: number) => T): Promise<T>;
  /** Runs several statements as one transaction: when `work` throws, none of them takes effect. */
  transaction<T>(work: (now: number) => T): Promise<T>;
  /**
   * Copies everything from `bridge.db-wal` to `bridge.db` (a checkpoint), then closes. SQLite's own checkpoint at the
   * last close does not happen here: Node finalizes the statements of the tag store only when they are
   * garbage-collected, and until then SQLite keeps the closed connection open.
   * @param checkpoint `TRUNCATE` also empties the `-wal` file; it waits up to two seconds for other programs, and what
   *   they still keep it from copying stays in the `-wal` file. `PASSIVE` does not wait.
   * @see https://sqlite.org/pragma.html#pragma_wal_checkpoint, https://sqlite.org/c3ref/close.html
   */
  close(checkpoint: 'TRUNCATE' | 'PASSIVE'): void;
}

/**
 * Opens a database file, which is created if it does not exist, and runs the migrations that it lacks.
 * @param clock returns epoch seconds, perhaps with a fraction
 */
export function openDatabase(path: string, clock: () => number): Database {
  createPrivateFile(path);
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
  try {
    database.exec('PRAGMA journal_mode = WAL');
    // A commit must survive a power failure. Otherwise a redeemed code could be redeemed again, and the newest refresh
    // token could be unknown.
    database.exec('PRAGMA synchronous = FULL');
    migrate(database);
  } catch (error) {
    database.close();
    throw error;
  }
  let tidiedAt = 0;

  function now(): number {
    return Math.floor(clock());
  }

  function runTransaction<T>(work: (now: number) => T, instant: number): T {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = work(instant);
      tidy(instant);
      database.exec('COMMIT');
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  function tidy(instant: number): void {
    if (instant - tidiedAt < TIDY_INTERVAL) return;
    tidiedAt = instant;
    for (const table of EXPIRING_TABLES) database.exec(`DELETE FROM ${table} WHERE expires_at <= ${instant}`);
  }

  return {
    sql: database.createTagStore(MAX_STATEMENTS),
    now,
    async query(work) {
      try {
        return work(now());
      } catch (error) {
        throw unavailable(error);
      }
    },
    async transaction(work) {
      const instant = now();
      try {
        return runTransaction(work, instant);
      } catch (error) {
        throw unavailable(error);
      }
    },
    close(checkpoint) {
      if (!database.isOpen) return;
      try {
        database.exec(`PRAGMA wal_checkpoint(${checkpoint})`);
      } finally {
        database.close();
      }
    },
  };
}

/** The error to throw: `StoreUnavailable`, unless the cause is a bug in this program. */
function unavailable(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const closed = 'code' in error && error.code === 'ERR_INVALID_STATE';
  const code = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
  const isBug = !closed && (code === undefined || BUG_CODES.includes(code));
  return isBug ? error : new StoreUnavailable('the database cannot be used', { cause: error });
}
