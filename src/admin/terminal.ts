/** How a command answers: its answer on standard output, everything else on standard error. It also asks the operator. */
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { Misuse } from './misuse.ts';

/** Milliseconds between two lines of progress where it is no terminal that shows them. */
const PROGRESS_INTERVAL = 5000;
/** Carriage return, and the control sequence that erases the line. */
const ERASE_LINE = '\r\u001B[2K';

/** Where a command writes. */
export interface Terminal {
  /** Writes the answer: `text` for a person, `value` as JSON with `--json`. */
  answer(value: unknown, text: string): void;
  /** Writes a line that is not the answer. */
  note(line: string): void;
  /**
   * Says how far a long command is. On a terminal each text takes the place of the one before; elsewhere a line is written
   * every five seconds at most, and none for what takes less.
   */
  progress(text: string): void;
  /**
   * Asks whether to go on. `--yes` answers yes.
   * @returns false when the operator does not say yes, or presses Ctrl-C, or has pressed it before
   * @throws {Misuse} when nobody can be asked
   */
  confirm(question: string): Promise<boolean>;
  /** Erases the progress, before another line is written. */
  clear(): void;
}

interface TerminalOptions {
  /** Whether `--json` was given. */
  readonly json?: boolean;
  /** Whether `--yes` was given. */
  readonly yes?: boolean;
  /** Aborts at Ctrl-C. */
  readonly signal?: AbortSignal;
  /** Milliseconds, for tests. */
  readonly now?: () => number;
}

interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

/** Creates the terminal. */
export function createTerminal(options: TerminalOptions, { stdin, stdout, stderr }: Streams): Terminal {
  const { json = false, yes = false, signal, now = () => performance.now() } = options;
  let shown = false;
  let writtenAt: number | undefined;
  const isAborted = () => signal?.aborted === true;

  function clear(): void {
    if (shown) stderr.write(ERASE_LINE);
    shown = false;
  }

  return {
    answer(value, text) {
      clear();
      stdout.write(`${json ? JSON.stringify(value, null, 2) : text}\n`);
    },
    note(line) {
      clear();
      stderr.write(`${line}\n`);
    },
    progress(text) {
      if (stderr.isTTY === true) {
        stderr.write(`${ERASE_LINE}${text}`);
        shown = true;
        return;
      }
      writtenAt ??= now();
      if (now() - writtenAt < PROGRESS_INTERVAL) return;
      writtenAt = now();
      stderr.write(`${text}\n`);
    },
    async confirm(question) {
      if (isAborted()) return false;
      if (yes) return true;
      if (stdin.isTTY !== true || stderr.isTTY !== true)
        throw new Misuse(`${question}: nobody can be asked here; give --yes to say yes`);
      clear();
      // Not as a terminal of its own: that would take Ctrl-C as a key, and this process would not get the signal.
      const lines = createInterface({ input: stdin, output: stderr, terminal: false });
      try {
        const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
        const answered = lines.question(`${question}? [y/N] `, signal === undefined ? {} : { signal });
        return /^y(es)?$/i.test((await Promise.race([answered, closed])).trim());
      } catch (error) {
        if (isAborted()) return false;
        throw error;
      } finally {
        lines.close();
      }
    },
    clear,
  };
}
