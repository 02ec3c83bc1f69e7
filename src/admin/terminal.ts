/** How a command answers: its answer on standard output, everything else on standard error. */
import type { Writable } from 'node:stream';

/** Where a command writes. */
export interface Terminal {
  /** Writes the answer: `text` for a person, `value` as JSON with `--json`. */
  answer(value: unknown, text: string): void;
  /** Writes a line that is not the answer. */
  note(line: string): void;
}

/** Creates the terminal. @param json whether `--json` was given */
export function createTerminal(json: boolean, { stdout, stderr }: { stdout: Writable; stderr: Writable }): Terminal {
  return {
    answer: (value, text) => void stdout.write(`${json ? JSON.stringify(value, null, 2) : text}\n`),
    note: (line) => void stderr.write(`${line}\n`),
  };
}
