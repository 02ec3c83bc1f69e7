/** Sends a web-standard `Response`, which the MCP SDK returns, as the answer of a Koa request. */
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type Koa from 'koa';

/** Copies status, headers and body. */
export function send(ctx: Koa.Context, response: Response): void {
  ctx.status = response.status;
  // `Connection` applies to one connection only and must not be forwarded (RFC 9110 section 7.6.1).
  for (const [name, value] of response.headers) if (name !== 'connection') ctx.set(name, value);
  // Without a body Koa would turn 202 into 204.
  ctx.body = response.body === null ? '' : Readable.fromWeb(response.body as ReadableStream);
  if (response.status === 401 || response.status === 403) ctx.set('Cache-Control', 'no-store');
}
