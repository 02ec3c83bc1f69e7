/** Waiting for something under way, but not longer than so many milliseconds. */

/**
 * The outcome of `running`, or a rejection when it takes longer than `milliseconds`. The work itself goes on, for the
 * next caller who waits for it.
 * @param late makes the error of the rejection
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
