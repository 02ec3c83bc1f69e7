// A store belongs to one GitHub: the tokens of one are never sent to another, and ids of one are never accounts of another.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { EventBus } from '../../src/observe/events.ts';
import { ForeignStore } from '../../src/security/canary.ts';
import { wire } from '../../src/wiring.ts';
import { connect } from '../github/fixtures.ts';
import { bridgeFor, onBothStores } from '../support/bridge.ts';

onBothStores('a store', (store) => {
  it('#27 that holds tokens of one GitHub is refused with the address of another', async (t) => {
    const bridge = await bridgeFor(t, { store });
    await connect(bridge);
    bridge.github.clearCalls();
    const github = { ...bridge.config.github, url: 'https://github.example.com' };
    const other = wire({ ...bridge.config, github }, { store: bridge.store, events: new EventBus() });
    await assert.rejects(other, (error) => {
      assert.ok(error instanceof ForeignStore);
      assert.match(error.problem, /the store holds tokens of /);
      assert.ok(error.message.includes(bridge.config.github.url), 'it says whose the store is');
      assert.match(error.message, /^GITHUB_URL: .* Set it to what it was, or name another store/);
      return true;
    });
    const same = await wire(bridge.config, { store: bridge.store, events: new EventBus() });
    await same.close();
  });

  it('#27 is bound by one of many processes that start at once with different addresses', async (t) => {
    const bridge = await bridgeFor(t, { store });
    const { version } = await bridge.store.shared.readDocument('github-url');
    assert.equal(version, 1);
    const writes = ['https://a.example', 'https://b.example'].map((url) =>
      bridge.store.shared.writeDocument('github-url', 0, url),
    );
    assert.deepEqual(await Promise.all(writes), [false, false]);
  });
});
