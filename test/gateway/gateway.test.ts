// The gateway as a whole: people side by side, session ids wherever they are used, replicas behind a proxy with the SDK's own
// client and server, and how it stops.
import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { type EventStore, StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  type JSONRPCMessage,
  LoggingMessageNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { listen } from '../support/listen.ts';
import { connect, refreshing, tokenRequest, tokensOf } from '../support/oauth.ts';
import { runBridge } from '../support/run-bridge.ts';
import { simulatedApp } from '../support/simulated-app.ts';
import { until } from '../support/until.ts';
import { gatewayFor, json, RESULT, recordingServer, upstreamsFile } from './fixtures.ts';
import { startReplicas } from './replicas.ts';

const ping = (id: number) => JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' });

/** A request of a session. */
function send(resource: string, accessToken: string, init: RequestInit = {}): Promise<Response> {
  return fetch(resource, {
    method: 'POST',
    ...(init.method === undefined ? { body: ping(1) } : {}),
    ...init,
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json', ...init.headers },
  });
}

describe('two people with two grants each', () => {
  it('get their own answers, and the server their own tokens and session ids, under two hundred calls at once', async (t) => {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(t, [{ name: 'one', url: `${server.url}/mcp` }]);
    const resource = `${bridge.url}/mcp/one`;
    // A session of the server for each initialize; it answers whose token and which session it saw, in random order.
    server.answer = async ({ headers, body }, response) => {
      const { id, method } = JSON.parse(body.toString());
      await delay(randomInt(30));
      const session = method === 'initialize' ? { 'Mcp-Session-Id': `session-${randomUUID()}` } : {};
      const result = {
        token: headers.authorization,
        session: headers['mcp-session-id'],
        own: session['Mcp-Session-Id'],
      };
      json(
        JSON.stringify({ jsonrpc: '2.0', id, result }),
        200,
        session as Record<string, string>,
      )(server.last(), response);
    };
    const callers = await Promise.all(
      ['octocat', 'octocat', 'monalisa', 'monalisa'].map(async (login) => {
        const { tokens } = await connect(bridge.url, { login, parameters: { resource } });
        const answer = await send(resource, tokens.access_token, {
          body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize' }),
        });
        const wrapped = answer.headers.get('mcp-session-id') ?? '';
        const { result } = (await answer.json()) as { result: { own: string } };
        return { login, tokens, wrapped, own: result.own };
      }),
    );
    assert.equal(new Set(callers.map(({ wrapped }) => wrapped)).size, 4);
    const calls = callers.flatMap((caller) => Array.from({ length: 50 }, (_, index) => ({ caller, id: index + 1 })));
    calls.sort(() => randomInt(3) - 1);
    await Promise.all(
      calls.map(async ({ caller: { login, tokens, wrapped, own }, id }) => {
        const response = await send(resource, tokens.access_token, {
          body: ping(id),
          headers: { 'mcp-session-id': wrapped },
        });
        const answer = (await response.json()) as { id: number; result: { token: string; session: string } };
        assert.equal(answer.id, id);
        assert.equal(answer.result.session, own);
        const tokensOfPerson = bridge.github.liveTokens({ account: login }).map(({ token }) => `Bearer ${token}`);
        assert.ok(tokensOfPerson.includes(answer.result.token));
      }),
    );
    assert.equal(server.received.length, 204);
  });
});

describe('a session id', () => {
  it('works for its grant at every replica and after a refresh, and nowhere else: 404', async (t) => {
    const server = await recordingServer(t);
    server.answer = json(RESULT, 200, { 'Mcp-Session-Id': 'abc' });
    // The operator gave the third replica another query for the same server: nobody has to consent again.
    const { url, replicas } = await startReplicas(t, 3, (index) => [
      { name: 'one', url: `${server.url}/mcp${index === 2 ? '?moved=1' : ''}` },
      { name: 'two', url: `${server.url}/other` },
    ]);
    const [first = '', second = '', changed = ''] = replicas.map((replica) => replica.url);
    const at = (base: string, token: string, id: string, path = '/mcp/one') =>
      send(`${base}${path}`, token, { headers: { 'mcp-session-id': id, host: new URL(url).host } });
    const parameters = { resource: `${url}/mcp/one` };
    const mine = await connect(url, { parameters });
    const opened = await send(`${first}/mcp/one`, mine.tokens.access_token, { headers: { host: new URL(url).host } });
    const id = opened.headers.get('mcp-session-id') ?? '';
    assert.notEqual(id, 'abc');
    for (const base of [first, second]) assert.equal((await at(base, mine.tokens.access_token, id)).status, 200);
    assert.equal(server.last().headers['mcp-session-id'], 'abc');
    const refreshed = tokensOf(await tokenRequest(url, refreshing(mine.client, mine.tokens.refresh_token)));
    assert.equal((await at(second, refreshed.access_token, id)).status, 200);

    const heard = server.received.length;
    const another = await connect(url, { parameters });
    const person = await connect(url, { parameters, login: 'monalisa' });
    const two = await connect(url, { parameters: { resource: `${url}/mcp/two` } });
    const refused = [
      await at(first, another.tokens.access_token, id),
      await at(second, person.tokens.access_token, id),
      await at(first, two.tokens.access_token, id, '/mcp/two'),
      await at(first, mine.tokens.access_token, 'abc'),
      await at(first, mine.tokens.access_token, `${id}x`),
      await at(first, mine.tokens.access_token, id.slice(1)),
      await at(changed, refreshed.access_token, id),
    ];
    for (const [index, response] of refused.entries()) assert.equal(response.status, 404, String(index));
    assert.equal(server.received.length, heard);
  });
});

/** The SDK's example of an event store loses the events of the stream of GET. */
function eventStore(): EventStore {
  const events: { streamId: string; message: JSONRPCMessage }[] = [];
  return {
    storeEvent: async (streamId, message) => String(events.push({ streamId, message })),
    async replayEventsAfter(last, { send }) {
      const { streamId = '' } = events[Number(last) - 1] ?? {};
      for (const [index, event] of events.entries())
        if (index >= Number(last) && event.streamId === streamId) await send(String(index + 1), event.message);
      return streamId;
    },
  };
}

/** The SDK's own server with sessions: a tool that reports progress and asks the client's model, and a tool that is done later. */
async function startStatefulServer(t: TestContext) {
  const sessions = new Map<string, { transport: StreamableHTTPServerTransport; server: McpServer }>();
  const requests: {
    method: string;
    authorization: string | undefined;
    lastEventId: string | undefined;
    response: ServerResponse;
  }[] = [];

  async function open(): Promise<StreamableHTTPServerTransport> {
    const server = new McpServer({ name: 'stateful', version: '1.0.0' }, { capabilities: { logging: {} } });
    server.registerTool('ask', { inputSchema: { question: z.string() } }, async ({ question }, extra) => {
      const progressToken = extra._meta?.progressToken;
      for (const progress of [1, 2, 3])
        if (progressToken !== undefined)
          await extra.sendNotification({
            method: 'notifications/progress',
            params: { progressToken, progress, total: 3 },
          });
      const { content } = await server.server.createMessage({
        messages: [{ role: 'user', content: { type: 'text', text: question } }],
        maxTokens: 10,
      });
      return { content: [{ type: 'text', text: `the model says ${JSON.stringify(content)}` }] };
    });
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: eventStore(),
      onsessioninitialized: (id) => void sessions.set(id, { transport, server }),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await server.connect(transport as Transport);
    return transport;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { authorization, 'last-event-id': lastEventId, 'mcp-session-id': id } = request.headers;
    requests.push({ method: request.method ?? '', authorization, lastEventId: lastEventId?.toString(), response });
    const known = id === undefined ? undefined : sessions.get(String(id));
    if (id !== undefined && known === undefined) return void response.writeHead(404).end();
    await (known?.transport ?? (await open())).handleRequest(request, response);
  }

  const listening = await listen((request, response) => void answer(request, response));
  t.after(() => listening.close());
  return { url: `${listening.url}/mcp`, sessions, requests };
}

describe('a stateful MCP server behind three replicas and a proxy', () => {
  it('is used by the SDK: tools, progress, a question to the client, a stream that is resumed, and its end', async (t) => {
    const server = await startStatefulServer(t);
    const gateway = await startReplicas(t, 3, [{ name: 'one', url: server.url }]);
    const resource = `${gateway.url}/mcp/one`;
    const { tokens } = await connect(gateway.url, { parameters: { resource } });
    const transport = new StreamableHTTPClientTransport(new URL(resource), {
      requestInit: { headers: { authorization: `Bearer ${tokens.access_token}` } },
      reconnectionOptions: {
        initialReconnectionDelay: 50,
        maxReconnectionDelay: 100,
        reconnectionDelayGrowFactor: 1,
        maxRetries: 20,
      },
    });
    const client = new Client({ name: 'test', version: '1.0.0' }, { capabilities: { sampling: {} } });
    t.after(() => client.close());
    client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => ({
      model: 'test',
      role: 'assistant',
      content: { type: 'text', text: `answer to ${JSON.stringify(params.messages[0]?.content)}` },
    }));
    const logged: unknown[] = [];
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logged.push(params.data));

    await client.connect(transport as Transport);
    const [[id, session] = []] = [...server.sessions];
    assert.ok(id !== undefined && session !== undefined);
    assert.notEqual(transport.sessionId, id, 'the client has it with a MAC');
    assert.deepEqual(
      (await client.listTools()).tools.map(({ name }) => name),
      ['ask'],
    );

    const gets = () => server.requests.filter(({ method }) => method === 'GET');
    // Before its headers are sent the server has no stream, and its question and what else it says over that reach nobody.
    await until(() => gets()[0]?.response.headersSent, { what: 'the stream of the client' });
    assert.equal(gets().length, 1);

    const progress: number[] = [];
    const call = { name: 'ask', arguments: { question: 'why?' } };
    const result = await client.callTool(call, undefined, { onprogress: (one) => void progress.push(one.progress) });
    assert.match(JSON.stringify(result.content), /answer to .*why\?/);
    assert.deepEqual(progress, [1, 2, 3]);

    const say = (data: string) => session.server.server.sendLoggingMessage({ level: 'info', data });
    await say('before');
    await until(() => logged.length === 1, { what: 'a message over the stream' });
    assert.equal(gateway.cut('GET'), 1);
    await say('meanwhile');
    await until(() => logged.length === 2, { what: 'what was said meanwhile' });
    assert.deepEqual(logged, ['before', 'meanwhile']);
    assert.ok(gets().at(-1)?.lastEventId, 'the stream was resumed');

    await transport.terminateSession();
    assert.equal(server.sessions.size, 0);
    const [live] = gateway.github.liveTokens();
    assert.deepEqual(
      new Set(server.requests.map(({ authorization }) => authorization)),
      new Set([`Bearer ${live?.token}`]),
    );
    assert.ok(
      gateway.replicas.every(({ requests }) => requests > 3),
      'every replica had its part',
    );
  });
});

