/** What the sweeper uses, in SQLite: people whose visit is due, and pending revocations. */
import { z } from 'zod';
import type { PendingRevocation } from '../records.ts';
import type { RevocationStore } from '../store.ts';
import type { Database } from './database.ts';
import { afterDeletion, describePerson, toEnded, visitBy } from './people.ts';

const idRowSchema = z.object({ id: z.string() });
const personRowSchema = z.object({ person: z.string() });
const revocationRowSchema = z.object({
  person: z.string(),
  id: z.string(),
  credential: z.string(),
  app_client_id: z.string(),
  sealed_tokens: z.string(),
});

export function createSqliteRevocationStore({ sql, query, transaction }: Database): RevocationStore {
  function visitAt(person: string, instant: number): void {
    sql.run`
      INSERT INTO people (person, visit_at) VALUES (${person}, ${instant})
      ON CONFLICT (person) DO UPDATE SET visit_at = excluded.visit_at`;
  }

  function pendingOf(person: string): PendingRevocation[] {
    return sql.all`SELECT * FROM revocations WHERE person = ${person}`.map((row) => {
      const { app_client_id, sealed_tokens, ...revocation } = revocationRowSchema.parse(row);
      return { ...revocation, appClientId: app_client_id, sealedTokens: sealed_tokens };
    });
  }

  function resetsOf(person: string): string[] {
    return sql.all`SELECT id FROM credentials WHERE person = ${person} AND reset_due = 1`.map(
      (row) => idRowSchema.parse(row).id,
    );
  }

  return {
    async duePeople(limit, lease) {
      return transaction((now) =>
        sql.all`
          UPDATE people SET visit_at = ${now + lease} WHERE person IN (
            SELECT person FROM people WHERE visit_at <= ${now} ORDER BY visit_at LIMIT ${limit})
          RETURNING person`.map((row) => personRowSchema.parse(row).person),
      );
    },

    async sweep(person, interval) {
      return transaction((now) => {
        const deleted = sql.all`DELETE FROM grants WHERE person = ${person} AND expires_at <= ${now} RETURNING *`;
        afterDeletion(sql, person, now, deleted);
        sql.run`UPDATE grants SET sealed_successor = NULL WHERE person = ${person} AND grace_until < ${now}`;
        const revocations = pendingOf(person);
        const empty = revocations.length === 0 && sql.get`SELECT id FROM grants WHERE person = ${person}` === undefined;
        if (empty) sql.run`DELETE FROM people WHERE person = ${person}`;
        else {
          visitAt(person, now + interval);
          describePerson(sql, person);
        }
        return { ended: deleted.map(toEnded), revocations, resets: resetsOf(person) };
      });
    },

    async pending(person) {
      return query(() => pendingOf(person));
    },

    async resets(person) {
      return query(() => resetsOf(person));
    },

    async add({ person, id, credential, appClientId, sealedTokens }) {
      await transaction((now) => {
        sql.run`
          INSERT INTO revocations (person, id, credential, app_client_id, sealed_tokens, added_at)
          VALUES (${person}, ${id}, ${credential}, ${appClientId}, ${sealedTokens}, ${Math.floor(now)})
          ON CONFLICT (person, id) DO UPDATE SET sealed_tokens = excluded.sealed_tokens`;
        visitBy(sql, person, now);
      });
    },

    async done(person, id) {
      await transaction(() => {
        sql.run`DELETE FROM revocations WHERE person = ${person} AND id = ${id}`;
      });
    },

    async retry(person, delay) {
      await transaction((now) => visitAt(person, now + delay));
    },
  };
}
