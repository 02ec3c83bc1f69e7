/** The ways in which a bridge is mounted in the server of another program. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Handler, isGone } from './requests-under-way.ts';
import { createFetch, type RequestOrigin } from './web-fetch.ts';

/** The part of a context of Koa that is used. */
export interface KoaContext {
  /** The request of Node. */
  readonly req: IncomingMessage;
  /** The response of Node. */
  readonly res: ServerResponse;
  /** The path of the request. */
  readonly path: string;
  /** Set to false when the bridge answers. */
  respond?: boolean;
}

/** A bridge as a part of another server. Its paths are absolute, so it is mounted at the root, and before anything that reads bodies. */
export interface Mounts {
  /** For Express, Connect and plain Node: serves the paths of the bridge; others go to `next`, or are answered 404 without one. */
  handler(request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void): void;
  /** For Koa: a middleware that serves the paths of the bridge; others go to the next one. */
  koa(ctx: KoaContext, next: () => Promise<unknown>): Promise<void>;
  /**
   * For Hono and others that speak web-standard requests on Node; an unknown path is answered 404.
   * @param origin the address of the client; Hono's `c.env` is one
   */
  fetch(request: Request, origin?: RequestOrigin): Promise<Response>;
}

/** Said to the program's author, in the answer, because nothing of it is secret. */
const BODY_IS_READ =
  'the body was read before the bridge got the request: mount the bridge before the program parses bodies';

/**
 * Creates the ways in.
 * @param handler serves every request
 * @param hasRoute whether a path is one of the bridge's
 */
export function mount(handler: Handler, hasRoute: (path: string) => boolean): Mounts {
  const serve = (request: IncomingMessage, response: ServerResponse) =>
    request.readableDidRead && hasBody(request) ? refuse(response) : handler(request, response);
  const fetch = createFetch(serve);
  return {
    handler(request, response, next) {
      if (next === undefined || hasRoute(pathOf(request))) serve(request, response);
      else next();
    },
    async koa(ctx, next) {
      if (!hasRoute(ctx.path)) return void (await next());
      ctx.respond = false;
      if (isGone(ctx.res)) return;
      const closed = new Promise<void>((resolve) => void ctx.res.once('close', resolve));
      serve(ctx.req, ctx.res);
      await closed;
    },
    fetch: (request, origin) =>
      request.bodyUsed ? Promise.resolve(Response.json(...refusal)) : fetch(request, origin),
  };
}

const refusal = [{ error: 'server_error', error_description: BODY_IS_READ }, { status: 500 }] as const;

function refuse(response: ServerResponse): void {
  const [body, { status }] = refusal;
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The path of a request, as Koa reads it; the target may be a whole address (RFC 9112 section 3.2.2). */
function pathOf({ url = '/' }: IncomingMessage): string {
  return /^(?:https?:\/\/[^/?#]*)?([^?#]*)/i.exec(url)?.[1] || '/';
}
