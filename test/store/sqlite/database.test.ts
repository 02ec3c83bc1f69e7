// The open database: other programs that hold it, and rows that have expired.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { HOUR, liveSession, login } from '../../../src/store/conformance/fixtures.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { type Store, StoreUnavailable } from '../../../src/store/store.ts';

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
    await assert.rejects(store.logins.open('l', login, HOUR), StoreUnavailable);
    holder.exec('ROLLBACK');
    holder.close();
    await store.logins.open('l', login, HOUR);
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
});
