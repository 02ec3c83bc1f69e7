/** Clients that do not read their answer. */
import type { ServerResponse } from 'node:http';

/**
 * Cuts off a client that reads nothing of what waits for it. The connections of both systems hold some megabytes, and report
 * progress in large steps: a client that reads less than a step in this time counts as one that does not read.
 * @param milliseconds without progress; at most a quarter more
 */
export function cutOffUnread(response: ServerResponse, milliseconds: number): void {
  let progress = -1;
  let since = performance.now();
  const timer = setInterval(() => {
    // What the connection has taken: all that was written to it but what still waits.
    const taken = (response.socket?.bytesWritten ?? 0) - response.writableLength;
    if (taken !== progress || response.writableLength === 0) {
      progress = taken;
      since = performance.now();
    } else if (performance.now() - since >= milliseconds) response.destroy();
  }, milliseconds / 4);
  response.once('close', () => clearInterval(timer));
}
