// In front of GitHub's MCP server, as the simulated GitHub has it: a login, calls, a token revoked at GitHub, expiring tokens,
// step-up, and a read-only variant.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { z } from 'zod';
import { parseJson } from '../../src/base/json.ts';
import { bridgeFor, onBothStores, type TestBridge, type TestBridgeOptions } from '../support/bridge.ts';
import { connect, logIn, refreshing, type Tokens, tokenRequest, tokensOf } from '../support/oauth.ts';
import { type Entries, gatewayFor, json, recordingServer, upstreamsFile } from './fixtures.ts';

const FORBIDDEN = 'Bearer error="insufficient_scope"';

/** A bridge in front of the stand-in, at `/mcp/github`, or at the paths of `entries`. */
function atGithub(
  t: TestContext,
  options: Partial<TestBridgeOptions> & { entries?: (mcpUrl: string) => Entries } = {},
): Promise<TestBridge> {
  const { entries = (url: string) => [{ name: 'github', url }], ...rest } = options;
  const env = (githubUrl: string) => ({
    UPSTREAMS_FILE: upstreamsFile(entries(`${githubUrl}/mcp/`), (remove) => t.after(remove)),
  });
  return bridgeFor(t, { store: 'sqlite', ...rest, env });
}

const answerSchema = z.looseObject({
  result: z
    .looseObject({
      tools: z.array(z.looseObject({ name: z.string() })).optional(),
      content: z.array(z.looseObject({ text: z.string() })).optional(),
      isError: z.boolean().optional(),
    })
    .optional(),
  error: z.looseObject({ code: z.number(), message: z.string() }).optional(),
});

/** Sends one request of protocol 2025-11-25, and reads the answer, JSON or event stream. */
async function send(
  url: string,
  { access_token }: Tokens,
  method: string,
  params: Record<string, unknown> = {},
  headers: Record<string, string> = {},
) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${access_token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const text = await response.text();
  const message = /^data: (.*)$/m.exec(text)?.[1] ?? text;
  const body = answerSchema.safeParse(parseJson(message)).data ?? {};
  return { status: response.status, headers: response.headers, body };
}

const callTool = (url: string, tokens: Tokens, name: string, input: Record<string, unknown> = {}) =>
  send(url, tokens, 'tools/call', { name, arguments: input });

async function toolNames(url: string, tokens: Tokens, headers: Record<string, string> = {}): Promise<string[]> {
  return ((await send(url, tokens, 'tools/list', {}, headers)).body.result?.tools ?? []).map(({ name }) => name).sort();
}

onBothStores("GitHub's MCP server behind the bridge", (store) => {
  it('lists its tools and calls them as the person who logged in', async (t) => {
    const bridge = await atGithub(t, { store });
    const url = `${bridge.url}/mcp/github`;
    for (const login of ['octocat', 'monalisa']) {
      const { tokens } = await connect(bridge.url, { login, parameters: { resource: url } });
      assert.ok((await toolNames(url, tokens)).includes('get_me'));
      const { status, body } = await callTool(url, tokens, 'get_me');
      assert.equal(status, 200);
      assert.match(body.result?.content?.[0]?.text ?? '', new RegExp(`"login":"${login}"`));
    }
  });

  it('is 401 when the person revoked the token at GitHub, and the session has ended', async (t) => {
    const bridge = await atGithub(t, { store });
    const url = `${bridge.url}/mcp/github`;
    const { client, tokens } = await connect(bridge.url, { parameters: { resource: url } });
    await bridge.github.revokeAuthorization('octocat', bridge.config.github.clientId);
    const { status, headers } = await callTool(url, tokens, 'get_me');
    assert.equal(status, 401);
    assert.match(headers.get('www-authenticate') ?? '', /resource_metadata="[^"]+\/mcp\/github"/);
    assert.deepEqual(
      bridge.eventsOf('grant.ended').map(({ reason }) => reason),
      ['upstream_revoked'],
    );
    assert.equal((await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token))).status, 400);
  });

  it('gets a new token before the old one expires, and another one when GitHub ended it unseen', async (t) => {
    const bridge = await atGithub(t, { store, app: { kind: 'github-app', permissions: ['profile'] } });
    const url = `${bridge.url}/mcp/github`;
    const { client, tokens } = await connect(bridge.url, { parameters: { resource: url } });
    const [first] = bridge.github.liveTokens();
    assert.equal((await callTool(url, tokens, 'get_me')).status, 200);

    bridge.advance(8 * 3600 - 60);
    const renewed = tokensOf(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token)));
    assert.equal((await callTool(url, renewed, 'get_me')).status, 200);
    const [second] = bridge.github.liveTokens();
    assert.notEqual(second?.token, first?.token);

    assert.equal(bridge.eventsOf('credential.refreshed').length, 1);

    // Ended there, although it has not expired: the call is tried once more, with a new one.
    const ended = { kind: 'status', status: 401, body: { message: 'Bad credentials' } } as const;
    bridge.github.fault({ ...ended, path: /^\/mcp\// });
    bridge.github.fault({ ...ended, path: /\/user$/ });
    assert.equal((await callTool(url, renewed, 'get_me')).status, 200);
    assert.equal(bridge.eventsOf('credential.refreshed').length, 2);
    assert.equal(bridge.eventsOf('grant.ended').length, 0);
  });
});

