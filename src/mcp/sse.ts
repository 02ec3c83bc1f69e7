/**
 * The deprecated HTTP+SSE transport, which openmcp-client still offers: `GET /sse` opens a stream, `POST /messages`
 * sends into it. Both are authenticated, and a stream answers only to the grant that opened it. @see MCP 2024-11-05,
 * Transports
 */
import type { ServerResponse } from 'node:http';
import type { AuthInfo } from '@modelcontextprotocol/server';
import { SSEServerTransport } from '@modelcontextprotocol/server-legacy/sse';
import type Koa from 'koa';
import { z } from 'zod';
import { formatSid } from '../oauth/tokens/session-tokens.ts';
import type { EventBus } from '../observe/events.ts';
import { parsedBody } from '../protocol/http.ts';
import { type BearerAuth, callerOf } from './bearer.ts';
import type { McpServers } from './server.ts';
import { send } from './streamable-http.ts';

const PATH = '/sse';
const MAX_STREAMS = 1000;
/** Of one person, so that nobody takes all. */
const MAX_STREAMS_OF_ONE = 50;
/** Bytes that may wait for a client that does not read. */
const MAX_UNREAD = 1024 * 1024;
/** Milliseconds between two comments that keep proxies from closing a quiet stream. */
const KEEP_ALIVE = 25_000;
const toolCallSchema = z.object({ method: z.literal('tools/call'), params: z.object({ name: z.string() }) });

export interface SseTransport {
  /** `GET /sse` */
  readonly stream: Koa.Middleware;
  /** `POST /messages` */
  readonly messages: Koa.Middleware;
  close(): Promise<void>;
}

export function createSseTransport(bearer: BearerAuth, servers: McpServers, events: EventBus): SseTransport {
  const streams = new Map<
    string,
    { transport: SSEServerTransport; response: ServerResponse; sid: string; person: string }
  >();
  const sidOf = (authInfo: AuthInfo) => formatSid(callerOf(authInfo).session.grant.ref);
  events.on('grant.ended', ({ person, grant }) => {
    for (const { transport, response, sid } of streams.values()) {
      if (sid !== formatSid({ person, grant })) continue;
      // What a client does not read would keep an ended stream open for ever.
      if (response.writableLength > 0) response.destroy();
      else void transport.close();
    }
  });

  return {
    async stream(ctx) {
      const authInfo = await bearer.authenticate(ctx.get('authorization'), PATH);
      if (authInfo instanceof Response) return send(ctx, authInfo);
      if (ctx.method === 'HEAD') {
        // A stream has no end, so there would be none to the answer either.
        ctx.status = 405;
        ctx.set('Allow', 'GET');
        return;
      }
      const { person } = callerOf(authInfo).session.grant.ref;
      const own = [...streams.values()].filter((stream) => stream.person === person).length;
      if (streams.size >= MAX_STREAMS || own >= MAX_STREAMS_OF_ONE) {
        return send(
          ctx,
          Response.json(
            { error: 'temporarily_unavailable', error_description: 'too many open streams' },
            { status: 503, headers: { 'Retry-After': '30' } },
          ),
        );
      }
      const server = await servers.create(authInfo);
      ctx.respond = false;
      // Who has hung up by now would leave a stream that never closes.
      if (ctx.res.closed || ctx.req.socket.destroyed) return void server.close();
      const transport = new SSEServerTransport('/messages', ctx.res);
      streams.set(transport.sessionId, { transport, response: ctx.res, sid: sidOf(authInfo), person });
      // A response that is over or broken takes no more, and what it says of that must not end the process.
      ctx.res.on('error', () => {});
      const keepAlive = setInterval(() => {
        if (!ctx.res.writableEnded && !ctx.res.destroyed) ctx.res.write(': keep-alive\n\n');
      }, KEEP_ALIVE);
      ctx.res.once('close', () => {
        clearInterval(keepAlive);
        streams.delete(transport.sessionId);
        void server.close();
      });
      await server.connect(transport);
    },
    async messages(ctx) {
      const authInfo = await bearer.authenticate(ctx.get('authorization'), PATH);
      if (authInfo instanceof Response) return send(ctx, authInfo);
      const stream = streams.get(String(ctx.query.sessionId ?? ''));
      // A stream of somebody else is as unknown as one that never was.
      if (stream === undefined || stream.sid !== sidOf(authInfo)) {
        return send(
          ctx,
          Response.json(
            { error: 'invalid_request', error_description: 'no such stream: open /sse again' },
            { status: 404 },
          ),
        );
      }
      const message = parsedBody(ctx);
      // What was not read here must not be read further down, by other rules for what is JSON.
      if (typeof message !== 'object' || message === null || Array.isArray(message)) {
        return send(
          ctx,
          Response.json(
            { error: 'invalid_request', error_description: 'the body must be one JSON object' },
            { status: 400 },
          ),
        );
      }
      if (stream.response.writableLength > MAX_UNREAD) {
        stream.response.destroy();
        return send(
          ctx,
          Response.json(
            { error: 'invalid_request', error_description: 'the stream is not read: open /sse again' },
            { status: 404 },
          ),
        );
      }
      const call = toolCallSchema.safeParse(message);
      const challenge = call.success ? servers.scopeChallenge(call.data.params.name, authInfo) : undefined;
      if (challenge !== undefined)
        return send(
          ctx,
          scopeResponse(challenge.scopes, challenge.errorDescription ?? '', authInfo.resourceMetadataUrl ?? ''),
        );
      ctx.respond = false;
      await stream.transport.handlePostMessage(Object.assign(ctx.req, { auth: authInfo }), ctx.res, message);
    },
    async close() {
      await Promise.all([...streams.values()].map(({ transport }) => transport.close()));
    },
  };
}

/** The same challenge that the SDK makes at `/mcp`. @see RFC 6750 section 3.1 */
function scopeResponse(scopes: readonly string[], description: string, resourceMetadataUrl: string): Response {
  const challenge = `Bearer error="insufficient_scope", error_description="${description}", scope="${scopes.join(' ')}", resource_metadata="${resourceMetadataUrl}"`;
  return Response.json(
    { error: 'insufficient_scope', error_description: description },
    { status: 403, headers: { 'WWW-Authenticate': challenge } },
  );
}
