/** Clients that do not read their answer. */
import type { ServerResponse } from 'node:http';

/** What a client has taken of an answer. */
interface Progress {
  /** Bytes that its connection has taken, of this answer and of those before. */
  taken: number;
  /** When they became more, or when nothing waited, in milliseconds of `performance.now`. */
  since: number;
}

/** Watches an answer until it is closed. */
export type UnreadWatch = (response: ServerResponse) => void;

/**
 * Creates the watch that cuts off a client that reads nothing of what waits for it. The connections of both systems hold some
 * megabytes, and report progress in large steps: a client that reads less than a step in this time counts as one that does not
 * read. All answers share one timer, which runs while there are some.
 * @param milliseconds without progress; at most half of it more
 */
export function createUnreadWatch(milliseconds: number): UnreadWatch {
  const watched = new Map<ServerResponse, Progress>();
  let timer: NodeJS.Timeout | undefined;

  function check(): void {
    if (watched.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    for (const [response, progress] of watched) {
      // What the connection has taken: all that was written to it but what still waits.
      const taken = (response.socket?.bytesWritten ?? 0) - response.writableLength;
      if (taken !== progress.taken || response.writableLength === 0)
        watched.set(response, { taken, since: performance.now() });
      else if (performance.now() - progress.since >= milliseconds) response.destroy();
    }
  }

  return (response) => {
    watched.set(response, { taken: -1, since: performance.now() });
    response.once('close', () => watched.delete(response));
    timer ??= setInterval(check, milliseconds / 4).unref();
  };
}
