/** Gives each request a reference, and reports it to the log and the metrics when it is finished. */
import { randomUUID } from 'node:crypto';
import type Koa from 'koa';
import type { Metrics } from './metrics.ts';

/** A logged path is cut to this many characters. */
export const MAX_LOGGED_PATH = 300;

/** Receives every request when it is finished; for the log. */
export type RequestListener = (request: {
  method: string;
  path: string;
  status: number;
  milliseconds: number;
  reference: string;
  address: string;
}) => void;

/** Sets `ctx.state.reference` and `X-Request-Id`, and reports the finished request. */
export function observeRequests(
  metrics: Pick<Metrics, 'request'>,
  onRequest: RequestListener | undefined,
): Koa.Middleware {
  return async (ctx, next) => {
    const begun = performance.now();
    const reference = randomUUID();
    ctx.state.reference = reference;
    ctx.set('X-Request-Id', reference);
    try {
      await next();
    } finally {
      const milliseconds = performance.now() - begun;
      const route: unknown = ctx._matchedRoute;
      metrics.request(typeof route === 'string' ? route : 'none', ctx.method, ctx.status, milliseconds / 1000);
      onRequest?.({
        method: ctx.method,
        path: ctx.path.slice(0, MAX_LOGGED_PATH),
        status: ctx.status,
        milliseconds,
        reference,
        address: ctx.ip,
      });
    }
  };
}
