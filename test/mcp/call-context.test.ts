// What the code of a program can use of a request: the person, the client, the session, GitHub; and an MCP server of its own, at
// /mcp and at /sse, with step-up for tools, resources and prompts. Its GitHub client: test/github/api.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { CallContext } from '../../src/mcp/call-context.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { callTool, connect, postForm } from '../support/oauth.ts';
import { until } from '../support/until.ts';

/** A server of a program, with everything that the context gives. */
function serverOf(context: CallContext): McpServer {
  const { github, account, client, scopes, session, requireScopes } = context;
  const server = new McpServer({ name: 'own', version: '1.0.0' });
  server.registerTool('describe', { description: 'x' }, async () => ({
    content: [{ type: 'text', text: JSON.stringify({ account, client, scopes, session }) }],
  }));
  server.registerTool(
    'open_issue',
    { description: 'x', inputSchema: z.object({ title: z.string() }), scopeChallenge: requireScopes('public_repo') },
    async ({ title }) => {
      const { data } = await github.rest.issues.create({ owner: 'octocat', repo: 'Hello-World', title });
      return { content: [{ type: 'text', text: data.html_url }] };
    },
  );
  server.registerResource(
    'orgs',
    'orgs://mine',
    { scopeChallenge: requireScopes('read:org', 'repo') },
    async ({ href }) => ({ contents: [{ uri: href, text: 'mine' }] }),
  );
  return server;
}

onBothStores('a server of a program', (store) => {
  const bridge = useBridge({ store, extensions: { server: serverOf } });
  const tokenFor = async (scope: string) => connect(bridge.url, { parameters: { scope } });

  it('knows the account, the client, the scopes and the session of the request', async () => {
    const { tokens, client } = await tokenFor('read:user');
    const { result } = await callTool(bridge.url, tokens.access_token, 'describe');
    const { session, ...others } = JSON.parse(result?.content[0]?.text ?? '');
    assert.deepEqual(others, {
      account: { id: 583231, login: 'octocat' },
      client: { id: client.client_id, name: 'Test client' },
      scopes: ['read:user'],
    });
    assert.equal(session.resource, `${bridge.url}/mcp`);
    assert.deepEqual(session.githubScopes, ['read:user']);
    assert.equal(Date.parse(session.accessTokenExpiresAt) / 1000 - bridge.now() > 3500, true);
    assert.match(session.id, /./);
    assert.equal('githubTokenExpiresAt' in session, false);
  });

  it('has none of the built-in tools, in the landing page neither', async () => {
    const { tokens } = await tokenFor('read:user');
    assert.match((await callTool(bridge.url, tokens.access_token, 'get_user_profile')).text, /not found/);
    const landing = await fetch(bridge.url, { headers: { accept: 'application/json' } });
    assert.deepEqual(z.object({ tools: z.array(z.unknown()) }).parse(await landing.json()).tools, []);
  });

  it('is asked for the scopes of a tool, and writes when they are there', async () => {
    const { tokens } = await tokenFor('read:user');
    const refused = await callTool(bridge.url, tokens.access_token, 'open_issue', { title: 'One' });
    assert.equal(refused.status, 403);
    assert.match(refused.headers.get('www-authenticate') ?? '', /error="insufficient_scope".*scope="public_repo"/);
    const more = await tokenFor('repo');
    const done = await callTool(bridge.url, more.tokens.access_token, 'open_issue', { title: 'One' });
    assert.equal(done.status, 200);
    assert.match(done.text, /Hello-World\/issues\/\d+/);
  });

  it('says so to a client of GitHub’s trouble in plain words, and logs in again when the token is dead', async () => {
    const { tokens } = await tokenFor('repo');
    bridge.github.fault({ kind: 'status', status: 502, path: '/api/v3/repos/octocat/Hello-World/issues' });
    const { status, result } = await callTool(bridge.url, tokens.access_token, 'open_issue', { title: 'Two' });
    assert.equal(status, 200);
    assert.equal(result?.isError, true);
    assert.match(result?.content[0]?.text ?? '', /not known whether/);
    for (const { token } of bridge.github.liveTokens({ account: 'octocat' })) bridge.github.revokeToken(token);
    const dead = await callTool(bridge.url, tokens.access_token, 'open_issue', { title: 'Three' });
    assert.equal(dead.status, 401);
    assert.match(dead.headers.get('www-authenticate') ?? '', /error="invalid_token"/);
  });

  it('gets one message at a time, so that a batch is not a hundred calls', async () => {
    const { tokens } = await tokenFor('read:user');
    const answer = await fetch(`${bridge.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tokens.access_token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': '2025-03-26',
      },
      body: JSON.stringify([1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'ping' }))),
    });
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /"code":-32600,"message":"Invalid Request: send one message at a time"/);
  });

  it('steps up at /sse as well, for what is no tool too', async () => {
    const { tokens } = await tokenFor('read:user');
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    const stream = await fetch(`${bridge.url}/sse`, { headers });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    const [, messages = ''] = /data: (\S+)/.exec((await reader?.read())?.value ?? '') ?? [];
    const post = (method: string, params: object) =>
      fetch(`${bridge.url}${messages}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      });
    const tool = await post('tools/call', { name: 'open_issue', arguments: { title: 'x' } });
    assert.equal(tool.status, 403);
    assert.match(tool.headers.get('www-authenticate') ?? '', /scope="public_repo"/);
    const resource = await post('resources/read', { uri: 'orgs://mine' });
    assert.equal(resource.status, 403);
    assert.match(resource.headers.get('www-authenticate') ?? '', /scope="read:org repo"/);
    assert.equal((await post('tools/call', { name: 'describe' })).status, 202);
    await reader?.cancel();
  });
});

