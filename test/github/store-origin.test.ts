// A store belongs to one GitHub. test/threats/another-github.test.ts has what happens at the start.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bindStore, checkStoreOrigin } from '../../src/github/store-origin.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';

onBothStores('the GitHub of a store', (store) => {
  const bridge = useBridge({ store });

  it('may be bound again, and is refused when it is another', async () => {
    const { shared } = bridge.store;
    await bindStore(shared, bridge.config.github.url);
    await assert.rejects(bindStore(shared, 'https://github.example.com'), { name: 'ForeignStore' });
  });

  it('is only read by a check', async () => {
    const { shared } = bridge.store;
    const before = await shared.readDocument('github-url');
    await checkStoreOrigin(shared, bridge.config.github.url);
    await assert.rejects(checkStoreOrigin(shared, 'https://github.example.com'), { name: 'ForeignStore' });
    assert.deepEqual(await shared.readDocument('github-url'), before);
  });
});
