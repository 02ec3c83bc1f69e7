/**
 * A stand-in for GitHub's MCP server (github/github-mcp-server), at `/mcp` and `/mcp/` of the simulated GitHub, in both
 * protocol eras. It is a client of the simulated REST API, as GitHub's is of theirs: each call of a tool makes calls under
 * /api/v3 with the caller's token, which count against the rate limit, are recorded, and meet the ordered faults.
 *
 * It keeps no sessions: it sends no `Mcp-Session-Id`, ignores one that it gets, and answers GET and DELETE with 405.
 */
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { type AuthInfo, createMcpHandler } from '@modelcontextprotocol/server';
import type { Middleware } from 'koa';
import { type Context, type Exchange, readBytes, UnreadableBody } from '../exchange.ts';
import { requestId } from '../rest.ts';
import { type AuthorizationParts, McpAuthorization, METADATA_PREFIX, Refusal } from './authorization.ts';
import { CORS_HEADERS } from './cors.ts';
import { readMessage } from './message.ts';
import { selectTools, UnknownTools } from './selection.ts';
import { createMcpServer, type RequestState } from './server.ts';

/** Bytes. */
const BODY_LIMIT = 5 * 1024 * 1024;

export interface McpParts extends AuthorizationParts {
  /** The address at which this server reaches its own REST API. */
  apiUrl(): string;
}

export interface McpEndpoint {
  readonly middleware: Middleware<Exchange>;
  /** Ends the open answers. */
  close(): Promise<void>;
}

/** Creates the MCP server with its protected-resource metadata. */
export function createMcpEndpoint(parts: McpParts): McpEndpoint {
  const authorization = new McpAuthorization(parts);
  /** What a request is about, by the object that the SDK's handler passes on. */
  const states = new WeakMap<AuthInfo, RequestState>();
  const handler = createMcpHandler(
    ({ authInfo }) => {
      const state = authInfo && states.get(authInfo);
      if (state === undefined) throw new Error('a request without its state');
      return createMcpServer(state, parts.apiUrl());
    },
    // GitHub's server streams every answer.
    { maxRequestBodySize: BODY_LIMIT, responseMode: 'sse' },
  );

  async function answer(ctx: Context): Promise<void> {
    const caller = authorization.caller(ctx.get('Authorization'), ctx.path);
    if (caller.record !== undefined) {
      ctx.state.call.accountId = caller.record.accountId;
      ctx.state.call.clientId = caller.record.app.clientId;
    }
    const body = ctx.method === 'POST' ? await readBytes(ctx.req, BODY_LIMIT) : Buffer.alloc(0);
    const message = readMessage(body);
    if (message?.method !== undefined) ctx.state.call.mcpMethod = message.method;
    if (message?.tool !== undefined) {
      ctx.state.call.tool = message.tool;
      authorization.checkScope(caller, message.tool, ctx.path);
    }
    const selection = selectTools(ctx.path, (name) => ctx.get(name));
    refuseOtherRequests(ctx);
    if (message?.method === 'subscriptions/listen') {
      // Nothing ever changes in its lists, and it says so.
      ctx.status = 404;
      ctx.body = { jsonrpc: '2.0', id: message.id, error: { code: -32_601, message: 'method not found' } };
      return;
    }
    const gone = new AbortController();
    ctx.res.once('close', () => gone.abort());
    const headers = new Headers();
    for (const [name, value] of Object.entries(ctx.headers)) headers.set(name, String(value));
    // The SDK knows no wildcards; what the client takes was checked above.
    headers.set('Accept', 'application/json, text/event-stream');
    const request = new Request(`${parts.origin()}${ctx.url}`, { method: 'POST', headers, body, signal: gone.signal });
    const authInfo: AuthInfo = { token: caller.token, clientId: '', scopes: [] };
    states.set(authInfo, { token: caller.token, selection });
    const response = await handler.fetch(request, { authInfo });
    ctx.status = response.status;
    for (const [name, value] of response.headers) if (name !== 'connection') ctx.set(name, value);
    ctx.body = response.body === null ? '' : Readable.fromWeb(response.body as ReadableStream);
  }

  return {
    async middleware(ctx, next) {
      if (ctx.path.startsWith(METADATA_PREFIX)) {
        const metadata = authorization.metadata(ctx.path);
        if (metadata === undefined) return next();
        ctx.set(CORS_HEADERS);
        ctx.body = metadata;
        return;
      }
      if (ctx.path !== '/mcp' && !ctx.path.startsWith('/mcp/')) return next();
      ctx.set(CORS_HEADERS);
      ctx.set('X-GitHub-Request-Id', requestId());
      if (ctx.method === 'OPTIONS') {
        ctx.status = 200;
        ctx.body = '';
        return;
      }
      try {
        await answer(ctx);
      } catch (error) {
        const refusal = refusalOf(error);
        ctx.status = refusal.status;
        if (refusal.challenge !== undefined) ctx.set('WWW-Authenticate', refusal.challenge);
        ctx.type = 'text/plain; charset=utf-8';
        ctx.body = `${refusal.message}\n`;
      }
    },
    close: () => handler.close(),
  };
}

/** @throws {Refusal} for a request that is no POST of JSON by a client that takes both kinds of answers */
function refuseOtherRequests(ctx: Context): void {
  if (ctx.method !== 'POST') {
    ctx.set('Allow', 'POST');
    throw new Refusal(405, 'Method Not Allowed');
  }
  if (!ctx.is('application/json')) throw new Refusal(415, "Content-Type must be 'application/json'");
  const takesBoth = ctx.accepts('application/json') && ctx.accepts('text/event-stream');
  if (ctx.get('Accept') === '' || !takesBoth) {
    throw new Refusal(400, "Accept must contain both 'application/json' and 'text/event-stream'");
  }
}

/** @throws what is no refusal, which is a bug of the simulator */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof UnknownTools) return new Refusal(400, error.message);
  if (error instanceof UnreadableBody) return new Refusal(413, 'request body too large');
  throw error;
}
