/** Checks that backups are made (a cron job of the doctor then says when they stopped), and that the SQLite file is whole. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type BackupNote, lastBackup } from '../store/last-backup.ts';
import type { Store } from '../store/store.ts';
import type { Finding } from './finding.ts';

const DAY = 86_400;
/** Seconds after which a backup is too old. */
const MAX_AGE = 7 * DAY;

/** @param now epoch seconds */
export async function checkBackups(store: Store, now: number): Promise<Finding[]> {
  const [{ sessions }, last] = await Promise.all([store.counts(), lastBackup(store.shared)]);
  if (sessions === 0) return [];
  return [judge(last, now)];
}

function judge(last: BackupNote | undefined, now: number): Finding {
  const check = 'backups';
  if (last === undefined)
    return { check, warning: 'none was made: "npm run admin -- backup FILE" (SQLite) or "export FILE" makes one' };
  const days = Math.floor((now - last.at) / DAY);
  const made = `the last one ("${last.by}") was made ${days === 0 ? 'today' : `${days} days ago`}`;
  if (now - last.at <= MAX_AGE) return { check, ok: made };
  return { check, warning: `${made}: see why the job that makes them has stopped` };
}

/** Checks that the database file is whole (`PRAGMA quick_check`), while others use it. */
export function checkDatabase(dataDir: string): Finding[] {
  const check = 'database';
  const found = quickCheck(join(dataDir, 'bridge.db'));
  if (found === 'ok') return [{ check, ok: 'the file is whole' }];
  const remedy = 'Stop the bridge, and restore DATA_DIR/bridge.db from the last backup.';
  return [{ check, problem: `bridge.db in ${dataDir} is damaged (${found})`, remedy }];
}

function quickCheck(path: string): string {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return String(database.prepare('PRAGMA quick_check(1)').get()?.quick_check);
  } catch (error) {
    // Damage that the check cannot step over.
    return error instanceof Error ? error.message : String(error);
  } finally {
    database.close();
  }
}
