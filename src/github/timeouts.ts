/**
 * How long GitHub, and what is done about it, may take: milliseconds. MCP clients give a tool call up after a minute,
 * so whoever waits is answered well before that, with words instead of silence.
 */
export interface Patience {
  /** One call of the API with all its retries. */
  readonly call: number;
  /** One request to the OAuth endpoints, which is never repeated by itself. */
  readonly oauth: number;
  /** Waiting for a refresh, this replica's or another's. */
  readonly refresh: number;
  /** Everything together, for whoever waits for an answer of GitHub's. */
  readonly answer: number;
  /** Trying to store a pair that GitHub has given; nobody waits for that. */
  readonly store: number;
}

export const PATIENCE: Patience = {
  call: 12_000,
  oauth: 10_000,
  refresh: 15_000,
  answer: 25_000,
  store: 600_000,
};

/**
 * The outcome of something under way, or `late` when it takes longer than so many milliseconds. It goes on all the
 * same, for the next who asks.
 * @param late makes what is thrown
 */
export async function within<T>(milliseconds: number, running: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([running, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
