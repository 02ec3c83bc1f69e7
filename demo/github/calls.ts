/**
 * The record of every request that reached the simulated GitHub: what tests count and wait for. A call is recorded
 * when it arrives; its status is filled in when it is answered. No secret is kept.
 */
import type { FaultKind } from './faults.ts';

/** Beyond this many, the oldest half is forgotten: a benchmark makes millions. */
const KEPT = 100_000;

export interface RecordedCall {
  readonly method: string;
  readonly path: string;
  readonly queryKeys: readonly string[];
  /** `undefined` while unanswered, and for good when the connection was dropped. */
  status: number | undefined;
  /** Milliseconds, by the simulator's clock. */
  readonly at: number;
  readonly authorization: 'none' | 'bearer' | 'token' | 'basic' | 'other';
  readonly accept: string | undefined;
  readonly userAgent: string | undefined;
  readonly apiVersion: string | undefined;
  /** Whether `If-None-Match` was sent. */
  readonly conditional: boolean;
  /** The app that called, or that the call is about, once known. */
  clientId?: string;
  /** The account whose token was used, or that signed in. */
  accountId?: number;
  /** At the token endpoint. */
  grantType?: string;
  /** At the authorization endpoint: the scope as it was sent. */
  scope?: string;
  /** Whether a code challenge or a code verifier was sent. */
  pkce?: boolean;
  /** The OAuth error that was answered, in whatever way. */
  error?: string;
  /** The fault that struck. */
  fault?: FaultKind;
}

interface Waiting {
  matches(call: RecordedCall): boolean;
  resolve(call: RecordedCall): void;
}

export class Calls {
  readonly list: RecordedCall[] = [];
  #waiting: Waiting[] = [];

  add(call: RecordedCall): void {
    if (this.list.length >= KEPT) this.list.splice(0, KEPT / 2);
    this.list.push(call);
    const woken = this.#waiting.filter((waiting) => waiting.matches(call));
    this.#waiting = this.#waiting.filter((waiting) => !woken.includes(waiting));
    for (const waiting of woken) waiting.resolve(call);
  }

  to(method: string, path: string | RegExp): RecordedCall[] {
    return this.list.filter((call) => isTo(call, method, path));
  }

  /** The next call to arrive from now on. */
  next(method: string, path: string | RegExp): Promise<RecordedCall> {
    return new Promise((resolve) => {
      this.#waiting.push({ matches: (call) => isTo(call, method, path), resolve });
    });
  }
}

/** Whether a call is to this method (`*` for any) and path (a string is the whole path). */
export function isTo(call: { method: string; path: string }, method: string, path: string | RegExp): boolean {
  if (method !== '*' && method.toUpperCase() !== call.method) return false;
  return typeof path === 'string'
    ? path === call.path
    : new RegExp(path.source, path.flags.replace(/[gy]/g, '')).test(call.path);
}
