/** A contestant: a server of its own in a child process, and the requests that race against the others'. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';

/** What a server's process says when it is ready. */
export const readySchema = z.object({ url: z.string(), state: z.record(z.string(), z.string()) });
export type Ready = z.infer<typeof readySchema>;

export interface Contestant {
  readonly name: string;
  /** Sends one request and checks its answer. */
  run(): Promise<void>;
  stop(): void;
}

/**
 * Starts `bench/servers/<server>.ts`.
 * @param makeRun turns what the server said when it was ready into the request that is raced
 */
export async function contestant(
  name: string,
  server: string,
  args: readonly string[],
  makeRun: (ready: Ready) => () => Promise<void>,
): Promise<Contestant> {
  const child = fork(new URL(`servers/${server}.ts`, import.meta.url), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [message] = await once(child, 'message');
  return { name, run: makeRun(readySchema.parse(message)), stop: () => child.kill() };
}

/** Says to the race that this server is ready, and ends when the race does. */
export function ready(url: string, state: Record<string, string> = {}): void {
  process.send?.({ url, state } satisfies Ready);
  process.once('disconnect', () => process.exit(0));
}
