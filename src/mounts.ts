/** The ways in which a bridge is mounted in the server of another program. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isGone } from './protocol/http.ts';
import type { Handler } from './requests-under-way.ts';
import { createFetch, type RequestOrigin } from './web-fetch.ts';

/** The part of a context of Koa that is used. */
export interface KoaContext {
  /** The request of Node. */
  readonly req: IncomingMessage;
  /** The response of Node. */
  readonly res: ServerResponse;
  /** The path of the request. */
  readonly path: string;
  /** The target of the request before anything was taken away. */
  readonly originalUrl?: string;
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

/** Said to the program's author, in the log and in the answer, because nothing of it is secret. */
const BODY_IS_READ =
  'the body was read before the bridge got the request: mount the bridge before the program parses bodies';
const UNDER_A_PREFIX =
  'the bridge is mounted under a prefix: mount it at the root, because clients look for its metadata there';

const JSON_TYPE = { 'Content-Type': 'application/json' };

/** The bridge is mounted where it cannot work. */
export class Mismounted extends Error {
  override readonly name = 'Mismounted';
}

/**
 * Creates the ways in.
 * @param handler serves every request
 * @param hasRoute whether a path is one of the bridge's
 * @param onMismounted called for each request that is answered 500 because of how the bridge is mounted
 */
export function mount(
  handler: Handler,
  hasRoute: (path: string) => boolean,
  onMismounted: (error: Mismounted, path: string) => void,
): Mounts {
  function bodyOf(problem: string, path: string): string {
    onMismounted(new Mismounted(problem), path);
    return JSON.stringify({ error: 'server_error', error_description: problem });
  }

  /** @param original the target of the request before the program took a prefix away */
  function serve(request: IncomingMessage, response: ServerResponse, original = request.url): void {
    const path = pathOf(request.url);
    const problem =
      request.readableDidRead && hasBody(request)
        ? BODY_IS_READ
        : path !== pathOf(original)
          ? UNDER_A_PREFIX
          : undefined;
    if (problem === undefined) handler(request, response);
    else response.writeHead(500, JSON_TYPE).end(bodyOf(problem, path));
  }

  const fetch = createFetch(serve);
  return {
    handler(request, response, next) {
      if (next === undefined || hasRoute(pathOf(request.url))) serve(request, response, originalOf(request));
      else next();
    },
    async koa(ctx, next) {
      if (!hasRoute(ctx.path)) return void (await next());
      ctx.respond = false;
      if (isGone(ctx.res)) return;
      const closed = new Promise<void>((resolve) => void ctx.res.once('close', resolve));
      serve(ctx.req, ctx.res, ctx.originalUrl);
      await closed;
    },
    fetch: (request, origin) =>
      request.bodyUsed
        ? Promise.resolve(
            new Response(bodyOf(BODY_IS_READ, new URL(request.url).pathname), { status: 500, headers: JSON_TYPE }),
          )
        : fetch(request, origin),
  };
}

/** The target of a request before Express or Connect took a prefix away. */
function originalOf(request: IncomingMessage): string | undefined {
  return 'originalUrl' in request ? String(request.originalUrl) : request.url;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The path of a request, as Koa reads it; the target may be a whole address (RFC 9112 section 3.2.2). */
function pathOf(url = '/'): string {
  return /^(?:https?:\/\/[^/?#]*)?([^?#]*)/i.exec(url)?.[1] || '/';
}
