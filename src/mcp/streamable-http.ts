/**
 * The Streamable HTTP transport at `/mcp`: the SDK's handler under Koa. If the session ends during the call, the answer is
 * 401, so that the client logs in again. For this the status of the answer is held back until its first bytes.
 */
import type { IncomingMessage } from 'node:http';
import { type AuthInfo, createMcpHandler } from '@modelcontextprotocol/server';
import type Koa from 'koa';
import { defined } from '../base/defined.ts';
import { parseJson } from '../base/json.ts';
import type { EventBus } from '../observe/events.ts';
import { BodyTooLarge, readBytes } from '../protocol/body.ts';
import { type BearerAuth, callerOf, namedCaller } from './bearer.ts';
import { type OpenAnswers, SessionOver, tooManyOpen } from './open-answers.ts';
import { MCP_PATH } from './protected-resource.ts';
import type { McpServers } from './server.ts';
import { toolCallSchema } from './tool.ts';
import { begin, discard, send, sendBegun } from './web-response.ts';

/** Maximum size of a request body. */
const MAX_BODY_BYTES = 1024 * 1024;
/** The status in the log when the client closed the connection before it was answered; as nginx has it. */
const CLIENT_CLOSED_REQUEST = 499;
/** Characters of the name of a tool in the log. */
const MAX_TOOL_NAME = 200;
/** The headers that MCP defines, and those that say what a body is and in which language. */
const MCP_HEADER = /^(?:accept|accept-language|content-type|last-event-id|mcp-.*)$/;

export interface StreamableHttp {
  /** `POST`, `GET` and `DELETE /mcp` */
  readonly endpoint: Koa.Middleware;
  /** Closes the SDK's handler. */
  close(): Promise<void>;
}

interface StreamableHttpOptions {
  readonly issuer: string;
  readonly bearer: BearerAuth;
  readonly servers: McpServers;
  readonly answers: OpenAnswers;
  readonly events: EventBus;
  /** Whether tools of others are served too, which may take longer than the built-in ones. */
  readonly longCalls: boolean;
  /**
   * Whether a program makes the servers. Then only answers are counted, and no calls: a body may not have several messages, as
   * MCP 2025-03-26 allows.
   */
  readonly ownServers: boolean;
}

/** Creates the transport. */
export function createStreamableHttp(options: StreamableHttpOptions): StreamableHttp {
  const { issuer, bearer, servers, answers, events } = options;
  const kind = options.longCalls ? 'long' : MCP_PATH;

  const serverFor = async ({ authInfo, requestInfo }: { authInfo?: AuthInfo; requestInfo?: Request }) => {
    if (authInfo === undefined || requestInfo === undefined) throw new TypeError('the request was not authenticated');
    let server: Awaited<ReturnType<McpServers['create']>>;
    try {
      const acceptLanguage = requestInfo.headers.get('accept-language') ?? undefined;
      server = await servers.create(authInfo, acceptLanguage, requestInfo.signal);
    } catch (error) {
      // When the answer has ended, the reason of its signal says what it is.
      if (!requestInfo.signal.aborted) callerOf(authInfo).failure = error;
      throw error;
    }
    requestInfo.signal.throwIfAborted();
    // Each request has a server of its own, so a cancellation names a call of its own batch. The SDK answers no call that
    // was cancelled, and ends the response when all calls are answered: it would never end. A receiver may ignore it.
    server.server.setNotificationHandler('notifications/cancelled', () => {});
    return server;
  };
  const handler = createMcpHandler(serverFor, {
    maxRequestBodySize: MAX_BODY_BYTES,
    onerror: (error) => events.emit('mcp.refused', { reason: error.message }),
  });

  /** Gives a request to the SDK. It gets no header of another purpose: the token is for the bridge only. */
  async function ask({ req, method }: Koa.Context, authInfo: AuthInfo, signal: AbortSignal): Promise<Response> {
    const headers = mcpHeaders(req);
    const request = (body?: string) =>
      requestWithSignal(`${issuer}${MCP_PATH}`, { method, headers, ...defined({ body }) }, signal);
    if (method !== 'POST') return handler.fetch(request(), { authInfo });
    try {
      const text = (await readBytes(req, MAX_BODY_BYTES)).toString('utf8');
      const parsedBody = parseJson(text);
      if (Array.isArray(parsedBody) && options.ownServers) return oneMessageAtATime();
      const call = toolCallSchema.safeParse(parsedBody);
      if (call.success) callerOf(authInfo).calledTool = call.data.params.name;
      // What is no JSON the SDK reads itself, and refuses in the words of JSON-RPC.
      return await (parsedBody === undefined
        ? handler.fetch(request(text), { authInfo })
        : handler.fetch(request(), { authInfo, parsedBody }));
    } catch (error) {
      if (signal.aborted) return new Response(null);
      if (!(error instanceof BodyTooLarge)) throw error;
      // The SDK refuses it by its length.
      headers.set('content-length', String(MAX_BODY_BYTES + 1));
      return handler.fetch(request(), { authInfo });
    }
  }

  return {
    async endpoint(ctx) {
      // 401 before 405: a client sends GET without a token to learn where to log in (docs/clients.md, mcp-remote).
      const authInfo = await bearer.authenticate(ctx.get('authorization'), MCP_PATH);
      if (authInfo instanceof Response) return send(ctx, authInfo);
      const signal = answers.open(kind, callerOf(authInfo).session.grant.ref, ctx.res);
      if (signal === undefined) return send(ctx, tooManyOpen());
      const begun = performance.now();
      const response = await begin(await ask(ctx, authInfo, signal));
      const { credentialDied, failure, calledTool } = callerOf(authInfo);
      // The built-in server tells the calls of its tools itself, also those of a batch.
      if (options.ownServers && calledTool !== undefined) {
        const outcome = failure === undefined && response.status < 400 ? 'answered' : 'error';
        const milliseconds = performance.now() - begun;
        events.emit('tool.called', { ...namedCaller(authInfo), tool: cut(calledTool), outcome, milliseconds });
      }
      if (!credentialDied && failure === undefined && !signal.aborted) return sendBegun(ctx, response);
      await discard(response);
      if (credentialDied || signal.reason instanceof SessionOver) return send(ctx, bearer.sessionOver(MCP_PATH));
      if (failure !== undefined) throw failure;
      ctx.status = ctx.res.closed ? CLIENT_CLOSED_REQUEST : 503;
    },
    close: () => handler.close(),
  };
}

/** The name of a tool as the log has it; the client chose it. */
function cut(tool: string): string {
  return tool.slice(0, MAX_TOOL_NAME);
}

/** The answer to a batch that is not taken (JSON-RPC 2.0, "Invalid Request"). MCP has no batches from 2025-06-18 on. */
function oneMessageAtATime(): Response {
  const error = { code: -32600, message: 'Invalid Request: send one message at a time' };
  return Response.json({ jsonrpc: '2.0', error, id: null }, { status: 400 });
}

/**
 * A request that has this signal itself. The signal of a plain `Request` is another one, which follows; what is registered for
 * that keeps all of a call in memory until the next full garbage collection.
 */
function requestWithSignal(url: string, init: Omit<RequestInit, 'signal'>, signal: AbortSignal): Request {
  return Object.defineProperty(new Request(url, init), 'signal', { value: signal });
}

/** The headers of {@link MCP_HEADER}, as web-standard Headers; repeated ones are joined with commas. */
function mcpHeaders(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined && MCP_HEADER.test(name)) headers.set(name, String(value));
  return headers;
}
