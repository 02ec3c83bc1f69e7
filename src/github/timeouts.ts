/**
 * The time limits for requests to GitHub and for storing their results, in milliseconds. MCP clients give up a tool
 * call after 60 seconds, so the caller gets an error well before that (docs/github.md, "Time limits").
 */
export interface Timeouts {
  /** One call of the API, including its retries. */
  readonly call: number;
  /** One request to the OAuth endpoints. */
  readonly oauth: number;
  /** Waiting for a refresh by this or another replica. */
  readonly refresh: number;
  /** All that a tool call waits for GitHub: a call, and a refresh before or after it. */
  readonly answer: number;
  /** Storing a refreshed token pair; no caller waits for it. */
  readonly store: number;
}

/** The time limits in production; tests use shorter ones. */
export const TIMEOUTS: Timeouts = {
  call: 12_000,
  oauth: 10_000,
  refresh: 15_000,
  answer: 25_000,
  store: 600_000,
};
