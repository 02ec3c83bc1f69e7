// A server with everything that the requirement sets of the conformance suite ask for, at 2025-11-25 (sessions, requests to the
// client, streams that can be resumed) and at 2026-07-28. It answers requests of loopback addresses alone, without authorization.
import { randomUUID } from 'node:crypto';
import {
  localhostHostValidation,
  localhostOriginValidation,
  type NodeIncomingMessageLike,
  toNodeHandler,
} from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  createRequestStateCodec,
  isLegacyRequest,
  McpServer,
  type ServerNotifier,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { type Listening, listen } from '../../support/listen.ts';
import { addElicitationTools } from './elicitation.ts';
import { createEventStore } from './event-store.ts';
import { addInputTools } from './input-required.ts';
import { addPrompts } from './prompts.ts';
import { addResources } from './resources.ts';
import { addTasks, TASKS_EXTENSION, type Tasks } from './tasks.ts';
import { addTools } from './tools.ts';

/** Milliseconds after which a client is to resume a stream. */
const RETRY_INTERVAL = 500;
/** Milliseconds for which lists may be cached: any number above 0 is told from the default. */
const LIST_CACHE = { ttlMs: 60_000, cacheScope: 'private' } as const;

/** Starts the server on a free loopback port; the MCP endpoint is at every path. The caller closes it. */
export async function startFullServer(): Promise<Listening> {
  const requestState = createRequestStateCodec<Record<string, unknown>>({ key: randomUUID() });
  const tasks: Tasks = new Map();
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();

  function createServer(): McpServer {
    const server = new McpServer(
      { name: 'full-server', title: 'Full server', version: '1.0.0' },
      {
        capabilities: {
          tools: { listChanged: true },
          prompts: { listChanged: true },
          resources: { listChanged: true, subscribe: true },
          logging: {},
          completions: {},
          extensions: { [TASKS_EXTENSION]: {} },
        },
        instructions: 'Serves the conformance suite.',
        cacheHints: {
          'tools/list': LIST_CACHE,
          'prompts/list': LIST_CACHE,
          'resources/list': LIST_CACHE,
          'resources/templates/list': LIST_CACHE,
          'resources/read': LIST_CACHE,
        },
        requestState,
      },
    );
    addTools(server, notifier);
    addElicitationTools(server);
    addInputTools(server, requestState);
    addPrompts(server);
    addResources(server);
    addTasks(server, tasks);
    return server;
  }

  const modern = createMcpHandler(createServer, { legacy: 'reject' });
  const notifier: ServerNotifier = modern.notify;

  /** A request at 2025-11-25 or older: of a session, or the one that begins it. */
  async function legacy(request: Request): Promise<Response> {
    const id = request.headers.get('mcp-session-id');
    const known = id === null ? undefined : sessions.get(id);
    if (known !== undefined) return known.handleRequest(request);
    if (id !== null) return refusal(404, -32001, 'Session not found');
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: createEventStore(),
      retryInterval: RETRY_INTERVAL,
      onsessioninitialized: (session) => void sessions.set(session, transport),
      onsessionclosed: (session) => void sessions.delete(session),
    });
    await createServer().connect(transport);
    return transport.handleRequest(request);
  }

  const handle = toNodeHandler({
    fetch: async (request) => ((await isLegacyRequest(request)) ? legacy(request) : modern.fetch(request)),
  });
  const guards = [localhostHostValidation(), localhostOriginValidation()];
  const listening = await listen((request, response) => {
    if (guards.every((passes) => passes(request, response))) void handle(request as NodeIncomingMessageLike, response);
  });
  return {
    ...listening,
    async close() {
      await modern.close();
      for (const transport of sessions.values()) await transport.close();
      await listening.close();
    },
  };
}

function refusal(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status });
}