describe('a program that never makes its server', () => {
  let begun = 0;
  const never = () => {
    begun += 1;
    return new Promise<McpServer>(() => {});
  };
  const bridge = useBridge({ store: 'sqlite', extensions: { server: never } });

  it('is not waited for when the session ends: 401 at once', async () => {
    const { tokens, client } = await connect(bridge.url);
    const answer = callTool(bridge.url, tokens.access_token, 'describe');
    const stream = fetch(`${bridge.url}/sse`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    await until(() => begun === 2, { what: 'both requests' });
    await postForm(`${bridge.url}/revoke`, { token: tokens.refresh_token, client_id: client.client_id });
    assert.equal((await answer).status, 401);
    assert.equal((await stream).status, 401);
  });
});

describe('a program that makes no server', () => {
  const wrong: Record<string, (context: CallContext) => unknown> = {
    octocat: () => Promise.reject(new Error('no')),
    hubot: () => new McpServerV1({ name: 'old', version: '1.0.0' }),
    monalisa: ({ requireScopes }) => requireScopes('pubic_repo'),
  };
  const bridge = useBridge({
    store: 'sqlite',
    extensions: { server: (context) => wrong[context.account.login]?.(context) as McpServer },
  });

  it('gets a fault of its own, in the log, and no session ends', async () => {
    for (const [login, said] of [
      ['octocat', /^no$/],
      ['hubot', /must return an McpServer of @modelcontextprotocol\/server 2/],
      ['monalisa', /requireScopes: "pubic_repo" is no scope of GitHub/],
    ] as const) {
      const { tokens } = await connect(bridge.url, { login });
      const { status, text } = await callTool(bridge.url, tokens.access_token, 'describe');
      assert.equal(status, 500);
      assert.doesNotMatch(text, said);
      const { error, expected } = bridge.eventsOf('request.failed').at(-1) ?? {};
      assert.ok(error instanceof Error);
      assert.match(error.message, said);
      assert.equal(expected, false);
    }
    assert.deepEqual(bridge.eventsOf('grant.ended'), []);
  });
});

describe('a program that makes one server for everybody', () => {
  let kept: McpServer | undefined;
  const bridge = useBridge({
    store: 'sqlite',
    extensions: {
      server(context) {
        kept ??= serverOf(context);
        return kept;
      },
    },
  });

  it('gets a fault of its own, because the server would act for the person that it was made for', async () => {
    const [first, second] = [
      await connect(bridge.url, { login: 'octocat' }),
      await connect(bridge.url, { login: 'monalisa' }),
    ];
    assert.equal((await callTool(bridge.url, first.tokens.access_token, 'describe')).status, 200);
    const { status, text } = await callTool(bridge.url, second.tokens.access_token, 'describe');
    assert.equal(status, 500);
    assert.doesNotMatch(text, /octocat/);
    const headers = { authorization: `Bearer ${second.tokens.access_token}` };
    assert.equal((await fetch(`${bridge.url}/sse`, { headers })).status, 500);
    assert.match(String(bridge.eventsOf('request.failed').at(-1)?.error), /must make a new McpServer each time/);
  });
});
