/** Stories of logins in SQLite: one row each, with one entry per line. */
import { z } from 'zod';
import type { StoryStore } from '../story-store.ts';
import type { Database } from './database.ts';

const rowSchema = z.object({ entries: z.string() });

export function createSqliteStoryStore({ sql, query, transaction }: Database): StoryStore {
  function entriesOf(login: string, now: number): string[] | undefined {
    const row = sql.get`SELECT entries FROM stories WHERE login = ${login} AND expires_at > ${now}`;
    return row === undefined ? undefined : rowSchema.parse(row).entries.split('\n');
  }

  return {
    async append(login, added, limit, ttl) {
      await transaction((now) => {
        const before = entriesOf(login, now);
        const all = [...(before ?? []), ...added];
        const half = Math.floor(limit / 2);
        const kept = all.length <= limit ? all : [...all.slice(0, half), ...all.slice(half - limit)];
        const entries = kept.join('\n');
        if (before !== undefined)
          sql.run`
            UPDATE stories SET entries = ${entries}, expires_at = max(expires_at, ${now + (ttl ?? 0)})
            WHERE login = ${login}`;
        else if (ttl !== undefined)
          sql.run`
            INSERT OR REPLACE INTO stories (login, entries, expires_at) VALUES (${login}, ${entries}, ${now + ttl})`;
      });
    },

    async read(login) {
      return query((now) => entriesOf(login, now) ?? []);
    },
  };
}