describe('a bridge that stops', () => {
  it('finishes the calls under way, and ends the streams of GET without waiting for them, begun or not', async (t) => {
    const { url, github, env } = await simulatedApp();
    const directory = mkdtempSync(join(tmpdir(), 'bridge-stop-'));
    t.after(async () => {
      await github.close();
      rmSync(directory, { recursive: true });
    });
    const server = await recordingServer(t);
    const bridge = await runBridge({
      ...env,
      DATA_DIR: directory,
      UPSTREAMS_FILE: upstreamsFile([{ name: 'one', url: `${server.url}/mcp` }], (remove) => t.after(remove)),
    });
    const resource = `${url}/mcp/one`;
    const { tokens } = await connect(url, { parameters: { resource } });

    const finish: (() => void)[] = [];
    let atServer = 0;
    server.answer = ({ method, url: path, body }, response) => {
      atServer++;
      if (path === '/mcp?silent') return;
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': begun\n\n');
      if (method === 'POST') finish.push(() => void response.end(`data: ${body}\n\n`));
    };
    const accept = { accept: 'application/json, text/event-stream' };
    const stream = await send(resource, tokens.access_token, { method: 'GET', headers: accept });
    const silent = send(`${resource}?silent`, tokens.access_token, { method: 'GET', headers: accept }).then(
      ({ status }) => status,
      () => 'cut off',
    );
    const call = await send(resource, tokens.access_token, { headers: accept });
    await until(() => atServer === 3, { what: 'all three at the server' });

    const begun = performance.now();
    const stopped = bridge.close();
    await assert.rejects(fetch(`${url}/healthz`));
    for (const one of finish) one();
    assert.equal(await call.text(), `: begun\n\ndata: ${ping(1)}\n\n`);
    await stopped;
    await stream.text().catch(() => '');
    assert.equal(await silent, 'cut off');
    assert.ok(performance.now() - begun < 10_000, 'no stream was waited for');
  });
});
