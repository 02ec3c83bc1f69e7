/** What a program does when nobody reads its output any more (`| head`): it goes on quietly, and does not end with a stack. */

/** Errors of a pipe without a reader, and of a terminal that is gone. */
const NO_READER: ReadonlySet<unknown> = new Set(['EPIPE', 'EIO']);

/**
 * Ignores that standard output or standard error has no reader: a command finishes what it began, and a server goes on serving.
 * @param notice a line for standard error when standard output has no reader
 */
export function outliveReaders(notice?: string): void {
  let noticed = notice === undefined;
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!NO_READER.has(error.code)) throw error;
      if (noticed || stream === process.stderr) return;
      noticed = true;
      process.stderr.write(`${notice}\n`);
    });
}
