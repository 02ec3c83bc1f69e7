// What the gateway passes on, end to end: never a token, a cookie, an address or a session id that is not for the other side.
// The tables of all headers: test/gateway/headers.test.ts.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { gatewayFor, json, RESULT, type RecordingServer, recordingServer } from '../gateway/fixtures.ts';
import { onBothStores, type TestBridge } from '../support/bridge.ts';
import { connect, refreshing, tokenRequest, tokensOf } from '../support/oauth.ts';

const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_me","arguments":{}}}';

/** A call with a token, and any headers. */
function call(
  url: string,
  token: string,
  headers: Record<string, string> = {},
  init: RequestInit = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body: CALL,
    ...init,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
  });
}

/** A call whose headers are written as they are, which fetch would not do. @returns the status */
function rawCall(url: string, headers: readonly string[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', headers: ['Host', new URL(url).host, ...headers], agent: false },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode));
      },
    );
    sent.on('error', reject);
    sent.end(CALL);
  });
}

async function loggedIn(bridge: TestBridge, path = '/mcp/one', login = 'octocat') {
  const resource = `${bridge.url}${path}`;
  const { client, tokens } = await connect(bridge.url, { login, parameters: { resource } });
  return { resource, client, tokens, token: tokens.access_token };
}

describe('what an MCP server gets', () => {
  it("#45 is none of the client's tokens, cookies, addresses and hop-by-hop headers", async (t) => {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(t, [{ name: 'one', url: `${server.url}/mcp` }]);
    const { resource, token } = await loggedIn(bridge);
    const hostile = [
      ['Authorization', `Bearer ${token}`],
      ['Cookie', `session=${token}`],
      ['Origin', bridge.url],
      ['Referer', 'http://private.example/'],
      ['Forwarded', 'for=10.0.0.1'],
      ['X-Forwarded-For', '10.0.0.1'],
      ['X-Forwarded-Host', 'private.example'],
      ['X-Real-IP', '10.0.0.1'],
      ['Via', '1.1 private.example'],
      ['X-Api-Key', token],
      ['Proxy-Authorization', `Basic ${token}`],
      ['X-HTTP-Method-Override', 'DELETE'],
      ['Expect', '100-continue'],
      ['TE', 'trailers'],
      ['Keep-Alive', 'timeout=1000'],
      ['Connection', 'close, Mcp-Hop'],
      ['Mcp-Hop', 'for one hop'],
      ['Mcp-Session_Id', 'a session that nobody checked'],
      ['mcp_session_id', 'a session that nobody checked'],
      ['Accept-Encoding', 'gzip, br'],
    ].flat();
    const right = [
      'User-Agent',
      'test',
      'Content-Type',
      'application/json',
      'Accept',
      'x/y',
      'Mcp-Method',
      'x',
      'X-MCP-Toolsets',
      'all',
      'traceparent',
      '00-x',
    ];
    assert.equal(await rawCall(resource, [...hostile, ...right, 'Content-Length', String(CALL.length)]), 200);
    const { headers } = server.last();
    const [live] = bridge.github.liveTokens();
    assert.deepEqual(
      { ...headers, connection: '' },
      {
        host: new URL(server.url).host,
        connection: '',
        authorization: `Bearer ${live?.token}`,
        'content-length': String(CALL.length),
        'content-type': 'application/json',
        'user-agent': 'test',
        accept: 'x/y',
        'accept-encoding': 'identity',
        'mcp-method': 'x',
        'x-mcp-toolsets': 'all',
        traceparent: '00-x',
      },
    );
    assert.ok(!server.last().rawHeaders.join('\n').includes(token));
  });

  it('#45 has no token in its address, and no second value for what the operator fixed', async (t) => {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(t, [{ name: 'one', url: `${server.url}/mcp?tenant=1` }]);
    const { resource, token } = await loggedIn(bridge);
    for (const query of [
      `access_token=${token}`,
      `x=1&ACCESS_TOKEN[]=${token}`,
      'tenant=2',
      'Tenant%5B%5D=2',
      'x;tenant=2',
      '%',
    ])
      assert.equal((await call(`${resource}?${query}`, token)).status, 400, query);
    assert.equal(server.received.length, 0);
    assert.equal((await call(`${resource}?x=1`, token)).status, 200);
    assert.equal(server.last().url, '/mcp?tenant=1&x=1');
  });

  it("#45 is the GitHub token of the caller, for every one of many calls at once, and no other person's", async (t) => {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(t, [{ name: 'one', url: `${server.url}/mcp` }]);
    const people = [await loggedIn(bridge, '/mcp/one', 'octocat'), await loggedIn(bridge, '/mcp/one', 'hubot')];
    const owners = new Map(bridge.github.liveTokens().map(({ token, login }) => [token, login]));
    server.answer = (received, response) => {
      const token = String(received.headers.authorization).replace('Bearer ', '');
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(owners.get(token)));
    };
    const logins = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const { resource, token } = people[index % 2] ?? assert.fail();
        return (await call(resource, token)).json();
      }),
    );
    assert.deepEqual(
      logins,
      Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? 'octocat' : 'hubot')),
    );
  });

  it('#45 is no GitHub token where the operator said so', async (t) => {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(t, [
      { name: 'identity', url: `${server.url}/a`, credential: 'identity' },
      { name: 'none', url: `${server.url}/b`, credential: 'none' },
    ]);
    for (const path of ['/mcp/identity', '/mcp/none']) {
      const { resource, token } = await loggedIn(bridge, path);
      assert.equal((await call(resource, token)).status, 200);
      const sent = server.last().rawHeaders.join('\n');
      for (const live of bridge.github.liveTokens()) assert.ok(!sent.includes(live.token), path);
      assert.ok(!sent.includes(token), path);
    }
    assert.equal(server.received[1]?.headers.authorization, undefined);
    const identity = String(server.received[0]?.headers.authorization);
    assert.match(identity, /^Bearer eyJ/);
    for (const path of ['/mcp', '/mcp/identity', '/mcp/none', '/userinfo'])
      assert.equal((await fetch(`${bridge.url}${path}`, { headers: { authorization: identity } })).status, 401, path);
  });
});

