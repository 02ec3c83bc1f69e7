/** Blocked people in SQLite. `sessions.ts` refuses them. */
import { z } from 'zod';
import type { Block, BlockStore } from '../people-operations.ts';
import type { Database } from './database.ts';
import { afterDeletion, toEnded } from './people.ts';

const rowSchema = z.object({
  person: z.string(),
  github_id: z.number(),
  login: z.string().nullable(),
  reason: z.string().nullable(),
  blocked_at: z.number(),
});

export function createSqliteBlockStore({ sql, query, transaction }: Database): BlockStore {
  return {
    async add({ person, githubId, login = null, reason = null }) {
      return transaction((now) => {
        sql.run`
          INSERT INTO blocks (person, github_id, login, reason, blocked_at)
          VALUES (${person}, ${githubId}, ${login}, ${reason}, ${now})
          ON CONFLICT (person) DO UPDATE SET reason = coalesce(excluded.reason, reason), login = coalesce(excluded.login, login)`;
        const rows = sql.all`DELETE FROM grants WHERE person = ${person} AND expires_at > ${now} RETURNING *`;
        if (rows.length > 0) afterDeletion(sql, person, now, rows);
        return rows.map(toEnded);
      });
    },

    async remove(person) {
      return transaction(() => sql.run`DELETE FROM blocks WHERE person = ${person}`.changes === 1);
    },

    async read(person) {
      const row = await query(() => sql.get`SELECT * FROM blocks WHERE person = ${person}`);
      return row === undefined ? undefined : toBlock(row);
    },

    async list(after, limit) {
      return query(() =>
        sql.all`SELECT * FROM blocks WHERE person > ${after} ORDER BY person LIMIT ${limit}`.map(toBlock),
      );
    },
  };
}

function toBlock(row: unknown): Block {
  const { person, github_id, login, reason, blocked_at } = rowSchema.parse(row);
  return {
    person,
    githubId: github_id,
    ...(login === null ? {} : { login }),
    ...(reason === null ? {} : { reason }),
    blockedAt: blocked_at,
  };
}
