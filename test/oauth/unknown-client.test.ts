// A client that the server has forgotten is told so in a way that it, or its person, can do something about.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { onBothStores, startTestBridge, type TestBridge } from '../support/bridge.ts';
import { authorizationUrl, pkce, register, type TestClient, tokenRequest } from '../support/oauth.ts';

onBothStores('a client that is not registered', (store) => {
  let bridge: TestBridge;
  let forgotten: TestClient;
  before(async () => {
    bridge = await startTestBridge({ store });
    forgotten = { ...(await register(bridge.url)), client_id: 'forgotten' };
  });
  after(() => bridge.stop());

  const authorize = (accept: string) =>
    fetch(authorizationUrl(bridge.url, forgotten, pkce().challenge), { headers: { accept }, redirect: 'manual' });

  it('gets a page when a browser asks', async () => {
    for (const accept of ['text/html,application/xhtml+xml,*/*;q=0.8', '*/*']) {
      const response = await authorize(accept);
      assert.equal(response.status, 400);
      assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
      assert.match(response.headers.get('vary') ?? '', /\bAccept\b/);
    }
  });

  it('gets invalid_client when it looks ahead itself, as mcp-remote does before it opens a browser', async () => {
    const response = await authorize('application/json');
    assert.equal(response.status, 400);
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.deepEqual(await response.json(), {
      error: 'invalid_client',
      error_description: 'invalid_client: no client of this id is registered',
    });
  });

  it('gets 401 invalid_client at the token endpoint, on which clients register again', async () => {
    for (const grant of [
      { grant_type: 'refresh_token', refresh_token: 'mgr_of-another-time' },
      { grant_type: 'authorization_code', code: 'mgc_of-another-time', code_verifier: pkce().verifier },
    ]) {
      const { status, body } = await tokenRequest(bridge.url, { ...grant, client_id: forgotten.client_id });
      assert.equal(status, 401);
      assert.equal(body.error, 'invalid_client');
    }
  });
});
