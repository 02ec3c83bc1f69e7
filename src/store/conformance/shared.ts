/** What replicas share: documents, leases and replay marks. */
import assert from 'node:assert/strict';
import { count, type DefineTest, race } from './stores.ts';

export function describeShared(test: DefineTest): void {
  test('a document is written by compare-and-set', async (stores) => {
    const { store, second } = stores;
    assert.deepEqual(await store.shared.readDocument('keys'), { version: 0, value: '' });
    assert.equal(await store.shared.writeDocument('keys', 1, 'x'), false);
    assert.equal(await store.shared.writeDocument('keys', 0, 'one'), true);
    assert.equal(await store.shared.writeDocument('keys', 0, 'x'), false);
    assert.deepEqual(await second.shared.readDocument('keys'), { version: 1, value: 'one' });
    const written = await race(20, stores, (one, index) => one.shared.writeDocument('keys', 1, `v${index}`));
    assert.equal(count(written, Boolean), 1);
    const value = `v${written.indexOf(true)}`;
    assert.deepEqual(await store.shared.readDocument('keys'), { version: 2, value });
  });

  test('a lease has one owner, who may renew and release it', async (stores) => {
    const { store, second, advance } = stores;
    const taken = await race(20, stores, (one, index) => one.shared.acquireLease('l', `owner ${index}`, 30));
    assert.equal(count(taken, Boolean), 1);
    const owner = `owner ${taken.indexOf(true)}`;
    advance(29);
    assert.equal(await second.shared.acquireLease('l', owner, 30), true);
    advance(29);
    assert.equal(await store.shared.acquireLease('l', 'other', 30), false);
    await store.shared.releaseLease('l', 'other');
    assert.equal(await store.shared.acquireLease('l', 'other', 30), false);
    advance(1);
    assert.equal(await store.shared.acquireLease('l', 'other', 30), true);
    await store.shared.releaseLease('l', 'other');
    assert.equal(await store.shared.acquireLease('l', owner, 30), true);
  });

  test('an id can be used once within its ttl', async (stores) => {
    const uses = await race(20, stores, (store) => store.shared.useOnce('jti', 60));
    assert.equal(count(uses, Boolean), 1);
    stores.advance(59);
    assert.equal(await stores.store.shared.useOnce('jti', 60), false);
    assert.equal(await stores.store.shared.useOnce('other', 60), true);
    stores.advance(1);
    assert.equal(await stores.store.shared.useOnce('jti', 60), true);
  });
}
