/** What a thrown error means, whether a program or a person is answered (`json-errors.ts`, `../web/page-errors.ts`). */
import type Koa from 'koa';
import type { EventBus } from '../observe/events.ts';
import type { RateLimits } from '../security/rate-limits.ts';

/** Seconds after which a client should try again when the store is down. */
export const STORE_RETRY = 5;
/** Characters of a path in an event. */
const LOGGED_PATH = 300;

/** What both kinds of error answer need. */
export interface FailureOptions {
  readonly events: EventBus;
  readonly limits: RateLimits;
}

/**
 * Counts a failure that a guesser would cause, by address.
 * @returns the error to answer with: the thrown one, or `TooManyRequests` when the address has caused too many
 */
export async function countFailure(thrown: unknown, limits: RateLimits, address: string): Promise<unknown> {
  try {
    await limits.failures.consume(address);
    return thrown;
  } catch (limited) {
    return limited;
  }
}

/**
 * Tells the log of a failed request.
 * @param expected whether this program refused on purpose; anything else is a fault and is logged with its stack
 */
export function reportFailure(events: EventBus, ctx: Koa.Context, error: unknown, expected: boolean): void {
  events.emit('request.failed', { error, expected, reference: referenceOf(ctx), path: ctx.path.slice(0, LOGGED_PATH) });
}

/** The 4xx status of an error that body parsing threw. */
export function clientErrorStatus(thrown: unknown): number | undefined {
  const status: unknown = thrown instanceof Error && 'status' in thrown ? thrown.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

/** What is wrong with a body that could not be read. @param status the 4xx status of that error */
export function unreadableBody(status: number): string {
  return status === 413 ? 'the body is too large' : 'the body cannot be read';
}

/** The reference under which the log has this request; also the `X-Request-Id` of the answer. */
export function referenceOf(ctx: Koa.Context): string {
  return String(ctx.state.reference ?? '');
}
