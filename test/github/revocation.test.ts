// Revocation both ways: what ends here ends at GitHub, at once or as soon as GitHub can be told; what ends at GitHub ends
// here, and the client hears of it in a way that makes it log in again.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { it, type TestContext } from 'node:test';
import { TIMEOUTS } from '../../src/github/timeouts.ts';
import { createTokenSeal } from '../../src/github/token-seal.ts';
import { createSecrets } from '../../src/security/secrets.ts';
import { createAgent } from '../support/agent.ts';
import { bridgeFor, CLIENT_ID, onBothStores, type TestBridgeOptions } from '../support/bridge.ts';
import { authorizeInBrowser, callTool, login, passGithub, register } from '../support/oauth.ts';
import {
  callStateless,
  connect,
  DAY,
  GITHUB_APP,
  GITHUB_TOKEN_TTL,
  HOUR,
  loginIn,
  SHORT,
  TOKEN_ENDPOINT,
  USER,
  withLongTokens,
} from './fixtures.ts';

const TOKEN_MANAGEMENT = `/api/v3/applications/${CLIENT_ID}/token`;
const WEBHOOK_SECRET = 'shared with GitHub';

onBothStores('revocation', (store) => {
  const start = (t: TestContext, options: Omit<TestBridgeOptions, 'store'> = {}) =>
    bridgeFor(t, withLongTokens({ store, timeouts: SHORT, ...options }));

  it('at GitHub comes with the end of the last grant, not before', async (t) => {
    const bridge = await start(t);
    const [first, second] = [await connect(bridge), await connect(bridge)];
    const wider = await connect(bridge, { scope: 'repo' });
    await first.revoke();
    assert.equal((await first.profile()).status, 401);
    assert.equal(loginIn(await second.profile()), 'octocat');
    assert.deepEqual(bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT), []);
    await second.revoke();
    assert.deepEqual(
      bridge.github.liveTokens().map(({ scopes }) => scopes),
      [['read:user', 'repo']],
      'both tokens of the first scope set are gone, the one of the other lives',
    );
    assert.equal(loginIn(await wider.profile()), 'octocat');
    await wider.revoke();
    assert.deepEqual(bridge.github.liveTokens(), []);
    assert.ok(bridge.github.authorizedScopes('octocat', CLIENT_ID), 'the authorization is the person’s to end');
  });

  it('of one person leaves another alone', async (t) => {
    const bridge = await start(t);
    const [octocat, hubot] = [await connect(bridge), await connect(bridge, { login: 'hubot' })];
    await octocat.revoke();
    assert.equal(loginIn(await hubot.profile()), 'hubot');
    assert.equal(bridge.github.liveTokens().length, 1);
  });

  it('by the person at GitHub is noticed at the next use: 401 in both eras, and every grant ends', async (t) => {
    for (const callAs of ['2025-06-18', '2026-07-28']) {
      const bridge = await start(t);
      const [person, other] = [await connect(bridge), await connect(bridge)];
      await bridge.github.revokeAuthorization('octocat', CLIENT_ID);
      const token = person.tokens.access_token;
      const { status, headers } =
        callAs === '2026-07-28'
          ? await callStateless(bridge, token, 'get_user_profile')
          : await callTool(bridge.url, token, 'get_user_profile');
      assert.equal(status, 401, callAs);
      const challenge = headers.get('www-authenticate') ?? '';
      assert.match(challenge, /^Bearer .*error="invalid_token"/, callAs);
      assert.ok(challenge.includes(`resource_metadata="${bridge.url}/.well-known/oauth-protected-resource/mcp"`));
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(bridge.github.callsTo('GET', USER).filter((call) => call.status === 401).length, 1);
      assert.equal((await other.call('get_auth_status')).status, 401, 'grants end at once, needing GitHub or not');
      assert.equal((await person.refresh()).body.error, 'invalid_grant');
      await person.logInAgain();
      assert.equal(loginIn(await person.profile()), 'octocat');
    }
  });

  it('by the person at GitHub closes the stream of the older transport, and its next request gets 401', async (t) => {
    const bridge = await start(t);
    const person = await connect(bridge);
    const headers = { authorization: `Bearer ${person.tokens.access_token}`, 'content-type': 'application/json' };
    const stream = await fetch(`${bridge.url}/sse`, { headers });
    assert.equal(stream.status, 200);
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    const [, path = ''] = /data: (\S+)/.exec((await reader?.read())?.value ?? '') ?? [];
    await bridge.github.revokeAuthorization('octocat', CLIENT_ID);
    const message = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'get_user_profile', arguments: {} },
    };
    const send = () => fetch(`${bridge.url}${path}`, { method: 'POST', headers, body: JSON.stringify(message) });
    assert.equal((await send()).status, 202);
    // Whether it ends in order or is cut off is all the same to a client.
    const isOpen = async () => (await reader?.read().catch(() => undefined))?.done === false;
    while (await isOpen());
    const { status, headers: answered } = await send();
    assert.equal(status, 401);
    assert.match(answered.get('www-authenticate') ?? '', /error="invalid_token"/);
  });

  it('by the person at GitHub is believed of GitHub alone, not of what stands in between', async (t) => {
    const bridge = await start(t);
    const person = await connect(bridge);
    bridge.github.fault({ kind: 'status', status: 401, body: '<h1>Sign in to the proxy</h1>', path: USER });
    assert.equal((await person.profile()).status, 200);
    assert.equal(loginIn(await person.profile()), 'octocat');
  });

  it('of a token under fifty parallel calls ends the grants once, and all get 401', async (t) => {
    const bridge = await start(t, { timeouts: TIMEOUTS });
    const person = await connect(bridge, { scope: 'repo' });
    await bridge.github.revokeAuthorization('octocat', CLIENT_ID);
    const calls = Array.from({ length: 50 }, (_, index) => person.call('list_repositories', { page: index + 1 }));
    for (const { status, text } of await Promise.all(calls)) assert.equal(status, 401, text);
    assert.equal(bridge.eventsOf('grant.ended').length, 1);
    assert.equal(bridge.eventsOf('credential.dead').length, 1);
  });

  it('of a token that was renewed by a login meanwhile ends nothing', async (t) => {
    const bridge = await start(t);
    const person = await connect(bridge);
    const old = bridge.github.liveTokens()[0]?.token ?? '';
    const arrived = bridge.github.nextCall('GET', USER);
    bridge.github.fault({ kind: 'hang', path: USER });
    const call = person.profile();
    await arrived;
    await connect(bridge);
    bridge.github.revokeToken(old);
    bridge.github.clearFaults();
    assert.equal(loginIn(await call), 'octocat');
    assert.equal(bridge.eventsOf('grant.ended').length, 0);
  });

  it('by the webhook of a GitHub App ends all grants of that person at once', async (t) => {
    const bridge = await start(t, { app: GITHUB_APP, env: { GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET } });
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

  it('by a webhook that GitHub did not sign ends nothing', async (t) => {
    const bridge = await start(t, { app: GITHUB_APP, env: { GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET } });
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

  it('has no webhook without a secret', async (t) => {
    const bridge = await start(t, { app: GITHUB_APP });
    assert.equal((await fetch(`${bridge.url}/github/webhook`, { method: 'POST', body: '{}' })).status, 404);
  });

  it('that fails because GitHub is down is made up for later, from the store', async (t) => {
    for (const fault of [{ kind: 'status', status: 503 }, { kind: 'drop' }, { kind: 'hang' }] as const) {
      const bridge = await start(t);
      const person = await connect(bridge);
      bridge.github.fault({ ...fault, path: TOKEN_MANAGEMENT });
      await person.revoke();
      assert.equal((await person.profile()).status, 401, 'here it has ended all the same');
      if (fault.kind !== 'hang') assert.equal(bridge.github.liveTokens().length, 1);
      bridge.github.clearFaults();
      await bridge.bridge.maintain();
      assert.equal(bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT).length, 1, 'not at once again');
      bridge.advance(61);
      await bridge.bridge.maintain();
      assert.deepEqual(bridge.github.liveTokens(), []);
      assert.equal(bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT).length, 2);
      bridge.advance(2 * HOUR);
      await bridge.bridge.maintain();
      assert.equal(bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT).length, 2, 'and then it is done');
    }
  });

  it('does not ask a GitHub that is down about one token after the other', async (t) => {
    const bridge = await start(t);
    const people = await Promise.all(['octocat', 'monalisa', 'hubot'].map((login) => connect(bridge, { login })));
    bridge.advance(61 * DAY);
    bridge.github.fault({ kind: 'drop', path: TOKEN_MANAGEMENT, times: Number.POSITIVE_INFINITY });
    await bridge.bridge.maintain();
    assert.equal(bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT).length, 1);
    assert.equal(bridge.eventsOf('grant.ended').length, people.length);
    bridge.github.clearFaults();
    bridge.advance(61);
    await bridge.bridge.maintain();
    assert.deepEqual(bridge.github.liveTokens(), []);
  });

  it('reaches everybody who is due in one round of the sweeper, past one whose tokens cannot be read', async (t) => {
    const bridge = await start(t);
    const seal = createTokenSeal(createSecrets(bridge.config.secrets), bridge.now);
    const people = Array.from({ length: 60 }, (_, index) => `person-${String(index).padStart(9, '0')}`);
    for (const [index, person] of people.entries()) {
      const { token } = bridge.github.issueToken({ account: 'octocat', clientId: CLIENT_ID, scopes: [] });
      const sealed = seal.seal(person, 'none', { accessToken: token }).sealedTokens;
      await bridge.store.revocations.add({
        person,
        id: 'pair',
        credential: 'none',
        appClientId: index === 1 ? 'another app, whose secret nobody has' : CLIENT_ID,
        sealedTokens: index === 0 ? sealed.replace(/.$/, '!') : sealed,
      });
    }
    await bridge.bridge.maintain();
    assert.equal(bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT).length, people.length - 2);
    bridge.advance(2 * HOUR);
    await bridge.bridge.maintain();
    assert.equal(
      bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT).length,
      people.length - 2,
      'nothing is left to tell',
    );
  });

  it('follows expiry: the sweeper ends what nobody renewed, here and at GitHub', async (t) => {
    const bridge = await start(t);
    const [person, other] = [await connect(bridge), await connect(bridge)];
    bridge.advance(50 * DAY);
    assert.equal((await other.refresh()).status, 200);
    bridge.advance(11 * DAY);
    await bridge.bridge.maintain();
    assert.deepEqual(
      bridge.eventsOf('grant.ended').map(({ clientId, reason }) => [clientId, reason]),
      [[person.client.client_id, 'expired']],
    );
    assert.equal(loginIn(await other.profile()), 'octocat', 'the credential lives while a grant does');
    bridge.advance(50 * DAY);
    await bridge.bridge.maintain();
    assert.deepEqual(bridge.github.liveTokens(), []);
    assert.equal(bridge.eventsOf('grant.ended').length, 2);
  });

  it('follows a login whose code nobody redeemed', async (t) => {
    const bridge = await start(t);
    await login(bridge.url, await register(bridge.url));
    assert.equal(bridge.github.liveTokens().length, 1);
    bridge.advance(61);
    await bridge.bridge.maintain();
    assert.deepEqual(bridge.github.liveTokens(), []);
  });

  it('reaches the refresh token too when the access token has expired before', async (t) => {
    const bridge = await start(t, { app: GITHUB_APP });
    const person = await connect(bridge);
    const refreshToken = bridge.github.liveTokens()[0]?.refreshToken ?? '';
    bridge.advance(GITHUB_TOKEN_TTL + 1);
    await person.revoke();
    assert.deepEqual(bridge.github.liveTokens(), []);
    const answer = await fetch(`${bridge.github.url}${TOKEN_ENDPOINT}`, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: CLIENT_ID,
        client_secret: bridge.config.github.clientSecret,
      }),
    });
    assert.match(await answer.text(), /bad_refresh_token/);
  });

  it('follows every login that came to nothing', async (t) => {
    const bridge = await start(t, { env: { ALLOWED_GITHUB_USERS: 'monalisa' } });
    const client = await register(bridge.url);
    const refused = await authorizeInBrowser(bridge.url, client, { login: 'hubot' });
    assert.equal(refused.answer.status, 403);
    await bridge.bridge.revocations.idle();
    assert.deepEqual(bridge.github.liveTokens(), [], 'of somebody who may not in');
    bridge.github.fault({ kind: 'status', status: 500, path: USER, times: 3 });
    const failed = await authorizeInBrowser(bridge.url, client, { login: 'monalisa' });
    assert.equal(failed.answer.status, 503);
    await bridge.bridge.revocations.idle();
    assert.deepEqual(bridge.github.liveTokens(), [], 'of somebody whom GitHub would not name');
    assert.equal(bridge.github.callsTo('POST', TOKEN_ENDPOINT).length, 2, 'both had got a token');
  });

  it('follows a sign-in to the account page at once, and disconnecting there ends the rest', async (t) => {
    const bridge = await start(t);
    const person = await connect(bridge);
    const browser = createAgent();
    const toGithub = await browser.submit((await browser.get(`${bridge.url}/account`)).form('/account/sign-in'));
    const page = await browser.followAll(await passGithub(browser, toGithub, 'octocat'));
    await bridge.bridge.revocations.idle();
    assert.equal(bridge.github.liveTokens().length, 1);
    assert.equal(loginIn(await person.profile()), 'octocat');
    await browser.submit(page.form('/account/disconnect-all'));
    await bridge.bridge.revocations.idle();
    assert.equal((await person.profile()).status, 401);
    assert.deepEqual(bridge.github.liveTokens(), []);
  });
});
