/** What one row of the table uses: a Redis server, folders and processes, all ended and removed after it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RedisServer, startRedis } from '../test/support/redis.ts';

export type StoreKind = 'SQLite' | 'Redis';
export const STORES: readonly StoreKind[] = ['SQLite', 'Redis'];

export interface Lab {
  /** The URL of an empty database of the row's Redis server, which keeps nothing on disk. */
  redis(): Promise<string>;
  /** A new folder. @param parent default: the system's folder for temporary files */
  directory(parent?: string): string;
  /** Calls a function when the row has ended, the last one first. */
  atEnd(end: () => Promise<void> | void): void;
  close(): Promise<void>;
}

/** Creates a lab; its Redis server starts when it is first needed. */
export function createLab(): Lab {
  const ends: (() => Promise<void> | void)[] = [];
  let server: Promise<RedisServer> | undefined;
  let databases = 0;
  return {
    async redis() {
      if (server === undefined) {
        server = startRedis();
        ends.push(async () => (await server)?.stop());
      }
      const { url } = await server;
      return `${url}/${databases++}`;
    },
    directory(parent = tmpdir()) {
      const directory = mkdtempSync(join(parent, 'bridge-bench-'));
      ends.push(() => rmSync(directory, { recursive: true, force: true }));
      return directory;
    },
    atEnd: (end) => void ends.push(end),
    async close() {
      for (const end of ends.reverse()) await end();
    },
  };
}
