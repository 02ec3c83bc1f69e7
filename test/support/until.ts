// Waits for something that sends no event: a server that becomes ready, a cluster that agrees. Asks again every few
// milliseconds. The error after the timeout says what it waited for.

import { setTimeout as delay } from 'node:timers/promises';

export type UntilOptions = {
  /** What it waits for: the end of the sentence "gave up waiting for …". */
  what: string;
  /** Milliseconds; 20,000 by default. */
  timeout?: number;
  /** Milliseconds between two questions; 20 by default. */
  interval?: number;
};

export type Truthy<T> = Exclude<T, false | '' | 0 | null | undefined>;

/**
 * Asks `question` until it answers something truthy, and returns that answer. A question that throws counts as
 * "not yet"; the last error is the cause of the one thrown when time is up.
 */
export async function until<T>(question: () => Promise<T> | T, options: UntilOptions): Promise<Truthy<T>> {
  const { what, timeout = 20_000, interval = 20 } = options;
  const deadline = performance.now() + timeout;
  let cause: unknown;
  do {
    try {
      const answer = await question();
      if (answer) return answer as Truthy<T>; // TypeScript does not narrow a type parameter by truth
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await delay(interval);
  } while (performance.now() < deadline);
  throw new Error(`gave up waiting for ${what} after ${timeout} ms`, { cause });
}
