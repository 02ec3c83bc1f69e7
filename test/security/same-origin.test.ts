// Whether a form comes from a page of the bridge. test/threats/browser-binding.test.ts has the attacks (threat 7).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import Koa from 'koa';
import { isSameOrigin } from '../../src/security/same-origin.ts';
import { type Listening, listen } from '../support/listen.ts';

const OWN = 'https://bridge.example';

describe('a form', () => {
  let server: Listening;
  before(async () => {
    const app = new Koa().use((ctx) => {
      ctx.body = String(isSameOrigin(ctx, OWN));
    });
    server = await listen(app.callback());
  });
  after(() => server.close());
  const isOwn = async (headers: Record<string, string>) =>
    (await (await fetch(server.url, { method: 'POST', headers })).text()) === 'true';

  it('is believed by Sec-Fetch-Site, whatever its origin', async () => {
    assert.equal(await isOwn({ 'sec-fetch-site': 'same-origin' }), true);
    assert.equal(await isOwn({ 'sec-fetch-site': 'same-origin', origin: 'null' }), true);
    for (const site of ['same-site', 'cross-site', 'none', 'Same-Origin'])
      assert.equal(await isOwn({ 'sec-fetch-site': site, origin: OWN }), false, site);
  });

  it('is believed by its origin when the browser does not send Sec-Fetch-Site', async () => {
    assert.equal(await isOwn({ origin: OWN }), true);
    for (const origin of ['null', `${OWN}.evil.example`, 'http://bridge.example', `${OWN}:8443`])
      assert.equal(await isOwn({ origin }), false, origin);
  });

  it('is not believed without either', async () => {
    assert.equal(await isOwn({}), false);
  });
});
