/**
 * Error answers: whatever is thrown below becomes the protocol's own error for clients, and a page for people. The wire
 * shows the code and the description; the log gets the rest, under a reference that the person is shown.
 */
import type Koa from 'koa';
import type { EventBus } from '../observe/events.ts';
import { OAuthError } from '../protocol/oauth-error.ts';
import { type RateLimits, TooManyRequests } from '../security/rate-limits.ts';
import { StoreUnavailable } from '../store/store.ts';
import { PageError } from './page-error.ts';
import type { Web } from './web.ts';

/** Seconds after which a client should try again when the store is down. */
const STORE_RETRY = 5;
/** Seconds for which an explaining page is shown before the answer is carried to the client. */
const EXPLAIN_FOR = 10;

/** For endpoints that programs call: errors are JSON (OAuth 2.1 section 3.2.4). */
export function jsonErrors(events: EventBus, limits: RateLimits): Koa.Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const error = toOAuthError(await penalized(thrown, limits, ctx.ip));
      events.emit('request.failed', { error: thrown, reference: reference(ctx), path: ctx.path.slice(0, 300) });
      ctx.status = error.status;
      ctx.set(error.headers);
      ctx.set('Cache-Control', 'no-store');
      ctx.body = { error: error.code, error_description: error.description };
    }
  };
}

/** For pages: errors say what happened and what to do next; programs that ask for JSON get the protocol's error. */
export function pageErrors(events: EventBus, limits: RateLimits, web: Web): Koa.Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const error = toPageError(await penalized(thrown, limits, ctx.ip));
      events.emit('request.failed', { error: thrown, reference: reference(ctx), path: ctx.path.slice(0, 300) });
      ctx.vary('Accept');
      if (ctx.accepts('html', 'json') === 'json') {
        // A client may look before it opens a browser, to register again when it is unknown (clients.md, mcp-remote).
        const code = error.kind === 'unknown_client' ? 'invalid_client' : codeOf(error.status);
        ctx.body = { error: code, error_description: error.detail ?? error.kind };
      } else {
        web.page(ctx, 'error', error.uiLocales, {
          kind: error.kind,
          reference: reference(ctx),
          ...(error.detail === undefined ? {} : { detail: error.detail }),
          ...(error.login === undefined ? {} : { login: error.login }),
          ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
          ...(error.continueUrl === undefined ? {} : { continueUrl: error.continueUrl }),
          ...(error.clientName === undefined ? {} : { clientName: error.clientName }),
        });
      }
      ctx.status = error.status;
      ctx.set('Cache-Control', 'no-store');
      if (error.retryAfter !== undefined) ctx.set('Retry-After', String(error.retryAfter));
      if (error.continueUrl !== undefined) ctx.set('Refresh', `${EXPLAIN_FOR}; url=${error.continueUrl}`);
    }
  };
}

/** The nearest of the protocol's own codes. @see RFC 6749 section 4.1.2.1 */
function codeOf(status: number): string {
  if (status === 403) return 'access_denied';
  if (status === 429 || status === 503) return 'temporarily_unavailable';
  return status < 500 ? 'invalid_request' : 'server_error';
}

/** Counts what a request got wrong; who gets too much wrong is told to slow down instead. */
async function penalized(thrown: unknown, limits: RateLimits, address: string): Promise<unknown> {
  const counts =
    (thrown instanceof OAuthError && ['invalid_client', 'invalid_grant', 'invalid_token'].includes(thrown.code)) ||
    (thrown instanceof PageError && ['unknown_client', 'invalid_client_metadata'].includes(thrown.kind));
  if (!counts) return thrown;
  try {
    await limits.failures.consume(address);
    return thrown;
  } catch (limited) {
    return limited;
  }
}

function toOAuthError(thrown: unknown): OAuthError {
  if (thrown instanceof OAuthError) return thrown;
  if (thrown instanceof TooManyRequests) {
    return new OAuthError('temporarily_unavailable', 'too many requests from this address: slow down', {
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
  if (status !== undefined)
    return new OAuthError('invalid_request', status === 413 ? 'the body is too large' : 'the body cannot be read', {
      status,
    });
  return new OAuthError(
    'server_error',
    'something went wrong here; the reference in X-Request-Id finds it in the log',
    { status: 500, cause: thrown },
  );
}

function toPageError(thrown: unknown): PageError {
  if (thrown instanceof PageError) return thrown;
  if (thrown instanceof TooManyRequests) return new PageError('too_many_requests', { retryAfter: thrown.retryAfter });
  if (thrown instanceof StoreUnavailable) return new PageError('unavailable', { retryAfter: STORE_RETRY });
  if (thrown instanceof OAuthError) return new PageError('invalid_request', { detail: thrown.description });
  if (clientErrorStatus(thrown) !== undefined)
    return new PageError('invalid_request', { detail: 'the body cannot be read' });
  return new PageError('internal', { cause: thrown });
}

/** The 4xx status of an error that body parsing threw. */
function clientErrorStatus(thrown: unknown): number | undefined {
  const status: unknown = thrown instanceof Error && 'status' in thrown ? thrown.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

function reference(ctx: Koa.Context): string {
  return String(ctx.state.reference ?? '');
}
