/** The primary rate limit of the REST API: requests per person and hour, reported in the X-RateLimit headers. */
import { RestError } from './rest-error.ts';

const HOUR_MS = 3_600_000;

interface Window {
  used: number;
  /** Epoch milliseconds. */
  resetAt: number;
}

export interface RateLimit {
  limit: number;
  used: number;
  remaining: number;
  /** Epoch seconds. */
  reset: number;
}

export class RateLimits {
  readonly #now: () => number;
  readonly #perHour: number;
  readonly #windows = new Map<number, Window>();

  constructor(now: () => number, perHour: number) {
    this.#now = now;
    this.#perHour = perHour;
  }

  of(accountId: number): RateLimit {
    const { used, resetAt } = this.#window(accountId);
    const remaining = Math.max(0, this.#perHour - used);
    return { limit: this.#perHour, used, remaining, reset: Math.ceil(resetAt / 1000) };
  }

  count(accountId: number): void {
    this.#window(accountId).used += 1;
  }

  /** Sets how many requests remain in this hour. */
  setRemaining(accountId: number, remaining: number): void {
    this.#window(accountId).used = this.#perHour - remaining;
  }

  headersOf(accountId: number): Record<string, string> {
    const { limit, used, remaining, reset } = this.of(accountId);
    return {
      'X-RateLimit-Limit': String(limit),
      'X-RateLimit-Remaining': String(remaining),
      'X-RateLimit-Used': String(used),
      'X-RateLimit-Reset': String(reset),
      'X-RateLimit-Resource': 'core',
    };
  }

  /** @throws {RestError} 403 when no request remains */
  check(accountId: number): void {
    if (this.of(accountId).remaining > 0) return;
    throw new RestError(403, `API rate limit exceeded for user ID ${accountId}.`, {
      documentationUrl: 'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api',
      headers: this.headersOf(accountId),
    });
  }

  #window(accountId: number): Window {
    const now = this.#now();
    const known = this.#windows.get(accountId);
    if (known !== undefined && known.resetAt > now) return known;
    const fresh = { used: 0, resetAt: now + HOUR_MS };
    this.#windows.set(accountId, fresh);
    return fresh;
  }
}
