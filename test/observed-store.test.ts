// A store that is measured: the same answers and errors, and each operation is told when it ended.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { observedStore } from '../src/observed-store.ts';
import { describeStore } from '../src/store/conformance/describe-store.ts';
import { createSqliteStore } from '../src/store/sqlite/sqlite-store.ts';
import { StoreUnavailable } from '../src/store/store.ts';

const unheard = { operation: () => () => {} };

describeStore('a store that is measured', async (now) => {
  const directory = mkdtempSync(join(tmpdir(), 'bridge-observed-'));
  const [store, second] = [true, false].map((serving) =>
    observedStore(createSqliteStore(directory, { now, serving }), unheard),
  );
  assert.ok(store !== undefined && second !== undefined);
  return { store, second, remove: () => rmSync(directory, { recursive: true }) };
});

describe('what is heard of a store', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bridge-observed-'));
  after(() => rmSync(directory, { recursive: true }));

  it('is the name of each operation, how long it took, and whether it failed', async () => {
    const heard: { name: string; failed: boolean }[] = [];
    const store = observedStore(createSqliteStore(directory), {
      operation: (name) => (seconds, failed) => {
        assert.ok(seconds > 0 && seconds < 60);
        heard.push({ name, failed });
      },
    });
    await store.clients.get('nobody');
    await store.ping();
    await store.close();
    await assert.rejects(store.sessions.people('', 1), StoreUnavailable);
    assert.deepEqual(heard, [
      { name: 'clients.get', failed: false },
      { name: 'store.ping', failed: false },
      { name: 'sessions.people', failed: true },
    ]);
  });
});
