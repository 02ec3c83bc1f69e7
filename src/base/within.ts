/** Waits for a promise with a time limit. */

/**
 * Waits for `running`, at most for `milliseconds`. The work is not cancelled: another caller may wait for the same
 * promise.
 * @param late creates the error to reject with after the time limit
 * @throws the error of `late` after the time limit, or the error of `running`
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
