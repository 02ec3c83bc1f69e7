// Loopback ports for servers that need to know theirs before they start. They are below the range from which the kernel takes
// the ports of outgoing connections (32768 on Linux), so a server can be stopped and started again on the same port.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** The bus port of a Redis Cluster node is its port plus this number; Redis before 7 has no setting for it. */
export const CLUSTER_BUS_OFFSET = 10_000;

/** A port of 127.0.0.1 that is free now, together with the port `CLUSTER_BUS_OFFSET` above it. */
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
