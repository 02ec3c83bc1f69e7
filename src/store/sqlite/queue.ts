/**
 * Work that waits for the end of a turn of the event loop, so that requests that arrive together advance together: their
 * reads are one group, their writes another, which is one transaction.
 */

/** Pieces of work in a group at most: a few milliseconds. The rest waits for the next turn, so that other events get theirs. */
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
 * @returns adds work to the queue; resolves with what `run` says of it
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
