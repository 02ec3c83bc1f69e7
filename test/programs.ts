// Programs of src, run as the operator runs them: `main.ts`, `admin/main.ts`.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Program {
  readonly child: ChildProcess;
  /** Resolves when it has ended. */
  readonly ended: Promise<Ended>;
}

/** A working directory for programs that read `.env`: a developer may have one in the folder of the project. */
export const NO_ENV_FILE = fileURLToPath(new URL('.', import.meta.url));

/**
 * The folder in which `npm test` (run.ts) has what Node compiled. A program of src that gets it starts in half the time; those that
 * a test is about have a cache of their own.
 */
export const COMPILED: Readonly<Record<string, string>> =
  process.env.NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE };

/** Starts a program with this environment and no more but {@link COMPILED}. @param file in src */
export function start(
  file: string,
  env: Record<string, string>,
  args: readonly string[] = [],
  { cwd = NO_ENV_FILE }: { cwd?: string } = {},
): Program {
  const path = fileURLToPath(new URL(`../src/${file}`, import.meta.url));
  return startProgram(process.execPath, [path, ...args], { cwd, env: { ...COMPILED, ...env } });
}

/** Starts any program; its output is read to its end. */
export function startProgram(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Record<string, string> },
): Program {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(
    ([[code], stdout, stderr]): Ended => ({ code: typeof code === 'number' ? code : null, stdout, stderr }),
  );
  return { child, ended };
}
