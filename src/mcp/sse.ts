/**
 * The deprecated HTTP+SSE transport, which openmcp-client still offers (docs/clients.md): `GET /sse` opens a stream,
 * `POST /messages` sends a message to it. Both are authenticated, and a stream accepts messages only of the session
 * that opened it.
 * @see MCP 2024-11-05, Transports
 */
import { type AuthInfo, isJSONRPCRequest, type McpServer } from '@modelcontextprotocol/server';
import type { SSEServerTransport } from '@modelcontextprotocol/server-legacy/sse';
import type Koa from 'koa';
import { formatSid } from '../oauth/tokens/session-tokens.ts';
import { parsedBody } from '../protocol/http.ts';
import { type BearerAuth, callerOf } from './bearer.ts';
import { type OpenAnswers, SessionOver, tooManyOpen } from './open-answers.ts';
import { SSE_PATH } from './protected-resource.ts';
import type { McpServers } from './server.ts';
import { insufficientScope } from './step-up.ts';
import { MAX_UNREAD_BYTES, send } from './web-response.ts';

/** Milliseconds between two comments, which keep proxies from closing an idle stream. */
const KEEP_ALIVE_INTERVAL = 25_000;

export interface SseTransport {
  /** `GET /sse` */
  readonly stream: Koa.Middleware;
  /** Runs before `messages`, so that no body of a stranger is read. */
  readonly authenticate: Koa.Middleware;
  /** `POST /messages` */
  readonly messages: Koa.Middleware;
}

interface Stream {
  readonly transport: SSEServerTransport;
  readonly response: Koa.Context['res'];
  readonly sid: string;
  /** Says which scopes a request needs that its token lacks. */
  readonly challenge: McpServer['resolveScopeChallenge'];
}

interface SseOptions {
  readonly bearer: BearerAuth;
  readonly servers: McpServers;
  readonly answers: OpenAnswers;
}

/** Creates the transport. */
export function createSseTransport({ bearer, servers, answers }: SseOptions): SseTransport {
  const streams = new Map<string, Stream>();
  const sidOf = (authInfo: AuthInfo) => formatSid(callerOf(authInfo).session.grant.ref);

  return {
    async stream(ctx) {
      const authInfo = await bearer.authenticate(ctx.get('authorization'), SSE_PATH);
      if (authInfo instanceof Response) return send(ctx, authInfo);
      if (ctx.method === 'HEAD') {
        // The answer to HEAD would never end, because the stream does not end.
        ctx.status = 405;
        ctx.set('Allow', 'GET');
        return;
      }
      // Loaded for the first stream, because a start does not need it.
      const { SSEServerTransport } = await import('@modelcontextprotocol/server-legacy/sse');
      const signal = answers.open(SSE_PATH, callerOf(authInfo).session.grant.ref, ctx.res);
      if (signal === undefined) return send(ctx, tooManyOpen());
      const server = await servers.create(authInfo, ctx.get('accept-language'), signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      if (signal.reason instanceof SessionOver) return send(ctx, bearer.sessionOver(SSE_PATH));
      ctx.respond = false;
      if (signal.aborted || server === undefined) return void ctx.res.destroy();
      const transport = new SSEServerTransport('/messages', ctx.res);
      const challenge = server.resolveScopeChallenge;
      streams.set(transport.sessionId, { transport, response: ctx.res, sid: sidOf(authInfo), challenge });
      // A write to a closed connection emits an error; without a listener it would end the process.
      ctx.res.on('error', () => {});
      const keepAlive = setInterval(() => {
        if (!ctx.res.writableEnded && !ctx.res.destroyed) ctx.res.write(': keep-alive\n\n');
      }, KEEP_ALIVE_INTERVAL);
      signal.addEventListener('abort', () => {
        clearInterval(keepAlive);
        streams.delete(transport.sessionId);
        void server.close();
      });
      await server.connect(transport);
    },
    async authenticate(ctx, next) {
      const authInfo = await bearer.authenticate(ctx.get('authorization'), SSE_PATH);
      if (authInfo instanceof Response) return send(ctx, authInfo);
      ctx.state.authInfo = authInfo;
      return next();
    },
    async messages(ctx) {
      const authInfo: AuthInfo = ctx.state.authInfo;
      const stream = streams.get(String(ctx.query.sessionId ?? ''));
      // The same answer for another session's stream and for a stream that does not exist.
      if (stream === undefined || stream.sid !== sidOf(authInfo)) {
        return send(ctx, refusal(404, 'invalid_request', 'no such stream: open /sse again'));
      }
      const message = parsedBody(ctx);
      // If no parsed body is passed, the SDK reads and parses the request itself, with other limits.
      if (typeof message !== 'object' || message === null || Array.isArray(message)) {
        return send(ctx, refusal(400, 'invalid_request', 'the body must be one JSON object'));
      }
      if (stream.response.writableLength > MAX_UNREAD_BYTES) {
        stream.response.destroy();
        return send(ctx, refusal(404, 'invalid_request', 'the stream is not read: open /sse again'));
      }
      const challenge = isJSONRPCRequest(message) && (await stream.challenge({ request: message, authInfo }));
      if (challenge) return send(ctx, insufficientScope(challenge, authInfo.resourceMetadataUrl ?? ''));
      ctx.respond = false;
      await stream.transport.handlePostMessage(Object.assign(ctx.req, { auth: authInfo }), ctx.res, message);
    },
  };
}

function refusal(status: number, error: string, description: string): Response {
  return Response.json({ error, error_description: description }, { status });
}
