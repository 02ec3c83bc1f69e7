/**
 * The error answer of the endpoints that programs call: every thrown error becomes an OAuth error as JSON. The answer
 * shows the code and the description; the log also has the detail, under the reference in `X-Request-Id`.
 * @see OAuth 2.1 section 3.2.4
 */
import type Koa from 'koa';
import type { EventBus } from '../observe/events.ts';
import { TooManyRequests } from '../security/rate-limits.ts';
import { StoreUnavailable } from '../store/store.ts';
import { clientErrorStatus, reportFailure, STORE_RETRY, unreadableBody } from './failures.ts';
import { OAuthError } from './oauth-error.ts';

/** Creates the middleware that answers errors as JSON. */
export function jsonErrors({ events }: { readonly events: EventBus }): Koa.Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const error = toOAuthError(thrown);
      reportFailure(events, ctx, thrown, { expected: isExpected(thrown), reason: error.code });
      ctx.status = error.status;
      ctx.set(error.headers);
      ctx.set('Cache-Control', 'no-store');
      ctx.body = { error: error.code, error_description: error.description };
    }
  };
}

function isExpected(thrown: unknown): boolean {
  return thrown instanceof OAuthError || thrown instanceof TooManyRequests || clientErrorStatus(thrown) !== undefined;
}

function toOAuthError(thrown: unknown): OAuthError {
  if (thrown instanceof OAuthError) return thrown;
  if (thrown instanceof TooManyRequests) {
    const { advice = 'slow down' } = thrown;
    return new OAuthError('temporarily_unavailable', `too many requests from this address: ${advice}`, {
      status: 429,
      headers: { 'Retry-After': String(thrown.retryAfter) },
    });
  }
  if (thrown instanceof StoreUnavailable) {
    return new OAuthError('temporarily_unavailable', 'the store cannot be reached: try again', {
      status: 503,
      headers: { 'Retry-After': String(STORE_RETRY) },
    });
  }
  const status = clientErrorStatus(thrown);
  if (status !== undefined) return new OAuthError('invalid_request', unreadableBody(status), { status });
  return new OAuthError(
    'server_error',
    'something went wrong here; the reference in X-Request-Id finds it in the log',
    { status: 500, cause: thrown },
  );
}