describe("step-up at GitHub's MCP server", () => {
  it('becomes a challenge of the bridge, and the repeated call succeeds', async (t) => {
    const bridge = await atGithub(t);
    const url = `${bridge.url}/mcp/github`;
    const { client, tokens } = await connect(bridge.url, { parameters: { resource: url } });
    const repository = { owner: 'octocat', repo: 'hello-world' };
    const refused = await callTool(url, tokens, 'list_issues', repository);
    assert.equal(refused.status, 403);
    const challenge = refused.headers.get('www-authenticate') ?? '';
    assert.ok(challenge.startsWith(FORBIDDEN), challenge);
    assert.match(challenge, /scope="read:user repo"/);
    assert.ok(challenge.includes(`resource_metadata="${bridge.url}/.well-known/oauth-protected-resource/mcp/github"`));

    const scope = /scope="([^"]+)"/.exec(challenge)?.[1] ?? '';
    const stepped = await logIn(bridge.url, client, { parameters: { resource: url, scope } });
    assert.equal((await callTool(url, stepped, 'list_issues', repository)).status, 200);
    assert.deepEqual(
      bridge.eventsOf('gateway.request').map(({ outcome, status }) => `${outcome} ${status}`),
      ['step_up 403', 'answered 200'],
    );
  });

  it('ends after one round for a scope that the operator named and GitHub does not grant', async (t) => {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(t, [{ name: 'one', url: server.url, scopes: ['read:user', 'planets:move'] }]);
    const url = `${bridge.url}/mcp/one`;
    server.answer = json('{"message":"no"}', 403, {
      'WWW-Authenticate': `${FORBIDDEN}, scope="planets:move repo"`,
    });
    const { client, tokens } = await connect(bridge.url, { parameters: { resource: url, scope: 'read:user' } });
    const rounds: string[] = [];
    for (let current = tokens; rounds.length < 4; ) {
      const { headers } = await callTool(url, current, 'x');
      const scope = /scope="([^"]+)"/.exec(headers.get('www-authenticate') ?? '')?.[1];
      rounds.push(scope ?? 'plain');
      if (scope === undefined) break;
      current = await logIn(bridge.url, client, { parameters: { resource: url, scope } });
    }
    assert.deepEqual(rounds, ['read:user planets:move repo', 'plain']);
  });

  it('is a plain 403 where it would not help: for scopes that are held, or that the bridge does not know', async (t) => {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(t, [
      { name: 'one', url: server.url },
      { name: 'two', url: server.url, credential: 'identity' },
      { name: 'three', url: server.url, credential: 'none' },
    ]);
    const challenged = (scope: string) =>
      json('{"message":"no"}', 403, {
        'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}", resource_metadata="https://elsewhere.example"`,
      });
    const cases = [
      { path: '/mcp/one', scope: 'read:user', plain: true },
      { path: '/mcp/one', scope: 'planets:move', plain: true },
      { path: '/mcp/one', scope: 'planets:move repo', plain: false },
      { path: '/mcp/two', scope: 'repo', plain: true },
      { path: '/mcp/three', scope: 'repo', plain: true },
    ];
    for (const { path, scope, plain } of cases) {
      server.answer = challenged(scope);
      const { tokens } = await connect(bridge.url, { parameters: { resource: `${bridge.url}${path}` } });
      const { status, headers } = await callTool(`${bridge.url}${path}`, tokens, 'x');
      assert.equal(status, 403);
      const challenge = headers.get('www-authenticate');
      if (plain) assert.equal(challenge, null, `${path} ${scope}`);
      else assert.match(challenge ?? '', /scope="read:user repo"/);
      assert.doesNotMatch(challenge ?? '', /elsewhere/);
    }
  });
});

describe("variants of GitHub's MCP server", () => {
  it('are entries of their own: fixed headers win, and no X-MCP header of the client passes beside one', async (t) => {
    const bridge = await atGithub(t, {
      entries: (url) => [
        { name: 'github', url },
        { name: 'read-only', url, headers: { 'X-MCP-Readonly': 'true' } },
        { name: 'gists', url: `${url}x/gists` },
      ],
    });
    const names = async (path: string, headers: Record<string, string> = {}) => {
      const url = `${bridge.url}${path}`;
      const { tokens } = await connect(bridge.url, { parameters: { resource: url } });
      return toolNames(url, tokens, headers);
    };
    const all = await names('/mcp/github');
    const readOnly = await names('/mcp/read-only');
    assert.ok(all.includes('issue_write') && !readOnly.includes('issue_write') && readOnly.includes('list_issues'));
    assert.deepEqual(await names('/mcp/read-only', { 'x-mcp-toolsets': 'gists', 'x-mcp-readonly': 'false' }), readOnly);
    assert.ok((await names('/mcp/github', { 'x-mcp-readonly': 'true' })).includes('issue_write') === false);
    assert.deepEqual(await names('/mcp/gists', {}), await names('/mcp/github', { 'x-mcp-toolsets': 'gists' }));
  });

  it('with a token that the server does not take as one of GitHub: its 400 passes, and the session is kept', async (t) => {
    const bridge = await atGithub(t, { entries: (url) => [{ name: 'github', url, credential: 'identity' }] });
    const url = `${bridge.url}/mcp/github`;
    const { tokens } = await connect(bridge.url, { parameters: { resource: url } });
    assert.equal((await callTool(url, tokens, 'get_me')).status, 400);
    assert.equal(bridge.eventsOf('grant.ended').length, 0);
  });
});
