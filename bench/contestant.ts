/** A contestant: a server in a child process, and the request that is timed. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';

/** The message that a server's process sends when it is ready: its URL, and the tokens that the requests need. */
export const readySchema = z.object({ url: z.string(), state: z.record(z.string(), z.string()) });
export type Ready = z.infer<typeof readySchema>;

/** CPU time in milliseconds since the start of a process, and its resident memory in bytes. */
const usageSchema = z.object({ cpu: z.number(), memory: z.number() });
export type Usage = z.infer<typeof usageSchema>;

export interface Contestant {
  readonly name: string;
  readonly server: Ready;
  /** Sends one request and checks its answer. */
  run(): Promise<void>;
  /** What the server's process has used until now. */
  usage(): Promise<Usage>;
  stop(): void;
}

/**
 * Starts `bench/servers/<server>.ts`.
 * @param makeRun creates the timed request from the server's message
 */
export async function contestant(
  name: string,
  server: string,
  args: readonly string[],
  makeRun: (ready: Ready) => () => Promise<void>,
): Promise<Contestant> {
  const child = fork(new URL(`servers/${server}.ts`, import.meta.url), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // So that memory is measured without what is garbage.
    execArgv: ['--expose-gc'],
  });
  const [message] = await once(child, 'message');
  const ready = readySchema.parse(message);
  return {
    name,
    server: ready,
    run: makeRun(ready),
    async usage() {
      child.send('usage');
      const [answer] = await once(child, 'message');
      return usageSchema.parse(answer);
    },
    stop: () => child.kill(),
  };
}

/** Tells the benchmark that this server is ready; the server's process ends with the benchmark's. */
export function ready(url: string, state: Record<string, string> = {}): void {
  process.send?.({ url, state } satisfies Ready);
  process.on('message', () => {
    globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    process.send?.({ cpu: (user + system) / 1000, memory: process.memoryUsage.rss() } satisfies Usage);
  });
  process.once('disconnect', () => process.exit(0));
}
