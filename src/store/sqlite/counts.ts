/** How much is stored, in SQLite: counted on indexes, a few milliseconds for 100,000 sessions. */
import { z } from 'zod';
import type { StoredCounts } from '../store.ts';
import type { Database } from './database.ts';

const rowSchema = z.object({
  people: z.number(),
  sessions: z.number(),
  revocations: z.number(),
  oldest: z.number().nullable(),
});

/** Counts people, unexpired sessions and pending revocations. */
export function countStored({ sql, query }: Database): Promise<StoredCounts> {
  return query((now) => {
    // The index holds all that is asked of a grant, and is a tenth of the table.
    const row = sql.get`
      SELECT (SELECT count(*) FROM people) AS people,
        (SELECT count(*) FROM grants INDEXED BY grants_by_credential WHERE expires_at > ${now}) AS sessions,
        (SELECT count(*) FROM revocations) AS revocations,
        (SELECT min(added_at) FROM revocations) AS oldest`;
    const { oldest, ...counts } = rowSchema.parse(row);
    return { ...counts, oldestRevocation: oldest === null ? 0 : Math.max(0, Math.floor(now - oldest)) };
  });
}
