/**
 * Gives each request its context, with a reference, and reports it to the log and the metrics when it is finished. A trusted
 * proxy may have named the request already (`X-Request-Id`, or `traceparent` of W3C Trace Context).
 */
import type Koa from 'koa';
import type { Metrics } from './metrics.ts';
import type { Known, RequestContext } from './request-context.ts';

/** A logged path is cut to this many characters. */
export const MAX_LOGGED_PATH = 300;
/** Paths that monitoring requests every few seconds: those that succeed are logged at level debug only, and none has a span. */
export const PROBE_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);
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
    const id = ctx.state.fromProxy === true ? ctx.get('x-request-id') : '';
    const start = {
      reference: REQUEST_ID.test(id) ? id : undefined,
      trace: traceParent(ctx)?.traceId,
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

/** The span of a trusted proxy that the request belongs to; undefined when none is named. Nobody else may name one. */
export function traceParent(
  ctx: Koa.Context,
): { readonly traceId: string; readonly spanId: string; readonly traceFlags: number } | undefined {
  if (ctx.state.fromProxy !== true) return undefined;
  const [, traceId, spanId, flags] = TRACE_PARENT.exec(ctx.get('traceparent')) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}
