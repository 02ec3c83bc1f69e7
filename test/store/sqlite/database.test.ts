// The open database: other programs that hold it, rows that have expired, and work that comes at the same time.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it, type TestContext } from 'node:test';
import { HOUR, liveSession, login } from '../../../src/store/conformance/fixtures.ts';
import { openDatabase } from '../../../src/store/sqlite/database.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { type Store, StoreUnavailable } from '../../../src/store/store.ts';
import { commitsDuring } from '../../support/commits.ts';

describe('the database of the embedded store', () => {
  let scratch = '';
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'bridge-store-'));
  });
  after(() => rmSync(scratch, { recursive: true }));

  it('throws StoreUnavailable while another program has it locked', async () => {
    const directory = join(scratch, 'busy');
    const store = createSqliteStore(directory);
    const holder = new DatabaseSync(join(directory, 'bridge.db'));
    holder.exec('BEGIN IMMEDIATE');
    const started = ['l', 'm'].map((id) => store.logins.open(id, login, HOUR));
    for (const one of await Promise.allSettled(started))
      assert.ok(one.status === 'rejected' && one.reason instanceof StoreUnavailable);
    holder.exec('ROLLBACK');
    holder.close();
    await store.logins.open('l', login, HOUR);
    await store.close();
  });

  it('reads also while another program has it locked, and then records a later use', async () => {
    let now = 1_800_000_000;
    const directory = join(scratch, 'busy-read');
    const store = createSqliteStore(directory, { now: () => now });
    const { ref } = (await liveSession(store, 'p', 'g')).grant;
    const lastUse = async () => (await store.sessions.list('p'))[0]?.grant.lastUsedAt;
    const holder = new DatabaseSync(join(directory, 'bridge.db'));
    holder.exec('BEGIN IMMEDIATE');
    now += 60;
    assert.ok(await store.sessions.read(ref));
    await assert.rejects(store.logins.open('l', login, HOUR), StoreUnavailable);
    assert.equal(await lastUse(), now - 60);
    holder.exec('ROLLBACK');
    holder.close();
    now += 1;
    assert.ok(await store.sessions.read(ref));
    assert.equal(await lastUse(), now);
    await store.close();
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

  it('deletes rows that have expired', async () => {
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

  it('deletes many expired rows in several transactions', async () => {
    let now = 1_800_000_000;
    const directory = join(scratch, 'tidy-many');
    const store = createSqliteStore(directory, { now: () => now });
    await Promise.all(Array.from({ length: 1500 }, (_, index) => store.shared.useOnce(`id ${index}`, 60)));
    const reader = new DatabaseSync(join(directory, 'bridge.db'));
    const expired = () => reader.prepare('SELECT count(*) AS n FROM used_once WHERE expires_at <= ?').get(now)?.n;
    now += 120;
    assert.equal(expired(), 1500);
    await store.shared.useOnce('a', 60);
    assert.equal(expired(), 500);
    await store.shared.useOnce('b', 60);
    assert.equal(expired(), 0);
    reader.close();
    await store.close();
  });
});

describe('simultaneous work on the database', () => {
  let scratch = '';
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'bridge-store-'));
  });
  after(() => rmSync(scratch, { recursive: true }));

  /** A database of a test, and what tests do with it. */
  function open(t: TestContext, name: string) {
    const directory = join(scratch, name);
    mkdirSync(directory);
    const database = openDatabase(join(directory, 'bridge.db'), () => 1_800_000_000);
    t.after(() => database.close('PASSIVE'));
    const { sql, query, transaction } = database;
    const insert = (id: string) => sql.run`INSERT INTO used_once (id, expires_at) VALUES (${id}, 4102444800)`;
    return {
      directory,
      database,
      insert,
      add: (id: string) => transaction(() => insert(id)),
      ids: () => query(() => sql.all`SELECT id FROM used_once ORDER BY id`.map(({ id }) => String(id))),
    };
  }

  const statuses = async (started: readonly Promise<unknown>[]) =>
    (await Promise.allSettled(started)).map(({ status }) => status);

  it('is committed once, and each write after another by itself; reads commit nothing', async (t) => {
    const { directory, add, ids } = open(t, 'commits');
    const together = () => Promise.all(Array.from({ length: 20 }, (_, index) => add(`together ${index}`)));
    assert.equal(await commitsDuring(directory, together), 1);
    const inTurn = async () => {
      for (const id of ['a', 'b', 'c']) await add(id);
    };
    assert.equal(await commitsDuring(directory, inTurn), 3);
    assert.equal(await commitsDuring(directory, () => Promise.all([ids(), ids()])), 0);
    assert.equal((await ids()).length, 23);
  });

  it('is rolled back alone when it throws', async (t) => {
    const { database, insert, add, ids } = open(t, 'throws');
    const broken = new Error('broken');
    const started = [
      add('a'),
      database.transaction(() => {
        insert('b');
        throw broken;
      }),
      add('a'),
      add('c'),
    ];
    assert.deepEqual(await statuses(started), ['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    await assert.rejects(started[1] ?? Promise.resolve(), broken);
    assert.deepEqual(await ids(), ['a', 'c']);
  });

  it('fails altogether when the commit fails, and is not seen by a read', async (t) => {
    const { database, add, ids } = open(t, 'commit-fails');
    const violation = () => {
      database.sql.run`PRAGMA defer_foreign_keys = ON`;
      database.sql.run`INSERT INTO superseded (person, credential, sealed_tokens) VALUES ('p', 'none', 's')`;
    };
    const before = ids();
    const started = [add('a'), database.transaction(violation), add('b')];
    const after = ids();
    assert.deepEqual(await statuses(started), ['rejected', 'rejected', 'rejected']);
    assert.deepEqual([await before, await after, await ids()], [[], [], []]);
    await add('c');
    assert.deepEqual(await ids(), ['c']);
  });

  it('fails altogether when SQLite itself has rolled back the transaction', async (t) => {
    const { database, add, ids } = open(t, 'rolled-back');
    await add('x');
    const rollback = () => database.sql.run`INSERT OR ROLLBACK INTO used_once (id, expires_at) VALUES ('x', 1)`;
    const started = [add('a'), database.transaction(rollback), add('b')];
    assert.deepEqual(await statuses(started), ['rejected', 'rejected', 'rejected']);
    await assert.rejects(started[0] ?? Promise.resolve(), /UNIQUE constraint failed/);
    assert.deepEqual(await ids(), ['x']);
  });

  it('sees what was answered before', async (t) => {
    const { add, ids } = open(t, 'order');
    const seen = Array.from({ length: 20 }, async (_, index) => {
      if (index % 3 === 0) await ids();
      const id = `${index}`;
      await add(id);
      return (await ids()).includes(id);
    });
    assert.deepEqual(new Set(await Promise.all(seen)), new Set([true]));
  });

  it('fails with StoreUnavailable when the database is closed meanwhile', async (t) => {
    const { database, add, ids } = open(t, 'closed');
    const started = [add('a'), ids(), add('b'), ids()];
    database.close('PASSIVE');
    for (const one of await Promise.allSettled(started))
      assert.ok(one.status === 'rejected' && one.reason instanceof StoreUnavailable);
  });
});
