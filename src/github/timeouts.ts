/**
 * How long GitHub, and what is done about its answers, may take: milliseconds. MCP clients give a tool call up after a
 * minute, so a caller hears what is wrong well before that.
 */
export interface Timeouts {
  /** One call of the API with all its retries. */
  readonly call: number;
  /** One request to the OAuth endpoints, which is never repeated by itself. */
  readonly oauth: number;
  /** Waiting for a refresh, this replica's or another's. */
  readonly refresh: number;
  /** A call with a refresh before or after it, for the caller who waits. */
  readonly answer: number;
  /** Storing a pair that GitHub has given; no caller waits for that. */
  readonly store: number;
}

export const TIMEOUTS: Timeouts = {
  call: 12_000,
  oauth: 10_000,
  refresh: 15_000,
  answer: 25_000,
  store: 600_000,
};
