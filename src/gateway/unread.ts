/** Clients that do not read their answer. */
import type { ServerResponse } from 'node:http';

/** What a client has taken of an answer. */
interface Progress {
  /** Bytes that its connection has taken, of this answer and of those before. */
  taken: number;
  /** How many checks in a row found that something waits and that no more was taken. */
  checks: number;
}

/** Checks without progress until a client is cut off. They are counted, because a process that was held up makes up for none. */
const CHECKS = 4;

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
      if (taken !== progress.taken || response.writableLength === 0) watched.set(response, { taken, checks: 0 });
      else if (++progress.checks >= CHECKS) response.destroy();
    }
  }

  return (response) => {
    watched.set(response, { taken: -1, checks: 0 });
    response.once('close', () => watched.delete(response));
    timer ??= setInterval(check, milliseconds / CHECKS).unref();
  };
}
