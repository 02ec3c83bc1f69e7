/** The sweeper's side in SQLite. */
import { z } from 'zod';
import type { EndedGrant, PendingRevocation } from '../records.ts';
import type { RevocationStore } from '../store.ts';
import type { Database } from './database.ts';
import { retireUnused, toEnded, visitBy } from './people.ts';

const personRow = z.object({ person: z.string() });
const revocationRow = z.object({
  person: z.string(),
  id: z.string(),
  credential: z.string(),
  app_client_id: z.string(),
  sealed_tokens: z.string(),
});

export class SqliteRevocationStore implements RevocationStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async duePeople(limit: number, lease: number): Promise<string[]> {
    const { sql } = this.#database;
    return this.#database.transaction((now) =>
      sql.all`
        UPDATE people SET visit_at = ${now + lease} WHERE person IN (
          SELECT person FROM people WHERE visit_at <= ${now} ORDER BY visit_at LIMIT ${limit})
        RETURNING person`.map((row) => personRow.parse(row).person),
    );
  }

  async sweep(person: string, interval: number): Promise<{ ended: EndedGrant[]; revocations: PendingRevocation[] }> {
    const { sql } = this.#database;
    return this.#database.transaction((now) => {
      const ended = sql.all`
        DELETE FROM grants WHERE person = ${person} AND expires_at <= ${now} RETURNING person, id, client_id`.map(
        toEnded,
      );
      retireUnused(this.#database, person, now);
      sql.run`UPDATE grants SET sealed_successor = NULL WHERE person = ${person} AND grace_until < ${now}`;
      const revocations = this.#pending(person);
      if (revocations.length > 0 || sql.get`SELECT id FROM grants WHERE person = ${person}` !== undefined) {
        this.#visitAt(person, now + interval);
      } else {
        sql.run`DELETE FROM people WHERE person = ${person}`;
      }
      return { ended, revocations };
    });
  }

  async pending(person: string): Promise<PendingRevocation[]> {
    return this.#database.query(() => this.#pending(person));
  }

  async add({ person, id, credential, appClientId, sealedTokens }: PendingRevocation): Promise<void> {
    const { sql } = this.#database;
    await this.#database.transaction((now) => {
      sql.run`
        INSERT OR REPLACE INTO revocations (person, id, credential, app_client_id, sealed_tokens)
        VALUES (${person}, ${id}, ${credential}, ${appClientId}, ${sealedTokens})`;
      visitBy(this.#database, person, now);
    });
  }

  async done(person: string, id: string): Promise<void> {
    const { sql } = this.#database;
    await this.#database.transaction(() => {
      sql.run`DELETE FROM revocations WHERE person = ${person} AND id = ${id}`;
    });
  }

  async retry(person: string, delay: number): Promise<void> {
    await this.#database.transaction((now) => this.#visitAt(person, now + delay));
  }

  #visitAt(person: string, instant: number): void {
    const { sql } = this.#database;
    sql.run`
      INSERT INTO people (person, visit_at) VALUES (${person}, ${instant})
      ON CONFLICT (person) DO UPDATE SET visit_at = excluded.visit_at`;
  }

  #pending(person: string): PendingRevocation[] {
    const { sql } = this.#database;
    return sql.all`SELECT * FROM revocations WHERE person = ${person}`.map((row) => {
      const { app_client_id, sealed_tokens, ...revocation } = revocationRow.parse(row);
      return { ...revocation, appClientId: app_client_id, sealedTokens: sealed_tokens };
    });
  }
}
