// The embedded store: the conformance suite, and what only a file has: a lock, modes, migrations, durability.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { openStore } from '../../src/open-store.ts';
import { describeStore } from '../../src/store/conformance/describe-store.ts';
import { HOUR, liveSession, login } from '../../src/store/conformance/fixtures.ts';
import { StoreInUse } from '../../src/store/sqlite/lock.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';

describeStore('the embedded store', async (now) => {
  const directory = mkdtempSync(join(tmpdir(), 'bridge-store-'));
  const store = createSqliteStore(directory, { now });
  const second = createSqliteStore(directory, { now, serving: false });
  return {
    store,
    second,
    async close() {
      await store.close();
      await second.close();
      rmSync(directory, { recursive: true });
    },
  };
});

describe('the embedded store on disk', () => {
  let scratch = '';
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'bridge-store-'));
  });
  after(() => rmSync(scratch, { recursive: true }));

  /** Starts another process that serves from `directory`. */
  async function otherServer(directory: string) {
    const file = new URL('../../src/store/sqlite/sqlite-store.ts', import.meta.url).href;
    const program = `
      const { createSqliteStore } = await import(${JSON.stringify(file)});
      globalThis.store = createSqliteStore(${JSON.stringify(directory)});
      console.log('serving');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return child;
  }

  it('is locked by one serving process, and unlocked when that is killed', async (context) => {
    const directory = join(scratch, 'held');
    const child = await otherServer(directory);
    context.after(() => child.kill('SIGKILL'));
    assert.throws(
      () => createSqliteStore(directory),
      (error: unknown) =>
        error instanceof StoreInUse && error.message.includes(directory) && /REDIS_URL/.test(error.message),
    );
    const admin = createSqliteStore(directory, { serving: false });
    assert.deepEqual(await admin.sessions.people('', 1), []);
    await admin.close();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = createSqliteStore(directory);
    await store.close();
    await createSqliteStore(directory).close();
  });

  it('stays locked when the same process tries to open it again', async (context) => {
    const directory = join(scratch, 'twice');
    const store = createSqliteStore(directory);
    context.after(() => store.close());
    assert.throws(() => createSqliteStore(directory), StoreInUse);
    const file = new URL('../../src/store/sqlite/sqlite-store.ts', import.meta.url).href;
    const program = `
      const { createSqliteStore } = await import(${JSON.stringify(file)});
      createSqliteStore(${JSON.stringify(directory)});`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [said] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    assert.match(said, /StoreInUse/);
  });

  it('creates its files readable by their owner only', async () => {
    const directory = join(scratch, 'private', 'data');
    const store = openStore({ dataDir: directory });
    await liveSession(store, 'p', 'g');
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    const names = readdirSync(directory);
    assert.ok(names.includes('bridge.db') && names.includes('bridge.db-wal'));
    for (const name of names) assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name);
    await store.close();
    chmodSync(join(directory, 'bridge.db'), 0o644);
    await createSqliteStore(directory).close();
    assert.equal(statSync(join(directory, 'bridge.db')).mode & 0o777, 0o600);
  });

  it('has its records when it is opened again', async () => {
    const directory = join(scratch, 'again');
    const store = createSqliteStore(directory);
    const session = await liveSession(store, 'p', 'g');
    await store.close();
    const again = createSqliteStore(directory);
    assert.deepEqual(await again.sessions.read(session.grant.ref), session);
    await again.close();
  });

  /** Copies bridge.db, and nothing beside it, to a directory of its own. */
  function copyDatabaseAlone(directory: string): string {
    const copy = `${directory}-copy`;
    mkdirSync(copy);
    copyFileSync(join(directory, 'bridge.db'), join(copy, 'bridge.db'));
    return copy;
  }

  it('has everything in bridge.db once it is closed', async () => {
    const directory = join(scratch, 'closed-alone');
    const store = createSqliteStore(directory);
    const session = await liveSession(store, 'p', 'g');
    await store.shared.writeDocument('d', 0, 'value');
    await store.close();
    const copied = createSqliteStore(copyDatabaseAlone(directory));
    assert.deepEqual(await copied.sessions.read(session.grant.ref), session);
    assert.deepEqual(await copied.shared.readDocument('d'), { version: 1, value: 'value' });
    await copied.close();
  });

  it('has everything in bridge.db once it is closed, also while an admin command has it open', async () => {
    const directory = join(scratch, 'closed-beside-admin');
    const store = createSqliteStore(directory);
    const admin = createSqliteStore(directory, { serving: false });
    const session = await liveSession(store, 'p', 'g');
    assert.deepEqual(await admin.sessions.read(session.grant.ref), session);
    await store.close();
    const copied = createSqliteStore(copyDatabaseAlone(directory));
    assert.deepEqual(await copied.sessions.read(session.grant.ref), session);
    await copied.close();
    assert.deepEqual(await admin.sessions.read(session.grant.ref), session);
    await admin.close();
  });

  it('has in bridge.db what an admin command wrote, once that is closed', async () => {
    const directory = join(scratch, 'admin-alone');
    const admin = createSqliteStore(directory, { serving: false });
    const session = await liveSession(admin, 'p', 'g');
    await admin.close();
    const copied = createSqliteStore(copyDatabaseAlone(directory));
    assert.deepEqual(await copied.sessions.read(session.grant.ref), session);
    await copied.close();
  });

  /** Closes a store while a transaction of another program is open, and opens it again. */
  async function reopenedBeside(holder: DatabaseSync, store: Store, directory: string): Promise<Store> {
    const start = performance.now();
    await store.close();
    assert.ok(performance.now() - start < 5000, 'it took too long to close');
    holder.exec('ROLLBACK');
    holder.close();
    return createSqliteStore(directory);
  }

  it('closes within seconds and loses nothing while another program reads an older state', async () => {
    const directory = join(scratch, 'closed-beside-reader');
    const store = createSqliteStore(directory);
    const holder = new DatabaseSync(join(directory, 'bridge.db'));
    holder.exec('BEGIN');
    holder.prepare('SELECT count(*) FROM grants').get();
    const session = await liveSession(store, 'p', 'g');
    const again = await reopenedBeside(holder, store, directory);
    assert.deepEqual(await again.sessions.read(session.grant.ref), session);
    await again.close();
  });

  it('closes within seconds and loses nothing while another program writes', async () => {
    const directory = join(scratch, 'closed-beside-writer');
    const store = createSqliteStore(directory);
    const session = await liveSession(store, 'p', 'g');
    const holder = new DatabaseSync(join(directory, 'bridge.db'));
    holder.exec('BEGIN IMMEDIATE');
    const again = await reopenedBeside(holder, store, directory);
    assert.deepEqual(await again.sessions.read(session.grant.ref), session);
    await again.close();
  });

  it('throws StoreUnavailable once it is closed', async () => {
    const store = createSqliteStore(join(scratch, 'closed'));
    await store.close();
    await assert.rejects(store.ping(), StoreUnavailable);
    await assert.rejects(store.logins.open('l', login, HOUR), StoreUnavailable);
  });

  it('throws StoreUnavailable while another program has the database locked', async () => {
    const directory = join(scratch, 'busy');
    const store = createSqliteStore(directory);
    const holder = new DatabaseSync(join(directory, 'bridge.db'));
    holder.exec('BEGIN IMMEDIATE');
    await assert.rejects(store.logins.open('l', login, HOUR), StoreUnavailable);
    holder.exec('ROLLBACK');
    holder.close();
    await store.logins.open('l', login, HOUR);
    await store.close();
  });

  it('refuses to open a database of a newer version', () => {
    const directory = join(scratch, 'newer');
    createSqliteStore(directory).close();
    const database = new DatabaseSync(join(directory, 'bridge.db'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    assert.throws(() => createSqliteStore(directory), /newer version/);
  });

  it('migrates a database of an older version: sessions stay, logins under way are deleted', async () => {
    const directory = join(scratch, 'older');
    const store = createSqliteStore(directory);
    const session = await liveSession(store, 'p', 'g');
    await store.close();
    const database = new DatabaseSync(join(directory, 'bridge.db'));
    database.exec(`
      DROP INDEX grants_by_client;
      CREATE TABLE shared_values (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO logins (id, record, consent_hash, expires_at) VALUES ('old', '{"request":{}}', 'hash', 4102444800);
      PRAGMA user_version = 1`);
    database.close();
    const migrated = createSqliteStore(directory);
    assert.deepEqual(await migrated.sessions.read(session.grant.ref), session);
    assert.equal(await migrated.logins.decide('old', 'hash', 'deny'), 'unknown');
    await migrated.close();
    const after = new DatabaseSync(join(directory, 'bridge.db'));
    assert.deepEqual(after.prepare("SELECT name FROM sqlite_schema WHERE name = 'shared_values'").all(), []);
    after.close();
  });

  it('deletes expired rows', async () => {
    let now = 1_800_000_000;
    const directory = join(scratch, 'tidy');
    const store = createSqliteStore(directory, { now: () => now });
    await store.logins.open('old', login, 60);
    await store.shared.useOnce('old', 60);
    now += 120;
    await store.logins.open('new', login, 60);
    await store.close();
    const database = new DatabaseSync(join(directory, 'bridge.db'));
    assert.deepEqual(
      database
        .prepare('SELECT id FROM logins')
        .all()
        .map((row) => row.id),
      ['new'],
    );
    assert.deepEqual(database.prepare('SELECT id FROM used_once').all(), []);
    database.close();
  });
});
