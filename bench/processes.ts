/** Server processes, and what the kernel says of them: CPU time and resident memory (Linux only). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Lab } from './lab.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const readySchema = z.object({ url: z.string() });

export interface ServerProcess {
  readonly child: ChildProcess;
  /** Milliseconds of CPU time since the start, of user and system together. */
  cpu(): number;
  /** Bytes of resident memory. */
  resident(): number;
}

/**
 * Starts Node with these arguments in the folder of the project. The process ends with the row, or with this process.
 * @param env its environment, besides `PATH`
 */
export function startNode(
  lab: Lab,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ServerProcess {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  lab.atEnd(async () => {
    process.off('exit', kill);
    if (child.exitCode !== null) return;
    kill();
    await once(child, 'exit');
  });
  return {
    child,
    cpu: () => cpuTime(child.pid),
    resident: () => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024,
  };
}

/** Starts `bench/servers/<name>.ts` and waits until it says where it listens. */
export async function startServer(
  lab: Lab,
  name: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<{ url: string; process: ServerProcess }> {
  const server = startNode(lab, ['--expose-gc', `bench/servers/${name}.ts`, ...args], env);
  const ended = once(server.child, 'exit').then(([code]) => {
    throw new Error(`bench/servers/${name}.ts ended with ${code}`);
  });
  const [message] = await Promise.race([once(server.child, 'message'), ended]);
  return { url: readySchema.parse(message).url, process: server };
}

/** Collects the garbage of a process that runs `servers/collect.ts`, so that its memory is what it holds. */
export async function collectGarbage({ child }: ServerProcess): Promise<void> {
  child.send('collect');
  await once(child, 'message');
}

/**
 * The first number of `schedstat` of each thread is the time that it ran, in nanoseconds; `stat` counts the same time in
 * ticks of 10 ms, which is too coarse for a turn of a second.
 * @see https://docs.kernel.org/scheduler/sched-stats.html
 */
function cpuTime(pid: number | undefined): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}
