/** GitHub credentials in SQLite: reads them, replaces their tokens and ends them. `sessions.ts` creates them. */
import type { CredentialStore } from '../store.ts';
import type { Database } from './database.ts';
import { afterDeletion, retire, toCredential, toEnded } from './people.ts';

export function createSqliteCredentialStore({ sql, query, transaction }: Database): CredentialStore {
  return {
    async read(person, id) {
      const row = await query(() => sql.get`SELECT * FROM credentials WHERE person = ${person} AND id = ${id}`);
      return row === undefined ? undefined : toCredential(row);
    },

    async replaceTokens(person, id, ifGeneration, tokens) {
      const { sealedTokens, accessExpiresAt = null, refreshExpiresAt = null } = tokens;
      return transaction(() => {
        const { changes } = sql.run`
          UPDATE credentials SET generation = generation + 1, sealed_tokens = ${sealedTokens},
            access_expires_at = ${accessExpiresAt}, refresh_expires_at = ${refreshExpiresAt}, reset_due = 0
          WHERE person = ${person} AND id = ${id} AND generation = ${ifGeneration}`;
        return changes === 1;
      });
    },

    async reseal(person, id, ifGeneration, sealedTokens) {
      return transaction(() => {
        const { changes } = sql.run`
          UPDATE credentials SET sealed_tokens = ${sealedTokens}
          WHERE person = ${person} AND id = ${id} AND generation = ${ifGeneration}`;
        return changes === 1;
      });
    },

    async end(person, id, ifGeneration) {
      return transaction((now) => {
        const row = sql.get`
          SELECT id FROM credentials WHERE person = ${person} AND id = ${id} AND generation = ${ifGeneration}`;
        if (row === undefined) return [];
        retire(sql, person, id, now, true);
        const deleted = sql.all`
          DELETE FROM grants WHERE person = ${person} AND credential = ${id} AND expires_at > ${now} RETURNING *`;
        afterDeletion(sql, person, now, deleted);
        return deleted.map(toEnded);
      });
    },
  };
}
