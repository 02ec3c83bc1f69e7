/**
 * Gives each request its context, with a reference, and reports it to the log and the metrics when it is finished. A trusted
 * proxy may have named the request already (`X-Request-Id`, or `traceparent` of W3C Trace Context).
 */
import type Koa from 'koa';
import type { Metrics } from './metrics.ts';
import type { Known, RequestContext } from './request-context.ts';

/** A logged path is cut to this many characters. */
export const MAX_LOGGED_PATH = 300;
/** What a proxy may call a request: what tools that make such ids use, and nothing that would need quotes. */
const REQUEST_ID = /^[\w.:=@/+-]{1,128}$/;
/** @see https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACE_PARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:-|$)/;

/** Receives every request when it is finished; for the log. */
export type RequestListener = (
  request: Known & { method: string; path: string; status: number; milliseconds: number },
) => void;

/** Runs the request in its context, sets `X-Request-Id`, and reports the finished request. It comes after `forwarded`. */
export function observeRequests(
  context: RequestContext,
  metrics: Pick<Metrics, 'request'>,
  onRequest: RequestListener | undefined,
): Koa.Middleware {
  return (ctx, next) => {
    const begun = performance.now();
    const named = ctx.state.fromProxy === true ? namedByProxy(ctx) : undefined;
    const start = {
      reference: named?.reference,
      trace: named?.trace,
      address: ctx.ip,
      onReference: (reference: string) => {
        if (!ctx.headerSent) ctx.set('X-Request-Id', reference);
      },
    };
    return context.run(start, async () => {
      try {
        await next();
      } finally {
        const milliseconds = performance.now() - begun;
        const route: unknown = ctx._matchedRoute;
        metrics.request(typeof route === 'string' ? route : 'none', ctx.method, ctx.status, milliseconds / 1000);
        const known = context.current;
        if (known !== undefined)
          onRequest?.({
            method: ctx.method,
            path: ctx.path.slice(0, MAX_LOGGED_PATH),
            status: ctx.status,
            milliseconds,
            reference: known.reference,
            ...(known.trace === undefined ? {} : { trace: known.trace }),
            ...(known.login === undefined ? {} : { login: known.login }),
            address: ctx.ip,
          });
      }
    });
  };
}

/** The names that a proxy gave to a request; what has another form counts as absent. */
function namedByProxy(ctx: Koa.Context): { reference: string | undefined; trace: string | undefined } {
  const id = ctx.get('x-request-id');
  return {
    reference: REQUEST_ID.test(id) ? id : undefined,
    trace: TRACE_PARENT.exec(ctx.get('traceparent'))?.[1],
  };
}
