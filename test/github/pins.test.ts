// Pins: the first id that had a name at GitHub stays the one that is meant.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createPins } from '../../src/github/pins.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';

onBothStores('a pin', (store) => {
  const bridge = useBridge({ store });
  let count = 0;
  const fresh = () => {
    count += 1;
    return `pins-${count}`;
  };

  it('is set once, by the first, however many pin at once', async () => {
    const document = fresh();
    const replicas = Array.from({ length: 8 }, () => createPins(bridge.store.shared, document, bridge.now));
    const ids = await Promise.all(replicas.map((pins, index) => pins.pin('octo-org', index + 1)));
    assert.equal(new Set(ids).size, 1);
    assert.equal(await createPins(bridge.store.shared, document, bridge.now).idOf('octo-org'), ids[0]);
  });

  it('is of one name, and a name without one has none', async () => {
    const pins = createPins(bridge.store.shared, fresh(), bridge.now);
    await pins.pin('octocat', 1);
    await pins.pin('monalisa', 2);
    assert.equal(await pins.idOf('octocat'), 1);
    for (const name of ['hubot', 'constructor', '__proto__']) assert.equal(await pins.idOf(name), undefined, name);
    assert.equal(await pins.isPinned(['hubot', 'monalisa'], 2), true);
    assert.equal(await pins.isPinned(['hubot', 'octocat'], 2), false);
  });

  it('that another replica set is seen at once by who asks for it', async () => {
    const document = fresh();
    const [here, there] = [0, 1].map(() => createPins(bridge.store.shared, document, bridge.now));
    assert.ok(here && there);
    assert.equal(await here.idOf('octocat'), undefined);
    await there.pin('octocat', 7);
    assert.equal(await here.idOf('octocat'), 7);
  });
});
