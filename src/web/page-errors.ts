/**
 * Errors of the pages: whatever a handler throws becomes a page that says what happened and what to do next; a program
 * that asks for JSON gets the protocol's error. The page shows a reference, under which the log has the rest.
 */
import type Koa from 'koa';
import { defined } from '../base/defined.ts';
import {
  clientErrorStatus,
  countFailure,
  type FailureOptions,
  referenceOf,
  reportFailure,
  STORE_RETRY,
  unreadableBody,
} from '../protocol/failures.ts';
import { OAuthError } from '../protocol/oauth-error.ts';
import { TooManyRequests } from '../security/rate-limits.ts';
import { StoreUnavailable } from '../store/store.ts';
import { PageError } from './page-error.ts';
import type { Web } from './web.ts';

/** Seconds for which an explaining page is shown before the answer is carried to the client. */
const EXPLAIN_FOR = 10;
/** Kinds that tell a guesser "no": they count against the address. */
const GUESSES: ReadonlySet<string> = new Set(['unknown_client', 'invalid_client_metadata']);

export function pageErrors({ events, limits, web }: FailureOptions & { readonly web: Web }): Koa.Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const isGuess = thrown instanceof PageError && GUESSES.has(thrown.kind);
      const error = toPageError(isGuess ? await countFailure(thrown, limits, ctx.ip) : thrown);
      reportFailure(events, ctx, thrown, isExpected(thrown));
      ctx.vary('Accept');
      if (ctx.accepts('html', 'json') === 'json') {
        // A client may ask before it opens a browser, to register again when it is unknown (clients.md, mcp-remote).
        const code = error.kind === 'unknown_client' ? 'invalid_client' : errorCodeOf(error.status);
        ctx.body = { error: code, error_description: error.description ?? error.kind };
      } else {
        const { kind, description, login, retryAfter, continueUrl, clientName } = error;
        web.page(ctx, 'error', error.uiLocales, {
          kind,
          reference: referenceOf(ctx),
          ...defined({ description, login, retryAfter, continueUrl, clientName }),
        });
      }
      ctx.status = error.status;
      ctx.set('Cache-Control', 'no-store');
      if (error.retryAfter !== undefined) ctx.set('Retry-After', String(error.retryAfter));
      if (error.continueUrl !== undefined) ctx.set('Refresh', `${EXPLAIN_FOR}; url=${error.continueUrl}`);
    }
  };
}

/** The code that is nearest to a page's status. @see OAuth 2.1 section 4.1.2.1 */
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
