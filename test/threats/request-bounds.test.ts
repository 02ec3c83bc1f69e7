// What an authorization request may carry, because each is stored before anybody was asked.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { createAgent } from '../support/agent.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { authorizationUrl, pkce, register, type TestClient } from '../support/oauth.ts';

onBothStores('an authorization request', (store) => {
  const bridge = useBridge({ store });
  let client: TestClient;
  before(async () => {
    client = await register(bridge.url);
  });
  const ask = (parameters: Record<string, string>) =>
    createAgent().get(authorizationUrl(bridge.url, client, pkce().challenge, parameters));

  it('#28 may have a state of 4,096 characters, and not one more', async () => {
    assert.equal((await ask({ state: 's'.repeat(4096) })).status, 200);
    const page = await ask({ state: 's'.repeat(4097) });
    assert.equal(page.status, 400);
    assert.match(page.text, /state is longer than 4096 characters/);
  });

  it('#28 may have a nonce of 512 characters, and not one more', async () => {
    assert.equal((await ask({ nonce: 'n'.repeat(512) })).status, 200);
    const { buttonLink } = await ask({ nonce: 'n'.repeat(513) });
    assert.equal(buttonLink?.searchParams.get('error'), 'invalid_request');
  });

  it('#28 keeps of prompt only the values that there are', async () => {
    const padding = Array.from({ length: 500 }, (_, index) => `unknown${index}`).join(' ');
    assert.equal((await ask({ prompt: `login ${padding}` })).status, 200);
    assert.ok(!(await bridge.dumpStore()).includes('unknown499'), 'what is not known is not stored');
    // Nothing that is asked for beside it takes the consent away.
    assert.equal((await ask({ prompt: 'consent', max_age: '0' })).status, 200);
    const none = await ask({ prompt: 'none', max_age: '0' });
    assert.equal(none.buttonLink?.searchParams.get('error'), 'interaction_required');
    const { buttonLink } = await ask({ prompt: `none ${padding}` });
    assert.equal(buttonLink?.searchParams.get('error'), 'interaction_required');
  });
});
