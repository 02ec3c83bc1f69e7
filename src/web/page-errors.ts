/**
 * The error answer of the pages: every thrown error becomes a page that says what happened and what to do next. A
 * program that prefers JSON gets an OAuth error. The page shows a reference: the id of the login, or else that of the request.
 */
import type Koa from 'koa';
import { defined } from '../base/defined.ts';
import type { EventBus } from '../observe/events.ts';
import { clientErrorStatus, reportFailure, STORE_RETRY, unreadableBody } from '../protocol/failures.ts';
import { OAuthError } from '../protocol/oauth-error.ts';
import { TooManyRequests } from '../security/rate-limits.ts';
import { StoreUnavailable } from '../store/store.ts';
import { PageError } from './page-error.ts';
import type { Web } from './web.ts';

/** `Retry-After` in seconds of a 503 that names no time: GitHub does not answer. The page says it in its own words. */
const UPSTREAM_RETRY = 30;

/** Seconds of a wait whose end the page names, beside its length. */
const LONG_WAIT = 120;

interface PageErrorsOptions {
  readonly events: EventBus;
  readonly web: Web;
  /** Returns epoch seconds. */
  readonly now: () => number;
}

/** Creates the middleware that answers errors with a page. */
export function pageErrors({ events, web, now }: PageErrorsOptions): Koa.Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const error = toPageError(thrown);
      reportFailure(events, ctx, thrown, { expected: isExpected(thrown), reason: error.kind });
      ctx.vary('Accept');
      if (ctx.accepts('html', 'json') === 'json') {
        // mcp-remote asks for JSON before it opens a browser, and registers again on this code (docs/clients.md).
        const code = error.kind === 'unknown_client' ? 'invalid_client' : (error.code ?? errorCodeOf(error.status));
        ctx.body = { error: code, error_description: error.description ?? error.kind };
      } else {
        const { kind, description, login, retryAfter, continueUrl, anotherAccount, clientName } = error;
        // Pages show minutes.
        const retryAt = retryAfter && retryAfter >= LONG_WAIT ? Math.ceil((now() + retryAfter) / 60) * 60 : undefined;
        web.page(ctx, 'error', error.uiLocales, {
          kind,
          ...defined({ description, login, retryAfter, retryAt, continueUrl, anotherAccount, clientName }),
        });
      }
      ctx.status = error.status;
      ctx.set('Cache-Control', 'no-store');
      const retryAfter = error.retryAfter ?? (error.status === 503 ? UPSTREAM_RETRY : undefined);
      if (retryAfter !== undefined) ctx.set('Retry-After', String(retryAfter));
    }
  };
}

/** The OAuth error code that fits the status of a page. @see OAuth 2.1 section 4.1.2.1 */
function errorCodeOf(status: number): string {
  if (status === 403) return 'access_denied';
  if (status === 429 || status === 503) return 'temporarily_unavailable';
  return status < 500 ? 'invalid_request' : 'server_error';
}

function isExpected(thrown: unknown): boolean {
  return (
    thrown instanceof PageError ||
    thrown instanceof OAuthError ||
    thrown instanceof TooManyRequests ||
    clientErrorStatus(thrown) !== undefined
  );
}

function toPageError(thrown: unknown): PageError {
  if (thrown instanceof PageError) return thrown;
  if (thrown instanceof TooManyRequests) return new PageError('too_many_requests', { retryAfter: thrown.retryAfter });
  if (thrown instanceof StoreUnavailable) return new PageError('unavailable', { retryAfter: STORE_RETRY });
  if (thrown instanceof OAuthError) return new PageError('invalid_request', { description: thrown.description });
  const status = clientErrorStatus(thrown);
  if (status !== undefined) return new PageError('invalid_request', { description: unreadableBody(status), status });
  return new PageError('internal', { cause: thrown });
}
