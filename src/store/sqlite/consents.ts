/** Remembered consents in SQLite. */
import type { ConsentStore } from '../store.ts';
import type { Database } from './database.ts';

export function createSqliteConsentStore({ sql, query, transaction }: Database): ConsentStore {
  return {
    async remember(person, consentKey, ttl) {
      await transaction((now) => {
        sql.run`
          INSERT OR REPLACE INTO consents (person, consent_key, expires_at)
          VALUES (${person}, ${consentKey}, ${now + ttl})`;
      });
    },

    async has(person, consentKey) {
      const row = await query(
        (now) => sql.get`
          SELECT person FROM consents WHERE person = ${person} AND consent_key = ${consentKey} AND expires_at > ${now}`,
      );
      return row !== undefined;
    },

    async forget(person) {
      await transaction(() => {
        sql.run`DELETE FROM consents WHERE person = ${person}`;
      });
    },
  };
}
