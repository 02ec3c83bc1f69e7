/**
 * The record of the requests to the simulated GitHub, so that tests can count them and wait for them. A call is
 * recorded when it arrives; its status is set when it is answered. No secret is recorded.
 */

/** Calls that are recorded; then the oldest half is deleted, because a benchmark makes millions of calls. */
const MAX_RECORDED = 100_000;

export interface RecordedCall {
  readonly method: string;
  readonly path: string;
  readonly queryKeys: readonly string[];
  /** `undefined` until the call is answered; it stays `undefined` when the connection was dropped. */
  status: number | undefined;
  /** Epoch milliseconds, by the clock of the simulated GitHub. */
  readonly at: number;
  readonly authorization: 'none' | 'bearer' | 'token' | 'basic' | 'other';
  readonly accept: string | undefined;
  readonly userAgent: string | undefined;
  readonly apiVersion: string | undefined;
  /** Whether `If-None-Match` was sent. */
  readonly conditional: boolean;
  /** The client id of the app that called, or that the call is about; set when it is known. */
  clientId?: string;
  /** The account whose token was used, or that signed in. */
  accountId?: number;
  /** The `grant_type` of a call to the token endpoint. */
  grantType?: string;
  /** At the authorization endpoint: the scope as it was sent. */
  scope?: string;
  /** Whether a code challenge or a code verifier was sent. */
  pkce?: boolean;
  /** The OAuth error in the answer, as JSON or in a redirect. */
  error?: string;
  /** The method of a request to the MCP server. */
  mcpMethod?: string;
  /** The tool that a request to the MCP server calls. */
  tool?: string;
  /** The kind of the fault that was applied to the call. */
  fault?: string;
}

interface Waiting {
  matches(call: RecordedCall): boolean;
  resolve(call: RecordedCall): void;
}

export class Calls {
  readonly list: RecordedCall[] = [];
  #waiting: Waiting[] = [];

  add(call: RecordedCall): void {
    if (this.list.length >= MAX_RECORDED) this.list.splice(0, MAX_RECORDED / 2);
    this.list.push(call);
    const woken = this.#waiting.filter((waiting) => waiting.matches(call));
    this.#waiting = this.#waiting.filter((waiting) => !woken.includes(waiting));
    for (const waiting of woken) waiting.resolve(call);
  }

  to(method: string, path: string | RegExp): RecordedCall[] {
    return this.list.filter((call) => isTo(call, method, path));
  }

  /** Resolves with the next matching call that arrives after this. */
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
