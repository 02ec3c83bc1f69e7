/** Reads the body of a request in the pieces in which it comes. */
import type { IncomingMessage } from 'node:http';

/**
 * Reads a request to its end, or until `take` throws. The stream is not destroyed then: its connection carries the answer.
 * Events take less than half of the time of an asynchronous iterator, and most bodies are one chunk.
 * @throws what `take` throws
 * @throws {Error} when the connection closes before the end
 */
export function eachChunk(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        settle(error);
      }
    };
    const onEnd = () => settle();
    const onClose = () => settle(new Error('the connection closed before the end of the body'));
    const settle = (error?: unknown) => {
      // The request lives as long as its answer flows; no listener may hold the body for so long.
      request.off('data', onData).off('end', onEnd).off('error', settle).off('close', onClose);
      if (error === undefined) resolve();
      else reject(error);
    };
    // The event `close` is not emitted again.
    if (request.destroyed) return onClose();
    request.on('data', onData).on('end', onEnd).on('error', settle).on('close', onClose);
  });
}
