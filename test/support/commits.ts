// Counts the commits of the embedded store, in its write-ahead log: each is one sync of the disk.
// @see https://sqlite.org/fileformat2.html#the_write_ahead_log
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const HEADER = 32;
const FRAME_HEADER = 24;

/** How many transactions that changed something are committed while `flow` runs; at most 1000 pages may change. */
export async function commitsDuring(directory: string, flow: () => Promise<unknown>): Promise<number> {
  const database = new DatabaseSync(join(directory, 'bridge.db'));
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  await flow();
  const log = readFileSync(join(directory, 'bridge.db-wal'));
  if (log.length === 0) return 0;
  const frame = FRAME_HEADER + log.readUInt32BE(8);
  let commits = 0;
  // The last frame of a transaction has the size of the database in its second word; the others have 0 there.
  for (let at = HEADER; at + frame <= log.length; at += frame) if (log.readUInt32BE(at + 4) !== 0) commits += 1;
  return commits;
}
