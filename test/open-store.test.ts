// Which store is opened: Redis when its address is configured, otherwise SQLite, where one process serves and the admin
// command works beside it (design decisions 3 and 19).
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openStore } from '../src/open-store.ts';
import { StoreInUse } from '../src/store/sqlite/lock.ts';

describe('the store', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bridge-open-'));
  after(() => rmSync(dataDir, { recursive: true, force: true }));

  it('is SQLite in the folder, for one that serves and others beside it', async () => {
    const serving = await openStore({ dataDir });
    assert.equal(serving.kind, 'sqlite');
    await assert.rejects(openStore({ dataDir }), StoreInUse);
    const beside = await openStore({ dataDir }, { serving: false });
    await beside.ping();
    await beside.close();
    await serving.close();
    await (await openStore({ dataDir })).close();
  });

  it('is Redis where its address is configured, and tells of each error of the connection', async () => {
    const told = Promise.withResolvers<Error>();
    const store = await openStore({ dataDir, redisUrl: 'redis://127.0.0.1:1' }, { onError: told.resolve });
    assert.equal(store.kind, 'redis');
    assert.match((await told.promise).message, /ECONNREFUSED/);
    await store.close();
  });
});
