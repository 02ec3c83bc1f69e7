// The files of the embedded store, which only their owner may read.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openStore } from '../../../src/open-store.ts';
import { liveSession } from '../../../src/store/conformance/fixtures.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';

describe('the files of the embedded store', () => {
  let scratch = '';
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'bridge-store-'));
  });
  after(() => rmSync(scratch, { recursive: true }));

  it('are readable by their owner only, also when they exist with another mode', async () => {
    const directory = join(scratch, 'private', 'data');
    const store = await openStore({ dataDir: directory });
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
});
