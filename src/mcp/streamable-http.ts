/**
 * The Streamable HTTP transport at `/mcp`: the SDK's handler under Koa. If the session ends during the call, the answer is
 * 401, so that the client logs in again. For this the status of the answer is held back until its first bytes.
 */
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type AuthInfo, createMcpHandler } from '@modelcontextprotocol/server';
import type Koa from 'koa';
import type { EventBus } from '../observe/events.ts';
import { type BearerAuth, callerOf } from './bearer.ts';
import { MAX_UNREAD_BYTES, type OpenAnswers, SessionOver, tooManyOpen } from './open-answers.ts';
import { MCP_PATH } from './protected-resource.ts';
import type { McpServers } from './server.ts';
import { send } from './web-response.ts';

/** Maximum size of a request body. */
const MAX_BODY_BYTES = 1024 * 1024;
/** The status in the log when the client closed the connection before it was answered; as nginx has it. */
const CLIENT_CLOSED_REQUEST = 499;

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
}

/** Creates the transport. */
export function createStreamableHttp(options: StreamableHttpOptions): StreamableHttp {
  const { issuer, bearer, servers, answers, events } = options;

  const serverFor = async ({ authInfo, requestInfo }: { authInfo?: AuthInfo; requestInfo?: Request }) => {
    let server: Awaited<ReturnType<McpServers['create']>>;
    try {
      server = await servers.create(authInfo);
    } catch (error) {
      callerOf(authInfo).failure = error;
      throw error;
    }
    requestInfo?.signal.throwIfAborted();
    // Each request has a server of its own, so a cancellation names a call of its own batch. The SDK answers no call that
    // was cancelled, and ends the response when all calls are answered: it would never end. A receiver may ignore it.
    server.server.setNotificationHandler('notifications/cancelled', () => {});
    return server;
  };
  const handler = createMcpHandler(serverFor, {
    maxRequestBodySize: MAX_BODY_BYTES,
    onerror: (error) => events.emit('mcp.refused', { reason: error.message }),
  });

  return {
    async endpoint(ctx) {
      // 401 before 405: a client sends GET without a token to learn where to log in (docs/clients.md, mcp-remote).
      const authInfo = await bearer.authenticate(ctx.get('authorization'), MCP_PATH);
      if (authInfo instanceof Response) return send(ctx, authInfo);
      const signal = answers.open(MCP_PATH, callerOf(authInfo).session.grant.ref, ctx.res);
      if (signal === undefined) return send(ctx, tooManyOpen());
      const request = new Request(`${issuer}${MCP_PATH}`, {
        method: ctx.method,
        headers: webHeaders(ctx),
        signal,
        ...(ctx.method === 'POST'
          ? { body: Readable.toWeb(ctx.req) as globalThis.ReadableStream, duplex: 'half' }
          : {}),
      });
      const response = await withFirstBytes(await handler.fetch(request, { authInfo }));
      const { credentialDied, failure } = callerOf(authInfo);
      if (!credentialDied && failure === undefined && !signal.aborted) return send(ctx, response);
      await response.body?.cancel();
      if (credentialDied || signal.reason instanceof SessionOver) return send(ctx, bearer.sessionOver(MCP_PATH));
      if (failure !== undefined) throw failure;
      ctx.status = ctx.res.closed ? CLIENT_CLOSED_REQUEST : 503;
    },
    close: () => handler.close(),
  };
}

/**
 * Waits for the first bytes of a response. From then on the body is copied as it comes, because the SDK queues without
 * limit what the client does not read: the body fails when more than {@link MAX_UNREAD_BYTES} are queued.
 * @returns an equal response
 */
async function withFirstBytes(response: Response): Promise<Response> {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  const first = await reader.read();
  async function copy(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    for (let next = first; !next.done; next = await reader.read()) {
      // The connection takes bytes only between two turns of the event loop.
      if ((controller.desiredSize ?? 0) <= 0) await nextTurn();
      if ((controller.desiredSize ?? 0) <= 0) throw new Error('the client does not read its answer');
      controller.enqueue(next.value);
    }
    controller.close();
  }
  const body = new globalThis.ReadableStream<Uint8Array>(
    {
      start(controller) {
        copy(controller).catch((error: unknown) => {
          controller.error(error);
          void reader.cancel(error);
        });
      },
      cancel: (reason) => reader.cancel(reason),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES }),
  );
  return new Response(body, { status: response.status, headers: response.headers });
}

/** The headers of a Koa request as web-standard Headers; repeated ones are joined with commas. */
function webHeaders(ctx: Koa.Context): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(ctx.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  return headers;
}
