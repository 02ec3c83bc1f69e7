/**
 * A store with many sessions. Those of SQLite are made in a folder in memory and the file is then copied to the disk, because
 * each write to a disk waits for it.
 */
import { cpSync, existsSync } from 'node:fs';
import { type BridgeEnvironment, bridgeEnvironment } from './bridge.ts';
import { createLab, type Lab, type StoreKind } from './lab.ts';
import { type MadeSession, openSessions } from './sessions.ts';

/** A folder in memory, on Linux. */
const MEMORY = '/dev/shm';
/** Milliseconds between two lines that tell how far it is. */
const REPORT = 10_000;

interface FilledStore {
  readonly env: BridgeEnvironment;
  /** Some of its sessions, spread evenly. */
  readonly some: readonly MadeSession[];
}

/** Fills a new store, and prints how long it took. @param keep how many of the sessions to return */
export async function filledStore(
  lab: Lab,
  store: StoreKind,
  sessions: number,
  keep: number,
  more: Record<string, string> = {},
  maxPeople?: number,
): Promise<FilledStore> {
  const env = await bridgeEnvironment(lab, store, more);
  const filling = createLab();
  const inMemory = env.DATA_DIR !== undefined && existsSync(MEMORY) ? filling.directory(MEMORY) : undefined;
  const opened = await openSessions(
    filling,
    inMemory === undefined ? env : { ...env, DATA_DIR: inMemory },
    undefined,
    maxPeople,
  );
  const begun = performance.now();
  let reported = begun;
  const some = await opened.make(sessions, {
    keepEvery: sessions / keep,
    progress(made) {
      if (performance.now() - reported < REPORT) return;
      reported = performance.now();
      process.stdout.write(`  ${made} of ${sessions} sessions on ${store}\n`);
    },
  });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  process.stdout.write(`  ${sessions} sessions on ${store} were made in ${seconds} s\n`);
  // Nobody writes, so the database file and its write-ahead log belong together; its index is made anew.
  if (inMemory !== undefined)
    cpSync(inMemory, env.DATA_DIR ?? '', { recursive: true, filter: (path) => !path.endsWith('-shm') });
  await filling.close();
  return { env, some };
}
