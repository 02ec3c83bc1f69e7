// The app, by its route table: a path matches exactly, case and trailing slash included (RFC 3986 section 6.2.2.1), so
// that a proxy's rule for a path holds; each route says which web pages may call it and how long a body it reads. What a
// foreign origin or host can do is in test/threats/hosts-and-origins.test.ts, what malformed requests can do in
// test/threats/malformed-input.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bridgeFor, useBridge } from './support/bridge.ts';
import { connect } from './support/oauth.ts';

const WEBHOOK_SECRET = 'shared with GitHub';
const KIB = 1024;

describe('the app', () => {
  const bridge = useBridge({
    store: 'sqlite',
    env: { GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET, ADMIN_GITHUB_USERS: 'monalisa' },
  });
  const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
    fetch(`${bridge.url}${path}`, { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body }) });

  /** Every path, with a method that it takes. */
  const ROUTES = {
    any: [
      'GET /.well-known/oauth-authorization-server',
      'GET /.well-known/openid-configuration',
      'GET /.well-known/jwks.json',
      'GET /.well-known/oauth-protected-resource',
      'GET /.well-known/oauth-protected-resource/mcp',
      'GET /.well-known/oauth-protected-resource/sse',
    ],
    allowed: [
      'POST /register',
      'GET /register/some-client',
      'PUT /register/some-client',
      'DELETE /register/some-client',
      'POST /token',
      'POST /revoke',
      'GET /userinfo',
      'POST /userinfo',
      'POST /mcp',
      'GET /mcp',
      'DELETE /mcp',
      'POST /mcp/',
      'GET /sse',
      'GET /sse/',
      'POST /messages',
    ],
    own: [
      'POST /introspect',
      'GET /',
      'POST /preferences',
      'GET /authorize',
      'POST /authorize',
      'POST /consent',
      'GET /github/callback',
      'GET /account',
      'POST /account/sign-in',
      'POST /account/sign-out',
      'POST /account/disconnect',
      'POST /account/disconnect-all',
      'POST /account/sessions/revoke',
      'POST /github/webhook',
      'GET /healthz',
      'GET /readyz',
    ],
  } as const;
  const ALL = Object.values(ROUTES).flat();
  const split = (route: string) => route.split(' ') as [method: string, path: string];

  it('has every route that the clients and the documentation name', async () => {
    for (const [method, path] of ALL.map(split)) {
      const response = await ask(method, path);
      assert.ok(response.status !== 404 && response.status !== 405, `${method} ${path}: ${response.status}`);
      await response.body?.cancel();
    }
  });

  it('matches a path exactly: in another case, or with a slash more, it is nothing', async () => {
    for (const [method, path] of ALL.map(split)) {
      const others = [
        path.toUpperCase(),
        path.replace(/[a-z]/, (letter) => letter.toUpperCase()),
        `${path}/`,
        `/${path}`,
      ];
      for (const other of others) {
        if (other === path || ['/mcp/', '/sse/', '//'].includes(other)) continue;
        assert.equal((await ask(method, other)).status, 404, `${method} ${other}`);
      }
    }
  });

  it('answers /mcp/ and /sse/ as it answers /mcp and /sse, for clients write both', async () => {
    for (const path of ['/mcp', '/sse']) {
      const [one, other] = [await ask('GET', path), await ask('GET', `${path}/`)];
      assert.equal(one.status, 401);
      assert.equal(other.status, 401);
      assert.equal(other.headers.get('www-authenticate'), one.headers.get('www-authenticate'));
    }
    const { tokens } = await connect(bridge.url);
    const headers = {
      authorization: `Bearer ${tokens.access_token}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    };
    const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
    const [one, other] = [await ask('POST', '/mcp', headers, ping), await ask('POST', '/mcp/', headers, ping)];
    assert.equal(other.status, 200);
    assert.equal(await other.text(), await one.text());
  });

  it('answers 405, with what it takes, to another method of a path', async () => {
    for (const [method, path, allow] of [
      ['GET', '/token', 'POST'],
      ['PATCH', '/register/some-client', 'HEAD, GET, PUT, DELETE'],
      ['DELETE', '/account', 'HEAD, GET'],
      ['PUT', '/mcp', 'POST, GET, DELETE'],
      ['PUT', '/sse', 'GET'],
    ] as const) {
      const response = await ask(method, path);
      assert.equal(response.status, 405, `${method} ${path}`);
      assert.deepEqual(response.headers.get('allow')?.split(', ').sort(), allow.split(', ').sort());
    }
  });

  describe('to web pages', () => {
    const ALLOWED = 'http://localhost:6274';
    const FOREIGN = 'https://evil.example';
    const allowedFor = async (origin: string, route: string, headers: Record<string, string> = {}) => {
      const [method, path] = split(route);
      const response = await ask(method, path, { origin, ...headers });
      await response.body?.cancel();
      return response.headers.get('access-control-allow-origin');
    };

    it('of any origin lets the well-known documents be read', async () => {
      for (const route of ROUTES.any)
        for (const origin of [ALLOWED, FOREIGN, 'null']) assert.equal(await allowedFor(origin, route), '*', route);
    });

    it('of an allowed origin lets the endpoints for clients be read, and of a foreign one not', async () => {
      for (const route of ROUTES.allowed) {
        assert.equal(await allowedFor(ALLOWED, route), ALLOWED, route);
        assert.equal(await allowedFor(FOREIGN, route), null, route);
      }
    });

    it('of no origin lets the pages, introspection or what is for operators be read', async () => {
      for (const route of [...ROUTES.own, 'GET /nothing-here', 'GET /TOKEN', 'GET /assets/style.css'])
        for (const origin of [ALLOWED, FOREIGN]) assert.equal(await allowedFor(origin, route), null, route);
    });

    it('lets refusals be read where it lets the route be read: 401, 403 and 405', async () => {
      const { tokens } = await connect(bridge.url);
      const authorization = `Bearer ${tokens.access_token}`;
      for (const [status, method, path, headers] of [
        [401, 'GET', '/mcp', {}],
        [401, 'GET', '/userinfo', {}],
        [403, 'GET', '/userinfo', { authorization }],
        [405, 'GET', '/token', {}],
        [405, 'GET', '/mcp', { authorization }],
      ] as const) {
        const response = await ask(method, path, { origin: ALLOWED, ...headers });
        assert.equal(response.status, status, `${method} ${path}`);
        assert.equal(response.headers.get('access-control-allow-origin'), ALLOWED);
        assert.match(response.headers.get('access-control-expose-headers') ?? '', /WWW-Authenticate/i);
      }
      const anywhere = await ask('POST', '/.well-known/jwks.json', { origin: FOREIGN });
      assert.deepEqual(
        { status: anywhere.status, origin: anywhere.headers.get('access-control-allow-origin') },
        { status: 405, origin: '*' },
      );
    });

    it('answers preflights by the same table, without a token and never for credentials', async () => {
      const preflight = (path: string, origin: string) =>
        ask('OPTIONS', path, {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type,mcp-protocol-version',
        });
      for (const path of ['/mcp', '/mcp/', '/token', '/register', '/register/some-client']) {
        const response = await preflight(path, ALLOWED);
        assert.equal(response.status, 204, path);
        assert.equal(response.headers.get('access-control-allow-origin'), ALLOWED);
        assert.match(response.headers.get('access-control-allow-headers') ?? '', /mcp-protocol-version/);
        assert.equal(response.headers.get('access-control-allow-credentials'), null);
        assert.equal((await preflight(path, FOREIGN)).headers.get('access-control-allow-origin'), null);
      }
      for (const path of ['/introspect', '/consent', '/account/sign-in'])
        assert.equal((await preflight(path, ALLOWED)).headers.get('access-control-allow-origin'), null, path);
    });
  });

  describe('reads a body', () => {
    const FORM = 'application/x-www-form-urlencoded';
    const JSON_TYPE = 'application/json';
    const send = async (route: string, type: string, bytes: number) => {
      const [method, path] = split(route);
      const body = type === FORM ? `x=${'x'.repeat(bytes - 2)}` : JSON.stringify('x'.repeat(bytes - 2));
      assert.equal(body.length, bytes);
      const response = await ask(method, path, { 'content-type': type }, body);
      return { status: response.status, text: await response.text() };
    };

    for (const [type, limit, routes] of [
      [FORM, 64 * KIB, ['POST /token', 'POST /revoke', 'POST /introspect']],
      [JSON_TYPE, 64 * KIB, ['POST /register', 'PUT /register/some-client']],
    ] as const)
      for (const route of routes)
        it(`of ${limit / KIB} KiB at ${route}, and answers 413 to a longer one`, async () => {
          assert.notEqual((await send(route, type, limit)).status, 413);
          const { status, text } = await send(route, type, limit + 1);
          assert.equal(status, 413);
          assert.deepEqual(JSON.parse(text), { error: 'invalid_request', error_description: 'the body is too large' });
        });

    for (const route of ['POST /consent', 'POST /authorize', 'POST /account/disconnect'])
      it(`of 64 KiB at ${route}, and shows a page for a longer one`, async () => {
        assert.notEqual((await send(route, FORM, 64 * KIB)).status, 413);
        const { status, text } = await send(route, FORM, 64 * KIB + 1);
        assert.equal(status, 413);
        assert.match(text, /the body is too large/);
      });
  });

  it('gives every answer a reference and the headers that keep browsers from harm', async () => {
    for (const path of ['/', '/.well-known/jwks.json', '/nothing-here', '/mcp', '/healthz']) {
      const { headers } = await ask('GET', path);
      assert.match(headers.get('x-request-id') ?? '', /^[0-9a-hjkmnp-tv-z]{12}$/, path);
      assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/, path);
      assert.doesNotMatch(
        headers.get('content-security-policy') ?? '',
        /form-action/,
        'browsers apply it to every hop',
      );
      assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
      assert.equal(headers.get('referrer-policy'), 'same-origin', path);
      assert.equal(headers.get('cross-origin-opener-policy'), 'unsafe-none', 'for clients that log in by pop-up');
    }
  });

  it('shows on the front page the tools of everybody, and not the administrators’', async () => {
    const { tools } = (await (await ask('GET', '/', { accept: 'application/json' })).json()) as {
      tools: { name: string }[];
    };
    const names = tools.map(({ name }) => name);
    assert.ok(names.includes('get_user_profile'));
    assert.equal(names.includes('revoke_session'), false);
  });

  it('tells operators that it lives, and that its store answers', async () => {
    assert.deepEqual(await (await ask('GET', '/healthz')).json(), { status: 'ok' });
    assert.deepEqual(await (await ask('GET', '/readyz')).json(), { status: 'ok', store: 'sqlite' });
  });

  it('has no metrics, which have a listener of their own', async () => {
    assert.equal((await ask('GET', '/metrics')).status, 404);
  });

  it('has no webhook without a secret to check it by', async (t) => {
    const without = await bridgeFor(t, { store: 'sqlite' });
    assert.equal((await fetch(`${without.url}/github/webhook`, { method: 'POST' })).status, 404);
    assert.equal((await ask('POST', '/github/webhook')).status, 401);
  });
});
