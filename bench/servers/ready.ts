/** Listens on a free loopback port and tells the benchmark the address; the process ends with the benchmark's. */
import type { Server } from 'node:http';
import './collect.ts';

/** Starts to listen. @returns the origin */
export async function listen(server: Server): Promise<string> {
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}

/** Says that the server is ready. */
export function ready(url: string): void {
  process.send?.({ url });
  process.once('disconnect', () => process.exit(0));
}
