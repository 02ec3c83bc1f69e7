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

/** Starts a program with this environment and no more. @param file in src */
export function start(
  file: string,
  env: Record<string, string>,
  args: readonly string[] = [],
  { cwd = NO_ENV_FILE }: { cwd?: string } = {},
): Program {
  const path = fileURLToPath(new URL(`../src/${file}`, import.meta.url));
  return startProgram(process.execPath, [path, ...args], { cwd, env });
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
