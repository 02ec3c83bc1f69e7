/** Versioned documents, leases and replay marks in SQLite. */
import { z } from 'zod';
import type { SharedStore } from '../store.ts';
import type { Database } from './database.ts';

const documentRowSchema = z.object({ version: z.number(), value: z.string() });

export function createSqliteSharedStore({ sql, query, transaction }: Database): SharedStore {
  return {
    async readDocument(name) {
      const row = await query(() => sql.get`SELECT version, value FROM documents WHERE name = ${name}`);
      return row === undefined ? { version: 0, value: '' } : documentRowSchema.parse(row);
    },

    async writeDocument(name, ifVersion, value) {
      return transaction(() => {
        const { changes } =
          ifVersion === 0
            ? sql.run`INSERT OR IGNORE INTO documents (name, version, value) VALUES (${name}, 1, ${value})`
            : sql.run`
                UPDATE documents SET version = version + 1, value = ${value}
                WHERE name = ${name} AND version = ${ifVersion}`;
        return changes === 1;
      });
    },

    async acquireLease(name, owner, ttl) {
      return transaction((now) => {
        const { changes } = sql.run`
          INSERT INTO leases (name, owner, expires_at) VALUES (${name}, ${owner}, ${now + ttl})
          ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
            WHERE owner = excluded.owner OR expires_at <= ${now}`;
        return changes === 1;
      });
    },

    async releaseLease(name, owner) {
      await transaction(() => {
        sql.run`DELETE FROM leases WHERE name = ${name} AND owner = ${owner}`;
      });
    },

    async useOnce(id, ttl) {
      return transaction((now) => {
        const { changes } = sql.run`
          INSERT INTO used_once (id, expires_at) VALUES (${id}, ${now + ttl})
          ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at WHERE expires_at <= ${now}`;
        return changes === 1;
      });
    },
  };
}
