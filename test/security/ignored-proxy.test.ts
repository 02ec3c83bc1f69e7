// What the bridge keeps for the doctor about a peer whose X-Forwarded headers it ignored.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readIgnoredProxy, rememberIgnoredProxy } from '../../src/security/ignored-proxy.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { until } from '../support/until.ts';

onBothStores('a proxy that is not trusted', (store) => {
  const bridge = useBridge({ store });

  it('is kept when its first header comes, and replaced by the next one', async () => {
    const { shared } = bridge.store;
    assert.equal(await readIgnoredProxy(shared), undefined);
    await fetch(`${bridge.url}/healthz`, { headers: { 'x-forwarded-for': '203.0.113.1' } });
    await until(async () => (await readIgnoredProxy(shared)) !== undefined, { what: 'the peer in the store' });
    assert.match((await readIgnoredProxy(shared))?.peer ?? '', /^(?:::1|127\.0\.0\.1|::ffff:127\.0\.0\.1)$/);
    await rememberIgnoredProxy(shared, '192.0.2.1', 1_800_000_000);
    assert.deepEqual(await readIgnoredProxy(shared), { peer: '192.0.2.1', at: 1_800_000_000 });
  });
});
