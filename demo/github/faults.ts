/**
 * Faults that tests can order, such as errors, delays and lost connections. A fault applies to the next matching
 * requests, by default to one; the oldest matching fault is applied first. When the faults are cleared, hanging
 * requests continue.
 */
import { setTimeout as after } from 'node:timers/promises';
import type { Middleware } from 'koa';
import { isTo } from './calls.ts';
import type { Context, Exchange } from './exchange.ts';

export type FaultEffect =
  /** Answers with this status, and does not process the request. A body that is not a string is sent as JSON. */
  | { kind: 'status'; status: number; body?: unknown; headers?: Record<string, string> }
  /** The hourly limit is used up until `resetAfter` seconds from now. */
  | { kind: 'primary-rate-limit'; status?: 403 | 429; resetAfter?: number }
  /** The limit on simultaneous requests is exceeded; `retryAfter` is in seconds. */
  | { kind: 'secondary-rate-limit'; status?: 403 | 429; retryAfter?: number }
  /** Processes the request after `ms` milliseconds of real time. */
  | { kind: 'delay'; ms: number }
  /**
   * Does not answer until the faults are cleared or the server closes. `when` says whether it hangs before or after the
   * request is processed.
   */
  | { kind: 'hang'; when?: 'before' | 'after' }
  /** Closes the connection before or after the request is processed; in both cases there is no answer. */
  | { kind: 'drop'; when?: 'before' | 'after' }
  /** Answers status 200 with a body that cannot be parsed, and does not process the request. */
  | { kind: 'malformed'; content?: 'junk' | 'truncated-json' | 'html' | 'empty' };

export type Fault = FaultEffect & {
  /** The method of matching requests; default: any. */
  method?: string;
  /** The path of matching requests; a string is the whole path. Default: any. */
  path?: string | RegExp;
  /** How many requests the fault applies to; default: 1, Infinity is allowed. */
  times?: number;
};

interface Pending {
  readonly fault: Fault;
  left: number;
}

export class Faults {
  readonly #now: () => number;
  #pending: Pending[] = [];
  #cleared = new AbortController();

  constructor(now: () => number) {
    this.#now = now;
  }

  add(fault: Fault): void {
    this.#pending.push({ fault, left: fault.times ?? 1 });
  }

  /** Deletes the faults that were not applied yet, and lets hanging requests continue. */
  clear(): void {
    this.#pending = [];
    this.#cleared.abort();
    this.#cleared = new AbortController();
  }

  middleware(): Middleware<Exchange> {
    return async (ctx, next) => {
      const fault = this.#take(ctx.method, ctx.path);
      if (fault === undefined) return next();
      ctx.state.call.fault = fault.kind;
      if (fault.kind === 'drop' || fault.kind === 'hang') {
        if (fault.when === 'after') await next();
        if (fault.kind === 'hang') await this.#released();
        else return drop(ctx);
        return fault.when === 'after' ? undefined : next();
      }
      if (fault.kind === 'delay') {
        await after(fault.ms, undefined, { signal: this.#cleared.signal }).catch(() => undefined);
        return next();
      }
      const answer = answerOf(fault, this.#now());
      ctx.status = answer.status;
      ctx.set(answer.headers);
      ctx.body = answer.body;
    };
  }

  #take(method: string, path: string): Fault | undefined {
    const match = this.#pending.find(({ fault }) => isTo({ method, path }, fault.method ?? '*', fault.path ?? /^/));
    if (match === undefined) return undefined;
    match.left -= 1;
    if (match.left <= 0) this.#pending = this.#pending.filter((one) => one !== match);
    return match.fault;
  }

  #released(): Promise<void> {
    const { signal } = this.#cleared;
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
}

function drop(ctx: Context): void {
  ctx.respond = false;
  ctx.req.socket.destroy();
}

type Answering = Exclude<FaultEffect, { kind: 'drop' | 'hang' | 'delay' }>;

function answerOf(fault: Answering, now: number): { status: number; headers: Record<string, string>; body: string } {
  const json = { 'content-type': 'application/json; charset=utf-8' };
  const text = (message: string, status: number) =>
    JSON.stringify({ message, documentation_url: RATE_LIMIT_DOCUMENTATION, status: String(status) });
  switch (fault.kind) {
    case 'status': {
      const isText = typeof fault.body === 'string';
      const type = isText ? { 'content-type': 'text/html; charset=utf-8' } : json;
      const body = fault.body ?? { message: 'Server Error', status: String(fault.status) };
      const headers = { ...type, ...fault.headers };
      return { status: fault.status, headers, body: isText ? String(body) : JSON.stringify(body) };
    }
    case 'primary-rate-limit': {
      const status = fault.status ?? 403;
      const reset = Math.floor(now / 1000) + (fault.resetAfter ?? 3600);
      const headers = {
        ...json,
        'x-ratelimit-limit': '5000',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-used': '5000',
        'x-ratelimit-reset': String(reset),
        'x-ratelimit-resource': 'core',
      };
      return { status, headers, body: text('API rate limit exceeded for user.', status) };
    }
    case 'secondary-rate-limit': {
      const status = fault.status ?? 403;
      const headers = { ...json, 'retry-after': String(fault.retryAfter ?? 60) };
      const message = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';
      return { status, headers, body: text(message, status) };
    }
    case 'malformed': {
      const html = fault.content === 'html';
      return {
        status: 200,
        headers: html ? { 'content-type': 'text/html' } : json,
        body: MALFORMED_BODIES[fault.content ?? 'junk'],
      };
    }
  }
}

const RATE_LIMIT_DOCUMENTATION = 'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api';

const MALFORMED_BODIES = {
  junk: '\u0000\u0007not what you asked for',
  'truncated-json': '{"access_token":"gho_16C7e42F292c69',
  html: '<!doctype html><title>Unicorn!</title><p>We had issues producing the response to your request.</p>',
  empty: '',
} as const;
