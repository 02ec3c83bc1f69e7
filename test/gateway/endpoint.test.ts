// The way of a request through the gateway, with real HTTP servers behind the bridge: what passes, what does not, and what the
// client gets when the server behind does something else than answer (docs/gateway.md).
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import { onBothStores, type TestBridge } from '../support/bridge.ts';
import { connect } from '../support/oauth.ts';
import { gatewayFor, json, RESULT, type RecordingServer, recordingServer } from './fixtures.ts';

const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_me","arguments":{}}}';

interface Open {
  readonly bridge: TestBridge;
  readonly server: RecordingServer;
  readonly token: string;
  /** Sends a request to `/mcp/one`. */
  send(init?: RequestInit, query?: string): Promise<Response>;
}

async function open(
  t: TestContext,
  entry: Record<string, unknown> = {},
  options: Parameters<typeof gatewayFor>[2] = {},
): Promise<Open> {
  const server = await recordingServer(t);
  const bridge = await gatewayFor(t, [{ name: 'one', url: `${server.url}/mcp`, title: 'One', ...entry }], options);
  const resource = `${bridge.url}/mcp/one`;
  const { tokens } = await connect(bridge.url, { parameters: { resource } });
  return {
    bridge,
    server,
    token: tokens.access_token,
    send: (init = {}, query = '') =>
      fetch(`${resource}${query}`, {
        method: 'POST',
        body: init.method === undefined || init.method === 'POST' ? CALL : null,
        ...init,
        headers: {
          authorization: `Bearer ${tokens.access_token}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...init.headers,
        },
      }),
  };
}

/** The JSON-RPC error of an answer of the bridge. */
async function rpcError(response: Response): Promise<{ id: unknown; code: number; message: string }> {
  const { id, error } = JSON.parse(await response.text()) as { id: unknown; error: { code: number; message: string } };
  return { id, ...error };
}

describe('the gateway', () => {
  onBothStores('a login and a call', (store) => {
    it('pass the GitHub token of the person, and the answer byte for byte', async (t) => {
      const { bridge, server, token, send } = await open(t, {}, { store });
      server.answer = json(RESULT, 200, { 'X-GitHub-Request-Id': 'abc', 'Set-Cookie': 'a=b' });
      const response = await send();
      assert.equal(response.status, 200);
      assert.equal(await response.text(), RESULT);
      assert.equal(response.headers.get('x-github-request-id'), 'abc');
      assert.equal(response.headers.get('set-cookie'), null);
      const [live] = bridge.github.liveTokens();
      assert.equal(server.last().headers.authorization, `Bearer ${live?.token}`);
      assert.equal(server.last().body.toString(), CALL);
      assert.notEqual(live?.token, token);
    });
  });

  it('has metadata for each path, and takes at each path only the tokens for it', async (t) => {
    const { bridge, server, token } = await open(t, { scopes: ['read:org', 'repo'] });
    const metadata = await fetch(`${bridge.url}/.well-known/oauth-protected-resource/mcp/one`);
    const document = (await metadata.json()) as Record<string, unknown>;
    assert.equal(document.resource, `${bridge.url}/mcp/one`);
    assert.equal(document.resource_name, 'One');
    assert.deepEqual(document.scopes_supported, ['read:org', 'repo']);
    const refused = await fetch(`${bridge.url}/mcp/one`, { method: 'POST', body: CALL });
    assert.equal(refused.status, 401);
    assert.match(
      refused.headers.get('www-authenticate') ?? '',
      new RegExp(
        `scope="read:org repo", resource_metadata="${bridge.url}/.well-known/oauth-protected-resource/mcp/one"`,
      ),
    );
    const builtIn = await connect(bridge.url);
    const calls = [
      { path: '/mcp', authorization: `Bearer ${token}` },
      { path: '/mcp/one', authorization: `Bearer ${builtIn.tokens.access_token}` },
      { path: '/sse', authorization: `Bearer ${token}` },
    ];
    for (const { path, authorization } of calls) {
      const method = path === '/sse' ? 'GET' : 'POST';
      const response = await fetch(`${bridge.url}${path}`, { method, headers: { authorization } });
      assert.equal(response.status, 401, path);
    }
    assert.equal(server.received.length, 0);
  });

  it('takes no token for another path of the same server: each has its own consent', async (t) => {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(t, [
      { name: 'all', url: server.url },
      { name: 'read-only', url: server.url, headers: { 'X-MCP-Readonly': 'true' } },
    ]);
    const { tokens } = await connect(bridge.url, { parameters: { resource: `${bridge.url}/mcp/read-only` } });
    const status = async (path: string) => {
      const headers = { authorization: `Bearer ${tokens.access_token}` };
      return (await fetch(`${bridge.url}${path}`, { method: 'POST', body: CALL, headers })).status;
    };
    assert.deepEqual([await status('/mcp/all'), await status('/mcp/read-only')], [401, 200]);
  });

  it('is not driven in circles by a server that refuses a token which GitHub takes: 502 each time, one question', async (t) => {
    const { bridge, server, send } = await open(t);
    server.answer = json('', 401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
    const asked = bridge.eventsOf('github.call').length;
    for (let call = 1; call <= 3; call++) {
      const response = await send();
      assert.deepEqual([response.status, response.headers.get('www-authenticate')], [502, null]);
      assert.equal(server.received.length, call);
    }
    assert.equal(bridge.eventsOf('github.call').length, asked + 1);
    server.answer = json(RESULT);
    assert.equal((await send()).status, 200, 'the session is kept');
  });

  it('resumes a stream by its event id alone only where the server is told who asks', async (t) => {
    const eventId = { 'last-event-id': '7' };
    for (const [credential, alone] of [
      ['github', '7'],
      ['identity', '7'],
      ['none', undefined],
    ]) {
      const { server, send } = await open(t, { credential });
      await send({ method: 'GET', headers: eventId });
      assert.equal(server.last().headers['last-event-id'], alone, credential);
      server.answer = json(RESULT, 200, { 'Mcp-Session-Id': 'abc' });
      const id = (await send()).headers.get('mcp-session-id') ?? '';
      await send({ method: 'GET', headers: { ...eventId, 'mcp-session-id': id } });
      assert.equal(server.last().headers['last-event-id'], '7', credential);
    }
  });

  it('asks GitHub for the scopes of the resource when the client names none', async (t) => {
    const { bridge } = await open(t, { scopes: ['repo', 'read:org'] });
    const [live] = bridge.github.liveTokens();
    assert.deepEqual([...(live?.scopes ?? [])].sort(), ['read:org', 'read:user', 'repo']);
  });

  it('is granted no scopes of GitHub where the server gets no GitHub token, but those that the operator named', async (t) => {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(t, [
      { name: 'one', url: server.url, credential: 'identity', scopes: ['read:org'] },
      { name: 'two', url: server.url, credential: 'github' },
    ]);
    const granted = async (name: string) => {
      const parameters = { resource: `${bridge.url}/mcp/${name}`, scope: 'repo read:org openid' };
      return (await connect(bridge.url, { parameters })).tokens.scope;
    };
    assert.equal(await granted('one'), 'read:org openid');
    assert.equal(await granted('two'), 'repo read:org openid');
  });

  it('takes the place of the built-in tools with a bare url: then there is no /sse', async (t) => {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(t, [{ url: `${server.url}/mcp` }]);
    const { tokens } = await connect(bridge.url);
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    for (const path of ['/mcp', '/mcp/']) {
      const response = await fetch(`${bridge.url}${path}`, { method: 'POST', body: CALL, headers });
      assert.equal(await response.text(), RESULT);
    }
    assert.equal(server.received.length, 2);
    for (const path of ['/sse', '/.well-known/oauth-protected-resource/sse', '/mcp/one'])
      assert.equal((await fetch(`${bridge.url}${path}`, { headers })).status, 404, path);
    assert.equal((await fetch(`${bridge.url}/.well-known/oauth-protected-resource`)).status, 200);
  });

  it('passes method, query and body of POST, GET and DELETE, and no other method', async (t) => {
    const { server, send } = await open(t, { name: 'one' });
    for (const method of ['POST', 'GET', 'DELETE']) {
      assert.equal((await send({ method, headers: { 'mcp-method': 'x' } }, '?a=1&b=%20x')).status, 200);
      assert.equal(server.last().method, method);
      assert.equal(server.last().url, '/mcp?a=1&b=%20x');
    }
    for (const method of ['PUT', 'PATCH', 'HEAD']) {
      const response = await send({ method });
      assert.equal(response.status, 405, method);
      assert.deepEqual(response.headers.get('allow')?.split(', ').sort(), ['DELETE', 'GET', 'POST']);
    }
    assert.equal(server.received.length, 3);
  });

  it('gives its own JSON-RPC error with the id of the request, whatever its size, when the server cannot be reached', async (t) => {
    const { server, send } = await open(t);
    await server.close();
    for (const id of ['12345678901234567890', '"a \\"b\\""', '1.50', '-0']) {
      const response = await send({ body: `{"id":${id},"jsonrpc":"2.0","method":"x","params":{"id":3}}` });
      assert.equal(response.status, 502);
      const text = await response.text();
      assert.ok(text.startsWith(`{"jsonrpc":"2.0","id":${id},"error":`), text);
      assert.match(text, /cannot be reached \(One, 127\.0\.0\.1:\d+\)/);
    }
    for (const body of ['', 'no json', '[]', '{"id":{}}', '{"params":{"id":1}}'])
      assert.equal((await rpcError(await send({ body }))).id, null, body);
  });

  it('answers 502 for redirects, compressed answers and broken ones, and follows nothing', async (t) => {
    const { server, send } = await open(t);
    const elsewhere = await recordingServer(t);
    const nonsense: RecordingServer['answer'][] = [
      json('', 307, { Location: elsewhere.url }),
      json('', 304),
      json('x', 200, { 'Content-Encoding': 'gzip' }),
      (_received, response) => void response.socket?.end('HTTP/9.9 hello\r\n\r\n'),
      (_received, response) => void response.destroy(),
      json(RESULT, 200, { 'Mcp-Session-Id': 'x'.repeat(1025) }),
      json(RESULT, 200, { 'Mcp-Session-Id': 'a b' }),
      json(RESULT, 200, { 'Mcp-Session-Id': '' }),
    ];
    for (const [index, answer] of nonsense.entries()) {
      server.answer = answer;
      const response = await send();
      assert.equal(response.status, 502, String(index));
      assert.equal((await rpcError(response)).id, 1);
    }
    assert.equal(elsewhere.received.length, 0);
    server.answer = json(RESULT);
    assert.equal((await send()).status, 200, 'the session is kept');
  });

  it('answers 504 when an answer does not begin in time, and ends the request at the server; GET may stay silent', async (t) => {
    const { server, send } = await open(t, { firstByteTimeout: '1s' });
    const ended = Promise.withResolvers<void>();
    server.answer = (_received, response) => void response.on('close', () => ended.resolve());
    const response = await send();
    assert.equal(response.status, 504);
    assert.match((await rpcError(response)).message, /did not answer in time \(One/);
    await ended.promise;
    const begun = Promise.withResolvers<() => void>();
    server.answer = (received, stream) => begun.resolve(() => void json(RESULT)(received, stream));
    const silent = send({ method: 'GET' });
    const answerNow = await begun.promise;
    assert.equal((await send().catch(() => undefined))?.status, 504, 'longer than that limit');
    answerNow();
    assert.equal((await silent).status, 200);
  });

  it('answers 504, too, when interim responses come and no answer (RFC 9110 section 15.2)', async (t) => {
    const { server, send } = await open(t, { firstByteTimeout: '1s' });
    server.answer = (_received, response) => {
      const timer = setInterval(() => response.writeProcessing(), 100);
      response.on('close', () => clearInterval(timer));
    };
    assert.equal((await send()).status, 504);
  });

  it('has a line in the audit trail, too, for a call after which the store failed', async (t) => {
    let reads = Number.NEGATIVE_INFINITY;
    const wrapStore = (store: Store): Store => ({
      ...store,
      sessions: {
        ...store.sessions,
        read: async (ref) => {
          if (++reads > 1) throw new StoreUnavailable('down');
          return store.sessions.read(ref);
        },
      },
    });
    const { bridge, server, send } = await open(t, {}, { wrapStore });
    server.answer = json('', 401);
    reads = 0;
    assert.equal((await send()).status, 503);
    assert.equal(server.received.length, 1);
    assert.deepEqual(
      bridge.eventsOf('gateway.request').map(({ outcome, status, tool }) => [outcome, status, tool]),
      [['broken', 503, 'get_me']],
    );
  });

  it('logs nothing of a body that cannot be read, also where tools are filtered', async (t) => {
    const { bridge, send } = await open(t, { denyTools: ['x'] });
    assert.equal((await send({ body: 'very private body' })).status, 400);
    assert.match(bridge.log(), /"event":"gateway\.request"/);
    assert.doesNotMatch(bridge.log(), /private/);
  });

  it('says in the audit trail who called what, and nothing of arguments or results', async (t) => {
    const { bridge, server, send } = await open(t);
    server.answer = json('{"jsonrpc":"2.0","id":1,"result":{"content":"very private result"}}');
    await (await send({ body: CALL.replace('{}', '{"secret":"very private argument"}') })).text();
    const [event] = bridge.eventsOf('gateway.request');
    assert.deepEqual(
      { ...event, clientId: '', person: '', grant: '', milliseconds: 0 },
      {
        server: 'one',
        clientId: '',
        person: '',
        grant: '',
        githubId: 583231,
        githubLogin: 'octocat',
        method: 'tools/call',
        tool: 'get_me',
        outcome: 'answered',
        status: 200,
        milliseconds: 0,
      },
    );
    assert.doesNotMatch(bridge.log(), /very private/);
    assert.match(bridge.log(), /"event":"gateway\.request","audit":true/);
  });
});
