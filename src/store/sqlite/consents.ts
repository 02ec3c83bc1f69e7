/** Remembered consents in SQLite. */
import type { ConsentStore } from '../store.ts';
import type { Database } from './database.ts';

export class SqliteConsentStore implements ConsentStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async remember(person: string, consentKey: string, ttl: number): Promise<void> {
    const { sql } = this.#database;
    await this.#database.transaction((now) => {
      sql.run`
        INSERT OR REPLACE INTO consents (person, consent_key, expires_at)
        VALUES (${person}, ${consentKey}, ${now + ttl})`;
    });
  }

  async has(person: string, consentKey: string): Promise<boolean> {
    const { sql } = this.#database;
    const row = await this.#database.query(
      (now) => sql.get`
        SELECT person FROM consents WHERE person = ${person} AND consent_key = ${consentKey} AND expires_at > ${now}`,
    );
    return row !== undefined;
  }

  async forget(person: string): Promise<void> {
    const { sql } = this.#database;
    await this.#database.transaction(() => {
      sql.run`DELETE FROM consents WHERE person = ${person}`;
    });
  }
}
