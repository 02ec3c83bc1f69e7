// GitHub's message that a person revoked the app.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { it, type TestContext } from 'node:test';
import { bridgeFor, CLIENT_ID, onBothStores, type TestBridgeOptions } from '../support/bridge.ts';
import { connect, GITHUB_APP, loginIn, withLongTokens } from './fixtures.ts';

const WEBHOOK_SECRET = 'shared with GitHub';

onBothStores('the webhook of a GitHub App', (store) => {
  const start = (t: TestContext, options: Omit<TestBridgeOptions, 'store'> = {}) =>
    bridgeFor(t, withLongTokens({ store, app: GITHUB_APP, ...options }));

  it('ends all grants of the person who revoked the app, at once', async (t) => {
    const bridge = await start(t, { env: { GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET } });
    bridge.github.app(CLIENT_ID).webhook = { url: `${bridge.url}/github/webhook`, secret: WEBHOOK_SECRET };
    const [person, other] = [await connect(bridge), await connect(bridge)];
    const somebodyElse = await connect(bridge, { login: 'hubot' });
    bridge.github.clearCalls();
    const delivery = await bridge.github.revokeAuthorization('octocat', CLIENT_ID);
    assert.equal(delivery?.status, 204);
    assert.equal((await person.call('get_auth_status')).status, 401);
    assert.equal((await other.call('get_auth_status')).status, 401);
    assert.deepEqual(bridge.github.callsTo('GET', /^/), [], 'without asking GitHub');
    assert.equal(loginIn(await somebodyElse.profile()), 'hubot');
    assert.deepEqual(
      bridge.eventsOf('grant.ended').map(({ reason }) => reason),
      ['upstream_revoked', 'upstream_revoked'],
    );
  });

  it('ends nothing when GitHub did not sign the message', async (t) => {
    const bridge = await start(t, { env: { GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET } });
    const person = await connect(bridge);
    const body = JSON.stringify({ action: 'revoked', sender: { id: bridge.github.account('octocat').id } });
    const deliver = async (signature: string | undefined, text: string, event = 'github_app_authorization') => {
      const headers = {
        'content-type': 'application/json',
        'x-github-event': event,
        ...(signature === undefined ? {} : { 'x-hub-signature-256': signature }),
      };
      return (await fetch(`${bridge.url}/github/webhook`, { method: 'POST', headers, body: text })).status;
    };
    const sign = (text: string, secret: string) => `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`;
    const genuine = sign(body, WEBHOOK_SECRET);
    assert.equal(await deliver(undefined, body), 401);
    assert.equal(await deliver(sign(body, 'another secret'), body), 401);
    assert.equal(await deliver(genuine, body.replace('revoked', 'revoked ')), 401);
    assert.equal(await deliver(genuine.slice(0, -1), body), 401);
    assert.equal(await deliver(genuine, body, 'installation'), 204, 'another event is none of our business');
    assert.equal(loginIn(await person.profile()), 'octocat');
    assert.equal(await deliver(genuine, body), 204);
    assert.equal((await person.profile()).status, 401);
  });

  it('does not exist without GITHUB_WEBHOOK_SECRET', async (t) => {
    const bridge = await start(t);
    assert.equal((await fetch(`${bridge.url}/github/webhook`, { method: 'POST', body: '{}' })).status, 404);
  });
});
