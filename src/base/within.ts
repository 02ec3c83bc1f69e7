/** Waits for a promise with a time limit. */

/**
 * Waits for `running`, at most for `milliseconds`. The work is not cancelled: another caller may wait for the same
 * promise.
 * @param late creates the error to reject with after the time limit
 * @param signal ends the waiting
 * @throws the error of `late` after the time limit, the reason of `signal`, or the error of `running`
 */
export async function within<T>(
  milliseconds: number,
  running: Promise<T>,
  late: () => Error,
  signal?: AbortSignal,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let end: (() => void) | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
    end = () => reject(signal?.reason);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
  });
  try {
    return await Promise.race([running, tooLate]);
  } finally {
    clearTimeout(timer);
    if (end !== undefined) signal?.removeEventListener('abort', end);
  }
}
