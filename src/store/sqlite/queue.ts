/**
 * Work that waits for the end of a turn of the event loop, so that requests that arrive together advance together: their
 * reads are one group, their writes another, which is one transaction.
 */

/** Pieces of work in a group at most; they take a few milliseconds. The rest waits, so that other events are handled. */
const MAX_GROUP = 64;

type Work<T> = (now: number) => T;

/** One piece of work, and who waits for its outcome. */
export interface Waiting {
  readonly work: Work<unknown>;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/**
 * Creates a queue.
 * @param run runs a group of work at the end of a turn, in the order in which it came. It must not throw.
 * @returns a function that adds work to the queue; it resolves or rejects as `run` decides
 */
export function createQueue(run: (group: readonly Waiting[]) => void): <T>(work: Work<T>) => Promise<T> {
  const queue: Waiting[] = [];
  let scheduled = false;

  function schedule(): void {
    if (scheduled || queue.length === 0) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      run(queue.splice(0, MAX_GROUP));
      schedule();
    });
  }

  return <T>(work: Work<T>) =>
    new Promise<T>((resolve, reject) => {
      queue.push({ work, resolve: resolve as Waiting['resolve'], reject });
      schedule();
    });
}
