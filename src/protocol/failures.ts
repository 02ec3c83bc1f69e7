/**
 * What `json-errors.ts` and `../web/page-errors.ts` share: which failures are the sender's, what a body that cannot be read
 * is called, and the event that the log hears.
 */
import type Koa from 'koa';
import type { EventBus } from '../observe/events.ts';
import { MAX_LOGGED_PATH } from '../observe/requests.ts';

/** `Retry-After` in seconds when the store is down. */
export const STORE_RETRY = 5;

/**
 * Emits the event for a failed request.
 * @param expected true when the request was refused on purpose; otherwise the error is logged with its stack
 * @param reason one of few: the code of the OAuth error, or the kind of the page, for the metrics
 */
export function reportFailure(
  events: EventBus,
  ctx: Koa.Context,
  error: unknown,
  { expected, reason }: { readonly expected: boolean; readonly reason: string },
): void {
  events.emit('request.failed', {
    error,
    expected,
    reason,
    path: ctx.path.slice(0, MAX_LOGGED_PATH),
  });
}

/** The 4xx status of an error that body parsing threw; undefined for any other error. */
export function clientErrorStatus(thrown: unknown): number | undefined {
  const status: unknown = thrown instanceof Error && 'status' in thrown ? thrown.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

/** What is wrong with a body that could not be read. @param status the 4xx status of that error */
export function unreadableBody(status: number): string {
  return status === 413 ? 'the body is too large' : 'the body cannot be read';
}
