/** How much is stored, in SQLite: counted on indexes, which takes a few milliseconds for 100,000 sessions. */
import { z } from 'zod';
import type { StoredCounts } from '../store.ts';
import type { Database } from './database.ts';

const rowSchema = z.object({
  people: z.number(),
  sessions: z.number(),
  revocations: z.number(),
  oldest: z.number().nullable(),
});

/** Counts people, sessions and pending revocations. */
export function countStored({ sql, query }: Database): Promise<StoredCounts> {
  return query((now) => {
    // SQLite counts the pages of an index, and reads no row. An expired session is among them until it is swept.
    const row = sql.get`
      SELECT (SELECT count(*) FROM people) AS people,
        (SELECT count(*) FROM grants) AS sessions,
        (SELECT count(*) FROM revocations) AS revocations,
        (SELECT min(added_at) FROM revocations) AS oldest`;
    const { oldest, ...counts } = rowSchema.parse(row);
    return { ...counts, oldestRevocation: oldest === null ? 0 : Math.max(0, Math.floor(now - oldest)) };
  });
}
