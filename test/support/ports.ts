// Loopback ports for servers that must be told theirs. They lie below the range from which the kernel takes the ports
// of outgoing connections (32768 on Linux), so that a server can be stopped and started again on the same one.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** How far a Redis Cluster bus port lies above the port it belongs to: Redis before 7 cannot be told otherwise. */
export const CLUSTER_BUS_OFFSET = 10_000;

/** A port of 127.0.0.1 that is free at the moment, as is the one `CLUSTER_BUS_OFFSET` above it. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(12_000, 22_000);
    if ((await isFree(port)) && (await isFree(port + CLUSTER_BUS_OFFSET))) return port;
  }
  throw new Error('found no free loopback port between 12000 and 22000');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
