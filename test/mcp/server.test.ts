// The MCP server for one caller: the tools that this caller may see, and what becomes of a tool's errors: words for the
// person, the reason for the log (design decision 10). GitHub's troubles in words are in test/github/trouble.test.ts,
// calls without their scope in test/threats/scopes.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Client, SSEClientTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { InMemoryTransport } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { githubScopes } from '../../src/github/scopes.ts';
import { type CallContext, createCallContexts } from '../../src/mcp/call-context.ts';
import { createMcpServers } from '../../src/mcp/server.ts';
import { defineTool, type Tool } from '../../src/mcp/tool.ts';
import { EventBus } from '../../src/observe/events.ts';
import { messages } from '../../src/web/locale.ts';
import { useBridge } from '../support/bridge.ts';
import { callTool, connect } from '../support/oauth.ts';

const EVERYBODYS = [
  'get_auth_status',
  'get_user_profile',
  'list_organizations',
  'list_repositories',
  'list_user_emails',
];
const ADMINISTRATORS = ['get_session_stats', 'list_sessions', 'revoke_session'];

const never = new AbortController().signal;

describe('the MCP server', () => {
  const bridge = useBridge({ store: 'sqlite', env: { ADMIN_GITHUB_USERS: 'monalisa' } });
  const tokenOf = async (login: string, scope = 'read:user') =>
    (await connect(bridge.url, { login, parameters: { scope } })).tokens.access_token;

  /** A tool without parameters and results. */
  const toolWith = (handler: (context: CallContext) => Promise<void>) =>
    defineTool({
      name: 'the_tool',
      title: 'The tool',
      description: 'The tool',
      inputSchema: z.object({}),
      outputSchema: z.object({}),
      scopes: [],
      annotations: {},
      async handler(_input, context) {
        await handler(context);
        return {};
      },
    });

  /** The server of one tool, for a caller who has just logged in as hubot. */
  async function serverOf(tool: Tool, events: EventBus) {
    await tokenOf('hubot');
    const { github, directory, personTag } = bridge.bridge;
    const scopes = githubScopes([]);
    const [session] = await bridge.store.sessions.list(personTag(bridge.github.account('hubot').id));
    const caller = { session, credentialDied: false };
    const authInfo = { token: '', clientId: '', scopes: [], extra: { caller } };
    const server = await createMcpServers({
      tools: [tool],
      contexts: createCallContexts({ github, directory, scopes }),
      scopes,
      isAdministrator: async () => false,
      operator: {},
      events,
    }).create(authInfo, undefined, never);
    const [client, transport] = InMemoryTransport.createLinkedPair();
    await server.connect(transport);
    const params = { name: tool.name, arguments: {} };
    return {
      caller,
      call: () => client.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }, { authInfo }),
      close: () => server.close(),
    };
  }

  async function listed(token: string): Promise<string[]> {
    const response = await fetch(`${bridge.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': '2025-06-18',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    });
    return [...(await response.text()).matchAll(/"name":"(\w+)"/g)].map(([, name = '']) => name).sort();
  }

  it('shows everybody the tools for everybody, and administrators theirs as well', async () => {
    assert.deepEqual(await listed(await tokenOf('octocat')), EVERYBODYS);
    assert.deepEqual(await listed(await tokenOf('monalisa')), [...EVERYBODYS, ...ADMINISTRATORS].sort());
  });

  for (const [path, Transport] of [
    ['/mcp', StreamableHTTPClientTransport],
    ['/sse', SSEClientTransport],
  ] as const)
    it(`titles every tool in the language of the client at ${path}, which can say it in Accept-Language alone`, async () => {
      const authorization = `Bearer ${await tokenOf('monalisa')}`;
      for (const [language, locale] of [
        ['ja,en;q=0.5', 'ja'],
        ['*', 'en'],
        [`${'x,'.repeat(900)};q=<script>`, 'en'],
      ] as const) {
        const client = new Client({ name: 'test', version: '1' });
        await using _ = { [Symbol.asyncDispose]: () => client.close() };
        const requestInit = { headers: { authorization, 'accept-language': language } };
        await client.connect(new Transport(new URL(path, bridge.url), { requestInit }));
        const { tools } = await client.listTools();
        const titles = Object.fromEntries(tools.map(({ name, title }) => [name, title]));
        assert.deepEqual(titles, messages(locale).tools, language);
      }
    });

  it('knows no administrators’ tool for anybody else, whatever the token says', async () => {
    const { text } = await callTool(bridge.url, await tokenOf('octocat', 'bridge:admin'), 'list_sessions');
    assert.match(text, /list_sessions not found|Unknown tool/i);
  });

  it('tells of each call which tool it was and how it ended', async () => {
    const token = await tokenOf('octocat');
    await callTool(bridge.url, token, 'get_user_profile');
    bridge.github.fault({ kind: 'status', status: 404, path: '/api/v3/user' });
    assert.equal((await callTool(bridge.url, token, 'get_user_profile')).result?.isError, true);
    assert.deepEqual(
      bridge
        .eventsOf('tool.called')
        .slice(-2)
        .map(({ tool, outcome }) => ({ tool, outcome })),
      [
        { tool: 'get_user_profile', outcome: 'ok' },
        { tool: 'get_user_profile', outcome: 'error' },
      ],
    );
  });

  it('says of a fault of its own only that there is one, and tells the log what it was', async () => {
    const token = await tokenOf('octocat');
    bridge.github.fault({ kind: 'status', status: 200, body: { login: 42 }, path: '/api/v3/user' });
    const { status, result } = await callTool(bridge.url, token, 'get_user_profile');
    assert.equal(status, 200, 'the session is kept');
    assert.equal(result?.isError, true);
    assert.match(result?.content[0]?.text ?? '', /^Something went wrong in this tool\./);
    const { error, expected } = bridge.eventsOf('request.failed').at(-1) ?? {};
    assert.equal(expected, false);
    assert.ok(
      (error instanceof Error && error.name === '$ZodError') || (error instanceof Error && error.name === 'ZodError'),
    );
  });

  it('starts no request to GitHub for a call whose answer has ended', async () => {
    const [first, second] = ['/api/v3/users/octocat', '/api/v3/users/hubot'];
    const events = new EventBus();
    const ended = new Promise((resolve) => events.on('tool.called', resolve));
    const failures: unknown[] = [];
    events.on('request.failed', (event) => failures.push(event));
    let caught: unknown;
    const twice = toolWith(async ({ github }) => {
      await github.rest.users.getByUsername({ username: 'octocat' }).catch((error: unknown) => {
        caught = error;
      });
      await github.rest.users.getByUsername({ username: 'hubot' });
    });
    const server = await serverOf(twice, events);
    bridge.github.clearCalls();
    bridge.github.fault({ kind: 'hang', path: first });
    const arrived = bridge.github.nextCall('GET', first);
    await server.call();
    await arrived;
    // What the transports do when the session ends or the client hangs up.
    await server.close();
    await ended;
    bridge.github.clearFaults();
    assert.notEqual(caught, undefined, 'the handler is told at once');
    assert.deepEqual([bridge.github.callsTo('GET', first).length, bridge.github.callsTo('GET', second).length], [1, 0]);
    assert.deepEqual(failures, []);
  });

  it('knows that the credential died, also when the handler catches the error', async () => {
    const events = new EventBus();
    const ended = new Promise((resolve) => events.on('tool.called', resolve));
    const careless = toolWith(async ({ github }) => {
      await github.rest.users.getAuthenticated().catch(() => undefined);
    });
    const server = await serverOf(careless, events);
    for (const { token } of bridge.github.liveTokens({ account: 'hubot' })) bridge.github.revokeToken(token);
    await server.call();
    await ended;
    assert.equal(server.caller.credentialDied, true);
  });

  it('is made with the one tool that a request calls, because each tool costs; other requests get all', async () => {
    const tool = (name: string, administratorsOnly = false) =>
      defineTool({
        name,
        title: name,
        description: name,
        inputSchema: z.object({}),
        outputSchema: z.object({}),
        scopes: [],
        annotations: {},
        administratorsOnly,
        handler: async () => ({}),
      });
    const servers = createMcpServers({
      tools: [tool('one'), tool('other'), tool('theirs', true)],
      contexts: async () => ({}) as CallContext,
      scopes: githubScopes([]),
      isAdministrator: async () => false,
      operator: {},
      events: new EventBus(),
    });
    async function toolsFor(calledTool?: string): Promise<string[]> {
      const caller = { session: {}, credentialDied: false, ...(calledTool === undefined ? {} : { calledTool }) };
      const server = await servers.create({ token: '', clientId: '', scopes: [], extra: { caller } }, undefined, never);
      const [client, transport] = InMemoryTransport.createLinkedPair();
      const answer = new Promise<unknown>((resolve) => {
        client.onmessage = resolve;
      });
      await server.connect(transport);
      await client.send({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
      const { result } = z
        .object({ result: z.object({ tools: z.array(z.object({ name: z.string() })) }) })
        .parse(await answer);
      await server.close();
      return result.tools.map(({ name }) => name);
    }
    assert.deepEqual(await toolsFor(), ['one', 'other']);
    assert.deepEqual(await toolsFor('other'), ['other']);
    for (const unknown of ['theirs', 'missing', '__proto__', 'constructor'])
      assert.deepEqual(await toolsFor(unknown), [], unknown);
  });
});
