// Threat 17: while the store is down, a request is answered with a logout, or not at all.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import { type Agent, createAgent, type Page } from '../support/agent.ts';
import { bridgeFor, onBothStores, type TestBridge, type TestBridgeOptions, useBridge } from '../support/bridge.ts';
import {
  authorizationUrl,
  callTool,
  confirmConnect,
  connect,
  login,
  passGithub,
  pkce,
  redemption,
  refreshing,
  type TestClient,
  type Tokens,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { overriding } from './attack.ts';

/** Milliseconds within which each request must be answered, whatever the store does. */
const PATIENCE = 6_000;

/** What a person and a client can be doing when the store fails. */
interface UnderWay {
  readonly client: TestClient;
  readonly tokens: Tokens;
  readonly code: string;
  readonly verifier: string;
  /** The browser shows the consent page. */
  readonly asked: { browser: Agent; page: Page };
  /** The browser comes back from GitHub. */
  readonly callback: { browser: Agent; url: URL };
}

async function getUnderWay(bridge: TestBridge): Promise<UnderWay> {
  const { client, tokens } = await connect(bridge.url, { parameters: { scope: 'openid read:user' } });
  const { code, verifier } = await login(bridge.url, client);
  const consentPage = async () => {
    const browser = createAgent();
    return { browser, page: await browser.get(authorizationUrl(bridge.url, client, pkce().challenge)) };
  };
  const asked = await consentPage();
  const { browser, page } = await consentPage();
  const back = await passGithub(browser, await browser.submit(page.form('/consent'), { button: 'allow' }), 'octocat');
  return { client, tokens, code, verifier, asked, callback: { browser, url: back.location ?? new URL(bridge.url) } };
}

/** Every request that needs the store, by its name. */
function requests(bridge: TestBridge, { client, tokens, code, verifier, asked, callback }: UnderWay) {
  const bearer = { authorization: `Bearer ${tokens.access_token}` };
  const management = { authorization: `Bearer ${client.registration_access_token}` };
  const send = (path: string, init: RequestInit = {}) => fetch(`${bridge.url}${path}`, { redirect: 'manual', ...init });
  const form = (path: string, fields: Record<string, string | undefined>) =>
    send(path, { method: 'POST', body: new URLSearchParams(JSON.parse(JSON.stringify(fields))) });
  const json = (path: string, body: unknown, headers = {}) =>
    send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const accept = 'application/json, text/event-stream';
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  const metadata = { redirect_uris: [client.redirectUri] };
  const page = async (opened: Promise<Page>) => {
    const { status, headers, html } = await opened;
    return new Response(html, { status, headers });
  };
  return {
    'POST /register': () => json('/register', metadata),
    'GET /register/:id': () => send(`/register/${client.client_id}`, { headers: management }),
    'PUT /register/:id': () =>
      send(`/register/${client.client_id}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', ...management },
        body: JSON.stringify({ client_id: client.client_id, ...metadata }),
      }),
    'DELETE /register/:id': () => send(`/register/${client.client_id}`, { method: 'DELETE', headers: management }),
    'GET /authorize': () => page(createAgent().get(authorizationUrl(bridge.url, client, pkce().challenge))),
    'POST /consent': () => page(asked.browser.submit(asked.page.form('/consent'), { button: 'allow' })),
    'GET /github/callback': () => page(callback.browser.get(callback.url)),
    'POST /token, code': () => form('/token', redemption(client, code, verifier)),
    'POST /token, refresh token': () => form('/token', refreshing(client, tokens.refresh_token)),
    'POST /revoke': () => form('/revoke', { token: tokens.access_token, client_id: client.client_id }),
    'POST /introspect': () => form('/introspect', { token: tokens.access_token, client_id: client.client_id }),
    'GET /userinfo': () => send('/userinfo', { headers: bearer }),
    'POST /mcp': () => json('/mcp', ping, { ...bearer, accept }),
    'POST /mcp, a tool': () =>
      json(
        '/mcp',
        { ...ping, method: 'tools/call', params: { name: 'get_user_profile', arguments: {} } },
        { ...bearer, accept },
      ),
    'GET /mcp': () => send('/mcp', { headers: bearer }),
    'GET /sse': () => send('/sse', { headers: bearer }),
    'POST /messages': () => json('/messages?sessionId=x', ping, bearer),
    'POST /account/sign-in': () => send('/account/sign-in', { method: 'POST', headers: { origin: bridge.url } }),
    'GET /readyz': () => send('/readyz'),
  };
}

/** Sends every request at once: each must be answered 503 with Retry-After, in time. */
async function assertUnavailable(bridge: TestBridge, underWay: UnderWay): Promise<void> {
  await Promise.all(
    Object.entries(requests(bridge, underWay)).map(async ([name, ask]) => {
      const begun = performance.now();
      const answer = await ask();
      const text = await answer.text();
      assert.equal(answer.status, 503, `${name}: ${answer.status} ${text.slice(0, 300)}`);
      assert.ok(performance.now() - begun < PATIENCE, `${name} took ${performance.now() - begun} ms`);
      assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/, name);
      assert.equal(answer.headers.get('www-authenticate'), null, name);
      assert.equal(answer.headers.get('cache-control'), 'no-store', name);
      assert.doesNotMatch(text, /invalid_token|invalid_grant|invalid_client|redis|sqlite|ECONNREFUSED/i, name);
    }),
  );
  // What needs no store still works.
  for (const path of ['/healthz', '/', '/.well-known/oauth-authorization-server', '/.well-known/jwks.json'])
    assert.equal((await fetch(`${bridge.url}${path}`)).status, 200, path);
}

/** Fails unless nobody was logged out, and each login and code that was under way can be completed. */
async function assertNothingLost(bridge: TestBridge, underWay: UnderWay): Promise<void> {
  const { client, tokens, code, verifier, asked, callback } = underWay;
  assert.equal((await callTool(bridge.url, tokens.access_token, 'get_user_profile')).status, 200);
  tokensOf(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token)));
  tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier)));
  const answer = await confirmConnect(callback.browser, await callback.browser.get(callback.url));
  assert.match(answer.location?.search ?? '', /[?&]code=mgc_/);
  const allowed = await asked.browser.submit(asked.page.form('/consent'), { button: 'allow' });
  assert.equal(allowed.location?.origin, new URL(bridge.github.url).origin);
}

onBothStores('a store that says it is unavailable', (store) => {
  let failing: (method: string) => boolean = () => false;

  /** A store whose methods fail when `failing` says so. */
  function breakable(inner: Store): Store {
    const wrap = <T extends object>(target: T, name: string): T =>
      new Proxy(target, {
        get(original, key) {
          const value: unknown = Reflect.get(original, key, original);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) =>
            failing(`${name}${String(key)}`)
              ? Promise.reject(new StoreUnavailable('broken by the test'))
              : Reflect.apply(value, original, args);
        },
      });
    const { clients, logins, sessions, credentials, revocations, consents, shared } = inner;
    return overriding(inner, {
      clients: wrap(clients, 'clients.'),
      logins: wrap(logins, 'logins.'),
      sessions: wrap(sessions, 'sessions.'),
      credentials: wrap(credentials, 'credentials.'),
      revocations: wrap(revocations, 'revocations.'),
      consents: wrap(consents, 'consents.'),
      shared: wrap(shared, 'shared.'),
      ping: () => (failing('ping') ? Promise.reject(new StoreUnavailable('broken by the test')) : inner.ping()),
    });
  }

  const options: TestBridgeOptions = { store, env: { ADMIN_GITHUB_USERS: 'monalisa' }, wrapStore: breakable };
  const bridge = useBridge(options);

  it('#17 is 503 with Retry-After everywhere, and nobody is logged out by it', async () => {
    const underWay = await getUnderWay(bridge);
    failing = () => true;
    await assertUnavailable(bridge, underWay);
    failing = () => false;
    await assertNothingLost(bridge, underWay);
  });

  it('#17 is never a logout when it fails in the middle of a request', async (t) => {
    const fresh = await bridgeFor(t, options);
    const { client, tokens } = await connect(fresh.url, { login: 'monalisa' });
    // A call reads the session; one of an administrators' tool then also who the administrators are.
    for (const [method, tool] of [
      ['sessions.read', 'get_user_profile'],
      ['shared.readDocument', 'list_sessions'],
    ]) {
      failing = (called) => called === method;
      const { status, headers, text } = await callTool(fresh.url, tokens.access_token, tool ?? '');
      assert.equal(status, 503, `${method}: ${text}`);
      assert.ok(headers.get('retry-after'), method);
    }
    for (const method of ['sessions.read', 'sessions.rotate', 'clients.get']) {
      failing = (called) => called === method;
      const answer = await tokenRequest(fresh.url, refreshing(client, tokens.refresh_token));
      assert.equal(answer.status, 503, method);
      assert.ok(answer.headers.get('retry-after'), method);
    }
    failing = () => false;
    const { code, verifier } = await login(fresh.url, client);
    failing = (called) => called === 'sessions.redeem';
    assert.equal((await tokenRequest(fresh.url, redemption(client, code, verifier))).status, 503);
    failing = () => false;
    tokensOf(await tokenRequest(fresh.url, redemption(client, code, verifier)));
    tokensOf(await tokenRequest(fresh.url, refreshing(client, tokens.refresh_token)));
    assert.equal((await callTool(fresh.url, tokens.access_token, 'get_user_profile')).status, 200);
  });
});

describe('a Redis server of the test', () => {
  it('#17 that freezes, crashes and comes back is 503 meanwhile, and no session is lost', async (t) => {
    const redis = await startRedis({ appendOnly: true });
    const bridge = await bridgeFor(t, { store: 'redis', redis });
    const underWay = await getUnderWay(bridge);
    const isUp = () => until(() => bridge.store.ping().then(() => true), { what: 'the store to be back' });

    redis.pause();
    await assertUnavailable(bridge, underWay);
    redis.resume();
    await isUp();

    await redis.down({ crash: true });
    await assertUnavailable(bridge, underWay);
    await redis.up();
    await isUp();
    await assertNothingLost(bridge, underWay);
  });
});