describe('what a client gets', () => {
  it('#45 is no cookie, address, challenge or rule of the server', async (t) => {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(t, [{ name: 'one', url: `${server.url}/mcp` }]);
    const { resource, token } = await loggedIn(bridge);
    const plain = new Set((await call(resource, token)).headers.keys());
    const hostile = {
      'Set-Cookie': '__Host-session=x; Path=/',
      Location: 'http://private.example/',
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Expose-Headers': '*',
      'WWW-Authenticate': 'Bearer resource_metadata="http://private.example/"',
      'Proxy-Authenticate': 'Basic',
      'Content-Security-Policy': 'default-src *',
      'Strict-Transport-Security': 'max-age=0',
      'Clear-Site-Data': '"*"',
      Refresh: '0; url=http://private.example/',
      Link: '<http://private.example/>; rel=preload',
      'Alt-Svc': 'h2="private.example:443"',
      Server: 'private/1.0',
      'X-Powered-By': 'private',
      'X-OAuth-Scopes': 'repo',
      'Mcp-Session_Id': 'x',
      Connection: 'Mcp-Hop',
      'Mcp-Hop': 'private',
      'Cache-Control': 'public, max-age=600',
      'CDN-Cache-Control': 'max-age=600',
      'X-GitHub-Request-Id': 'passes',
    };
    for (const status of [200, 202, 400, 403, 404, 405, 429, 500, 503]) {
      server.answer = json(RESULT, status, hostile);
      const { status: got, headers } = await call(resource, token);
      assert.equal(got, status);
      const added = [...headers].filter(([name]) => !plain.has(name)).map(([name, value]) => `${name}: ${value}`);
      assert.deepEqual(added, ['cache-control: no-store', 'x-github-request-id: passes'], String(status));
      for (const [name, value] of headers) assert.doesNotMatch(value, /private/, name);
    }
    for (const status of [301, 302, 307, 308, 401]) {
      server.answer = json(RESULT, status, hostile);
      const response = await call(resource, token);
      assert.equal(response.status, 502);
      assert.doesNotMatch(`${[...response.headers].join('\n')}${await response.text()}`, /private/);
    }
    assert.equal(bridge.eventsOf('grant.ended').length, 0, 'a server logs nobody out');
  });
});

onBothStores('the session id of an MCP server', (store) => {
  /** A server that gives each session the same id, as a careless one may, and knows no other. */
  function giving(server: RecordingServer, id: string): void {
    server.answer = (received, response) =>
      json(RESULT, received.headers['mcp-session-id'] === undefined ? 200 : 202, { 'Mcp-Session-Id': id })(
        received,
        response,
      );
  }
  async function two(t: TestContext) {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(
      t,
      [
        { name: 'one', url: `${server.url}/one` },
        { name: 'two', url: `${server.url}/two` },
      ],
      { store },
    );
    giving(server, 'the-id');
    const begin = async ({ resource, token }: { resource: string; token: string }) =>
      (await call(resource, token)).headers.get('mcp-session-id') ?? assert.fail('no session id');
    return { server, bridge, begin };
  }

  it('#45 works for the grant that got it, also after a refresh, and comes to the server as it was', async (t) => {
    const { server, bridge, begin } = await two(t);
    const mine = await loggedIn(bridge);
    const id = await begin(mine);
    assert.notEqual(id, 'the-id');
    const refreshed = tokensOf(await tokenRequest(bridge.url, refreshing(mine.client, mine.tokens.refresh_token)));
    for (const token of [mine.token, refreshed.access_token])
      for (const method of ['POST', 'GET', 'DELETE']) {
        const body = method === 'POST' ? CALL : null;
        const response = await call(mine.resource, token, { 'mcp-session-id': id }, { method, body });
        assert.equal(response.status, 202);
        assert.equal(server.last().headers['mcp-session-id'], 'the-id');
        assert.equal(response.headers.get('mcp-session-id'), id, 'the same in every answer');
      }
  });

  it("#45 is unknown for other people, other grants of the same person, other servers, and as the server's own", async (t) => {
    const { server, bridge, begin } = await two(t);
    const mine = await loggedIn(bridge);
    const id = await begin(mine);
    const others = [
      await loggedIn(bridge, '/mcp/one', 'hubot'),
      await loggedIn(bridge, '/mcp/one', 'octocat'),
      await loggedIn(bridge, '/mcp/two', 'octocat'),
    ];
    const before = server.received.length;
    for (const other of others) {
      const response = await call(other.resource, other.token, { 'mcp-session-id': id });
      assert.equal(response.status, 404);
      assert.doesNotMatch(await response.text(), /the-id/);
    }
    for (const forged of ['the-id', `${'A'.repeat(43)}the-id`, id.slice(0, 43), `${id}x`, `${id}, ${id}`, id.slice(1)])
      assert.equal((await call(mine.resource, mine.token, { 'mcp-session-id': forged })).status, 404, forged);
    const twice = ['Authorization', `Bearer ${mine.token}`, 'Mcp-Session-Id', id, 'Mcp-Session-Id', 'the-id'];
    assert.equal(await rawCall(mine.resource, [...twice, 'Content-Length', String(CALL.length)]), 404);
    assert.equal(server.received.length, before, 'none of them reached a server');
    for (const other of others) assert.notEqual(await begin(other), id);
  });
});
