/**
 * The Streamable HTTP transport at `/mcp`: the SDK's handler under Koa. If GitHub ended the session during the call,
 * the answer is 401, so that the client logs in again. For this the status of the answer is held back until its first
 * bytes.
 */
import { Readable } from 'node:stream';
import { type AuthInfo, createMcpHandler } from '@modelcontextprotocol/server';
import type Koa from 'koa';
import type { EventBus } from '../observe/events.ts';
import { type BearerAuth, callerOf } from './bearer.ts';
import type { McpServers } from './server.ts';
import { send } from './web-response.ts';

/** Maximum size of a request body. */
const MAX_BODY_BYTES = 1024 * 1024;
const PATH = '/mcp';

export interface StreamableHttp {
  /** `POST`, `GET` and `DELETE /mcp` */
  readonly endpoint: Koa.Middleware;
  /** Closes the SDK's handler. */
  close(): Promise<void>;
}

/** Creates the transport. */
export function createStreamableHttp(
  issuer: string,
  bearer: BearerAuth,
  servers: McpServers,
  events: EventBus,
): StreamableHttp {
  const serverFor = async ({ authInfo }: { authInfo?: AuthInfo }) => {
    try {
      return await servers.create(authInfo);
    } catch (error) {
      callerOf(authInfo).failure = error;
      throw error;
    }
  };
  const handler = createMcpHandler(serverFor, {
    maxRequestBodySize: MAX_BODY_BYTES,
    onerror: (error) => events.emit('mcp.refused', { reason: error.message }),
  });
  return {
    async endpoint(ctx) {
      // 401 before 405: a client sends GET without a token to learn where to log in (docs/clients.md, mcp-remote).
      const authInfo = await bearer.authenticate(ctx.get('authorization'), PATH);
      if (authInfo instanceof Response) return send(ctx, authInfo);
      const request = new Request(`${issuer}${PATH}`, {
        method: ctx.method,
        headers: webHeaders(ctx),
        ...(ctx.method === 'POST'
          ? { body: Readable.toWeb(ctx.req) as globalThis.ReadableStream, duplex: 'half' }
          : {}),
      });
      const response = await withFirstBytes(await handler.fetch(request, { authInfo }));
      const { credentialDied, failure } = callerOf(authInfo);
      if (!credentialDied && failure === undefined) return send(ctx, response);
      await response.body?.cancel();
      if (failure !== undefined) throw failure;
      return send(ctx, bearer.sessionOver(PATH));
    },
    close: () => handler.close(),
  };
}

/** Waits for the first bytes of a response. @returns an equal response */
async function withFirstBytes(response: Response): Promise<Response> {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  const first = await reader.read();
  const body = new globalThis.ReadableStream<Uint8Array>({
    start: (controller) => (first.done ? controller.close() : controller.enqueue(first.value)),
    async pull(controller) {
      const next = await reader.read();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, { status: response.status, headers: response.headers });
}

/** The headers of a Koa request as web-standard Headers; repeated ones are joined with commas. */
function webHeaders(ctx: Koa.Context): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(ctx.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  return headers;
}
