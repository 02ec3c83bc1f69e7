// The embedded store: the conformance suite, and what is in the file after it was closed.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { describeStore } from '../../../src/store/conformance/describe-store.ts';
import { HOUR, liveSession, login } from '../../../src/store/conformance/fixtures.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { StoreUnavailable } from '../../../src/store/store.ts';

describeStore('the embedded store', async (now) => {
  const directory = mkdtempSync(join(tmpdir(), 'bridge-store-'));
  const store = createSqliteStore(directory, { now });
  const second = createSqliteStore(directory, { now, serving: false });
  return { store, second, remove: () => rmSync(directory, { recursive: true }) };
});

describe('the embedded store on disk', () => {
  let scratch = '';
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'bridge-store-'));
  });
  after(() => rmSync(scratch, { recursive: true }));

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

  it('throws StoreUnavailable once it is closed', async () => {
    const store = createSqliteStore(join(scratch, 'closed'));
    await store.close();
    await assert.rejects(store.ping(), StoreUnavailable);
    await assert.rejects(store.logins.open('l', login, HOUR), StoreUnavailable);
  });
});
