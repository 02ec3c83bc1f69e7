/** When a copy of this store was made last: the commands `backup` and `export` note it, and the doctor reads it. */
import { z } from 'zod';
import type { SharedStore } from './store.ts';

/** Name of the document; it stays with its store (transfer.ts). */
const DOCUMENT = 'last-backup';
const schema = z.object({ at: z.number(), by: z.enum(['backup', 'export']) });
/** When, in epoch seconds, and by which command. */
export type BackupNote = z.infer<typeof schema>;

/** @param at epoch seconds */
export async function noteBackup(shared: SharedStore, by: 'backup' | 'export', at: number): Promise<void> {
  for (;;) {
    const { version } = await shared.readDocument(DOCUMENT);
    if (await shared.writeDocument(DOCUMENT, version, JSON.stringify({ at, by }))) return;
  }
}

/** The last copy; undefined when none was made. */
export async function lastBackup(shared: SharedStore): Promise<BackupNote | undefined> {
  const { version, value } = await shared.readDocument(DOCUMENT);
  return version === 0 ? undefined : schema.parse(JSON.parse(value));
}
