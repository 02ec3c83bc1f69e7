// Threat 18: a header that changes an issuer, a link or a cookie; a foreign web page that calls the MCP endpoints of the person
// who reads it.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { createAgent } from '../support/agent.ts';
import { bridgeFor, CLIENT_ID, onBothStores, type TestBridge, useBridge } from '../support/bridge.ts';
import {
  authorizationUrl,
  connect,
  passGithub,
  pkce,
  register,
  returnToClient,
  type TestClient,
} from '../support/oauth.ts';
import { sendRaw } from './attack.ts';

const PUBLIC_URL = 'https://bridge.example';
const EVIL = 'evil.example';

/** Headers with which an attacker could try to give the bridge another address. */
const CLAIMS: readonly Record<string, string>[] = [
  { Host: EVIL },
  { Host: `${EVIL}:443` },
  { Host: 'localhost.evil.example' },
  { 'X-Forwarded-Host': EVIL, 'X-Forwarded-Proto': 'https', 'X-Forwarded-Port': '1234' },
  { Forwarded: `host=${EVIL};proto=https` },
  {
    'X-Forwarded-Proto': 'http',
    'X-Forwarded-Server': EVIL,
    'X-Original-URL': '/consent',
    'X-Rewrite-URL': '/consent',
  },
  { 'X-Forwarded-Prefix': '/evil', 'X-Original-Host': EVIL, 'X-Host': EVIL },
];

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends a request in which the test sets every header. */
async function ask(bridge: TestBridge, target: string, headers: Record<string, string>, body = ''): Promise<Answer> {
  const [method = 'GET', path = '/'] = target.split(' ');
  const own = { Host: new URL(bridge.config.publicUrl).host, Connection: 'close' };
  const length: Record<string, string> = body === '' ? {} : { 'Content-Length': String(body.length) };
  const lines = Object.entries({ ...own, ...length, ...headers }).map(([name, value]) => `${name}: ${value}`);
  const { text } = await sendRaw(bridge.url, `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  const [head = '', ...rest] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head, body: rest.join('\r\n\r\n') };
}

onBothStores('hosts and origins', (store) => {
  const loopback = useBridge({ store });
  const open = useBridge({
    store,
    env: { PUBLIC_URL, TRUSTED_PROXIES: '127.0.0.1' },
    app: { clientId: CLIENT_ID, callbackUrls: [`${PUBLIC_URL}/github/callback`] },
  });
  let token: string;
  let client: TestClient;
  before(async () => {
    const connected = await connect(loopback.url);
    token = connected.tokens.access_token;
    client = connected.client;
  });

  const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
  const mcp = (bridge: TestBridge, headers: Record<string, string>) =>
    ask(
      bridge,
      'POST /mcp',
      {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        ...headers,
      },
      ping,
    );

  it('#18 no Host, Forwarded or X-Forwarded header changes an issuer, an endpoint or a link', async () => {
    const varying = /^(?:date|x-request-id|set-cookie|keep-alive): .*$/gim;
    const steady = ({ status, head, body }: Answer) => ({
      status,
      head: head.replaceAll(varying, ''),
      body: body.replaceAll(
        /<code class="all">[0-9a-z]+|name="(?:request|csrf|repeat|language:\w+)" value="[^"]*"/g,
        '',
      ),
    });
    for (const bridge of [loopback, open]) {
      const issuer = bridge.config.publicUrl;
      const registered = bridge === loopback ? client : await register(bridge.url);
      const { pathname, search } = new URL(authorizationUrl(issuer, registered, pkce().challenge));
      for (const target of [
        'GET /.well-known/oauth-authorization-server',
        'GET /.well-known/openid-configuration',
        'GET /.well-known/oauth-protected-resource',
        'GET /.well-known/oauth-protected-resource/mcp',
        'GET /.well-known/oauth-protected-resource/sse',
        'GET /',
        'GET /account',
        `GET ${pathname}${search}`,
        `GET ${pathname}?client_id=x`,
        'GET /nothing-here',
        'GET /register/x',
      ]) {
        const expected = steady(await ask(bridge, target, {}));
        for (const claim of CLAIMS) {
          const answer = await ask(bridge, target, claim);
          assert.deepEqual(steady(answer), expected, `${target} with ${JSON.stringify(claim)}`);
          assert.doesNotMatch(`${answer.head}${answer.body}`, /evil/);
        }
      }
      const metadata = (await ask(bridge, 'GET /.well-known/oauth-authorization-server', { Host: EVIL })).body;
      assert.ok(metadata.includes(`"issuer":"${issuer}"`));
      const warned = bridge.eventsOf('proxy.untrusted').map(({ peer }) => peer);
      assert.deepEqual(warned, bridge === loopback ? ['127.0.0.1'] : [], 'one warning of a proxy that is not trusted');
    }
  });

  it('#18 no such header changes the address in a challenge', async () => {
    for (const claim of CLAIMS.filter(({ Host }) => Host === undefined)) {
      const { status, head } = await ask(loopback, 'POST /mcp', claim, ping);
      assert.equal(status, 401);
      assert.match(head, new RegExp(`resource_metadata="${loopback.url}/`));
    }
  });

  it('#18 cookies of a public bridge are Secure and __Host- whatever the proxy says of the connection', async () => {
    const registered = await register(open.url);
    const { pathname, search } = new URL(authorizationUrl(PUBLIC_URL, registered, pkce().challenge));
    for (const claim of [{}, ...CLAIMS]) {
      const { head } = await ask(open, `GET ${pathname}${search}`, claim);
      const cookies = [...head.matchAll(/^set-cookie: (.*)$/gim)].map(([, cookie = '']) => cookie);
      assert.equal(cookies.length, 1, head);
      for (const cookie of cookies) {
        assert.match(cookie, /^__Host-/);
        assert.match(cookie, /; path=\/(;|$)/i);
        assert.match(cookie, /; secure(;|$)/i);
        assert.match(cookie, /; httponly(;|$)/i);
        assert.match(cookie, /; samesite=strict(;|$)/i);
        assert.doesNotMatch(cookie, /domain=/i);
      }
      assert.match(head, /^strict-transport-security: max-age=\d{8}/im);
    }
    assert.doesNotMatch((await ask(loopback, 'GET /', {})).head, /strict-transport-security/i);
  });

  it('#18 a login through the proxy ends where it began, bound by those cookies', async () => {
    const registered = await register(open.url);
    const browser = createAgent({ routes: { [PUBLIC_URL]: open.url } });
    const page = await browser.get(authorizationUrl(PUBLIC_URL, registered, pkce().challenge));
    const toGithub = await browser.submit(page.form('/consent'), { button: 'allow' });
    const back = await passGithub(browser, toGithub, 'octocat');
    assert.equal(back.location?.origin, PUBLIC_URL);
    const tossed = createAgent({ routes: { [PUBLIC_URL]: open.url } });
    for (const cookie of browser.jar.all())
      tossed.jar.put({ ...cookie, name: cookie.name.replace('__Host-', 'bridge-') });
    assert.equal((await tossed.follow(back)).status, 400, 'a cookie without the prefix was believed');
    assert.match((await returnToClient(browser, back)).location?.search ?? '', /[?&]code=mgc_/);
  });

  it('#18 the MCP endpoints answer to their own host alone (DNS rebinding)', async () => {
    const { port } = new URL(loopback.url);
    for (const Host of [
      EVIL,
      `${EVIL}:${port}`,
      `localhost.${EVIL}:${port}`,
      `127.0.0.1.${EVIL}:${port}`,
      `localhost@${EVIL}`,
      `${EVIL}@localhost:${port}`,
      `${EVIL}#localhost`,
      'rebind.localhost.example',
      '10.0.0.1',
      '[::ffff:10.0.0.1]',
      '[::',
      'localhost:port',
      '"localhost"',
    ])
      for (const target of ['POST /mcp', 'GET /mcp', 'DELETE /mcp', 'GET /sse', 'POST /messages?sessionId=x']) {
        const headers = { Host, Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
        const answer = await ask(loopback, target, headers, target.startsWith('POST') ? ping : '');
        assert.ok(answer.status === 403 || answer.status === 400, `${target} for ${Host}: ${answer.status}`);
        assert.doesNotMatch(answer.head, /www-authenticate/i);
      }
    assert.equal((await mcp(loopback, { Host: EVIL })).status, 403);
    for (const Host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`])
      assert.equal((await mcp(loopback, { Host })).status, 200, Host);
    // A public bridge has one name, and no proxy header gives it another one.
    for (const headers of [
      { Host: EVIL },
      { Host: 'localhost' },
      { 'X-Forwarded-Host': EVIL },
      { Host: 'bridge.example.evil.example' },
    ])
      assert.equal((await mcp(open, headers)).status, 403, JSON.stringify(headers));
    assert.equal((await mcp(open, {})).status, 401);
  });

  it('#18 a page of a foreign origin can neither call /mcp nor read an answer', async () => {
    const foreign = {
      loopback: [
        `https://${EVIL}`,
        `http://${EVIL}`,
        'null',
        'file://',
        'https://localhost.evil.example',
        `http://localhost:1@${EVIL}`,
        'http://127.0.0.1.evil.example',
        'chrome-extension://abc',
        'http://10.0.0.1',
        'localhost',
        'http://localhost:port',
      ],
      open: [
        `http://${EVIL}`,
        'null',
        'file://',
        'http://localhost:6274',
        'ftp://bridge.example',
        'https:',
        'bridge.example',
      ],
    };
    for (const [bridge, origins] of [
      [loopback, foreign.loopback],
      [open, foreign.open],
    ] as const)
      for (const Origin of origins) {
        const answer = await mcp(bridge, { Origin });
        assert.equal(answer.status, 403, Origin);
        for (const path of ['/mcp', '/token', '/register', '/userinfo', '/revoke', '/sse', '/messages']) {
          const preflight = await ask(bridge, `OPTIONS ${path}`, { Origin, 'Access-Control-Request-Method': 'POST' });
          assert.doesNotMatch(preflight.head, /access-control-allow-origin/i, `${Origin} at ${path}`);
        }
      }
    for (const Origin of ['http://localhost:6274', 'http://127.0.0.1', 'http://[::1]:5173', loopback.url])
      assert.equal((await mcp(loopback, { Origin })).status, 200, Origin);
    assert.equal((await mcp(open, { Origin: 'https://inspector.example' })).status, 401);
  });

  it('#18 allowed origins get no credentials, and ALLOWED_ORIGINS means those alone', async (t) => {
    const few = await bridgeFor(t, { store, env: { ALLOWED_ORIGINS: 'https://app.example' } });
    for (const [Origin, status] of [
      ['https://app.example', 401],
      ['https://app.example.evil.example', 403],
      ['https://evil.example', 403],
      ['http://app.example', 403],
      ['https://app.example:8443', 403],
      ['https://APP.example', 403],
      ['http://localhost:6274', 403],
    ] as const) {
      const answer = await mcp(few, { Origin, Authorization: 'Bearer x' });
      assert.equal(answer.status, status, Origin);
      assert.doesNotMatch(answer.head, /access-control-allow-credentials/i);
      const allowed = /^access-control-allow-origin: (.*)$/im.exec(answer.head)?.[1]?.trim();
      assert.equal(allowed, status === 401 ? Origin : undefined);
      assert.match(answer.head, /^vary: .*origin/im);
    }
  });

  it('#18 a person who comes by another name of this machine is redirected to the right one, and nowhere else', async () => {
    const { port } = new URL(loopback.url);
    const target = '/authorize?client_id=x&redirect_uri=https://evil.example/';
    for (const Host of [`127.0.0.1:${port}`, `[::1]:${port}`, '127.0.0.1', 'localhost:1']) {
      const answer = await ask(loopback, `GET ${target}`, { Host });
      assert.equal(answer.status, 302, Host);
      assert.match(answer.head, new RegExp(`^location: ${loopback.url}/authorize\\?client_id=x&`, 'im'));
    }
    // A target in absolute form, as clients send it to proxies.
    const full = await ask(loopback, `GET http://${EVIL}/authorize?client_id=x`, { Host: `127.0.0.1:${port}` });
    assert.equal(full.status, 302);
    assert.match(full.head, new RegExp(`^location: ${loopback.url}/authorize\\?client_id=x\\r?$`, 'im'));
    for (const Host of [EVIL, `localhost.${EVIL}`, '', '[::', `${EVIL}:${port}`]) {
      const answer = await ask(loopback, `GET ${target}`, { Host });
      assert.equal(answer.status, 400, Host);
      assert.doesNotMatch(answer.head, /^location/im);
    }
  });
});
