/**
 * The open database: transactions, prepared statements and the clock, which all sub-stores share. Requests that arrive in
 * the same turn of the event loop share a transaction (queue.ts). A read sees every write that was answered before the
 * read was asked for; reads and writes that wait at the same time have no order between them.
 */
import { DatabaseSync, type SQLTagStore } from 'node:sqlite';
import { StoreUnavailable } from '../store.ts';
import { createPrivateFile } from './files.ts';
import { createQueue, type Waiting } from './queue.ts';
import { migrate, readSchemaVersion } from './schema.ts';

/** Milliseconds to wait for another program's lock on the database. */
const BUSY_TIMEOUT = 2000;
/** Prepared statements in the cache. */
const MAX_STATEMENTS = 200;
/** Tables whose expired rows are deleted every {@link TIDY_INTERVAL}, and their primary keys. */
const EXPIRING_TABLES = {
  clients: 'client_id',
  logins: 'id',
  consents: 'person, consent_key',
  leases: 'name',
  used_once: 'id',
};
/** Seconds between two deletions of expired rows. */
const TIDY_INTERVAL = 60;
/** Expired rows of a table that one transaction deletes at most; the next transaction continues. */
const MAX_TIDIED = 1000;
/**
 * Result codes that mean a bug in this program: error, constraint, mismatch, misuse, range.
 * @see https://sqlite.org/rescode.html
 */
const BUG_CODES = [1, 19, 20, 21, 25];

export interface Database {
  /** Runs SQL with bound parameters; each statement is prepared once. */
  readonly sql: SQLTagStore;
  /** Runs statements that only read. They see one state of the database, which is on the disk. */
  query<T>(work: (now: number) => T): Promise<T>;
  /**
   * Runs statements of which all take effect, or none when `work` throws or the commit fails. What is answered is on the
   * disk. Others that wait meanwhile share the commit.
   */
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
 * @throws {StoreTooNew}
 */
export function openDatabase(path: string, clock: () => number): Database {
  createPrivateFile(path);
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
  try {
    // First, because nothing is changed in a database of a newer version.
    readSchemaVersion(database, path);
    database.exec('PRAGMA journal_mode = WAL');
    // A commit must survive a power failure. Otherwise a redeemed code could be redeemed again, and the newest refresh
    // token could be unknown.
    database.exec('PRAGMA synchronous = FULL');
    migrate(database, path);
    // LOWER and LIKE of SQLite know upper case of ASCII only.
    database.function('has_text', { deterministic: true }, (text, part) =>
      Number(String(text).toLowerCase().includes(String(part))),
    );
  } catch (error) {
    database.close();
    throw error;
  }
  const sql = database.createTagStore(MAX_STATEMENTS);
  let tidiedAt = 0;

  function now(): number {
    return Math.floor(clock());
  }

  /**
   * Runs a group of work as one transaction. Answers are given after the commit: what was written is on the disk then.
   * @param attempt runs one piece of work; returns a function that gives its answer; throws when none can be given
   */
  function runGroup(group: readonly Waiting[], begin: () => void, attempt: Attempt): void {
    const instant = now();
    let answers: (() => void)[];
    try {
      begin();
      answers = group.map((waiting) => attempt(waiting, instant));
      sql.run`COMMIT`;
    } catch (error) {
      if (database.isOpen && database.isTransaction) sql.run`ROLLBACK`;
      for (const { reject } of group) reject(unavailable(error));
      return;
    }
    for (const answer of answers) answer();
  }

  function beginWrites(): void {
    sql.run`BEGIN IMMEDIATE`;
    tidy(now());
  }

  /** Runs one write. When it throws, it alone is rolled back. */
  function attemptWrite({ work, resolve, reject }: Waiting, instant: number): () => void {
    sql.run`SAVEPOINT one`;
    try {
      const result = work(instant);
      sql.run`RELEASE one`;
      return () => resolve(result);
    } catch (error) {
      // When the disk is full, among other causes, SQLite itself rolls back the transaction: all of the group fails.
      if (!database.isTransaction) throw error;
      sql.run`ROLLBACK TO one`;
      sql.run`RELEASE one`;
      return () => reject(unavailable(error));
    }
  }

  /** Deletes expired rows, a limited number in each transaction. */
  function tidy(instant: number): void {
    if (instant - tidiedAt < TIDY_INTERVAL) return;
    const deleted = Object.entries(EXPIRING_TABLES).map(
      ([table, key]) =>
        database
          .prepare(`DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE expires_at <= ? LIMIT ?)`)
          .run(instant, MAX_TIDIED).changes,
    );
    if (deleted.every((rows) => rows < MAX_TIDIED)) tidiedAt = instant;
  }

  return {
    sql,
    query: createQueue((group) => runGroup(group, () => sql.run`BEGIN`, attemptRead)),
    transaction: createQueue((group) => runGroup(group, beginWrites, attemptWrite)),
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

type Attempt = (waiting: Waiting, instant: number) => () => void;

/** Runs one piece of work that only reads. */
function attemptRead({ work, resolve, reject }: Waiting, instant: number): () => void {
  try {
    const result = work(instant);
    return () => resolve(result);
  } catch (error) {
    return () => reject(unavailable(error));
  }
}

/** The error to throw: `StoreUnavailable`, unless the cause is a bug in this program. */
function unavailable(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const closed = 'code' in error && error.code === 'ERR_INVALID_STATE';
  const code = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
  const isBug = !closed && (code === undefined || BUG_CODES.includes(code));
  return isBug ? error : new StoreUnavailable('the database cannot be used', { cause: error });
}
