// Tokens that end at GitHub: the grants that use them end here, and the client is told so that it logs in again.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { TIMEOUTS } from '../../src/github/timeouts.ts';
import { bridgeFor, CLIENT_ID, onBothStores, type TestBridgeOptions } from '../support/bridge.ts';
import { callTool } from '../support/oauth.ts';
import { callStateless, connect, loginIn, SHORT, USER, withLongTokens } from './fixtures.ts';

onBothStores('a revocation at GitHub by the person', (store) => {
  const start = (t: TestContext, options: Omit<TestBridgeOptions, 'store'> = {}) =>
    bridgeFor(t, withLongTokens({ store, timeouts: SHORT, ...options }));

  it('is noticed at the next use: 401 in both protocol eras, and every grant ends', async (t) => {
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

  it('closes the stream of the older transport, and its next request gets 401', async (t) => {
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
    // To a client it is the same whether the stream ends in order or is cut off.
    const isOpen = async () => (await reader?.read().catch(() => undefined))?.done === false;
    while (await isOpen());
    const { status, headers: answered } = await send();
    assert.equal(status, 401);
    assert.match(answered.get('www-authenticate') ?? '', /error="invalid_token"/);
  });

  it('is not assumed when something between the bridge and GitHub answers 401', async (t) => {
    const bridge = await start(t);
    const person = await connect(bridge);
    for (const type of ['text/html', 'application/xml', 'application/octet-stream', 'application/problem+json', 'x']) {
      const headers = { 'content-type': type };
      bridge.github.fault({ kind: 'status', status: 401, body: '<h1>Sign in to the proxy</h1>', headers, path: USER });
      assert.equal((await person.profile()).status, 200, type);
      assert.equal(loginIn(await person.profile()), 'octocat', type);
    }
  });

  it('that fifty parallel calls notice ends the grants once, and all calls get 401', async (t) => {
    const bridge = await start(t, { timeouts: TIMEOUTS });
    const person = await connect(bridge, { scope: 'repo' });
    await bridge.github.revokeAuthorization('octocat', CLIENT_ID);
    const calls = Array.from({ length: 50 }, (_, index) => person.call('list_repositories', { page: index + 1 }));
    for (const { status, text } of await Promise.all(calls)) assert.equal(status, 401, text);
    assert.equal(bridge.eventsOf('grant.ended').length, 1);
    assert.equal(bridge.eventsOf('credential.dead').length, 1);
  });

  it('of a token that a login has renewed meanwhile ends nothing', async (t) => {
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
});
