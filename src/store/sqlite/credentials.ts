/** GitHub credentials in SQLite; sessions.ts writes them, this file reads, renews and ends them. */
import type { Credential, CredentialState, EndedGrant } from '../records.ts';
import type { CredentialStore } from '../store.ts';
import type { Database } from './database.ts';
import { retire, retireUnused, toCredential, toEnded } from './people.ts';

export class SqliteCredentialStore implements CredentialStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async read(person: string, id: string): Promise<CredentialState | undefined> {
    const { sql } = this.#database;
    const row = await this.#database.query(
      () => sql.get`SELECT * FROM credentials WHERE person = ${person} AND id = ${id}`,
    );
    return row === undefined ? undefined : toCredential(row);
  }

  async replaceTokens(
    person: string,
    id: string,
    ifGeneration: number,
    tokens: Pick<Credential, 'sealedTokens' | 'accessExpiresAt' | 'refreshExpiresAt'>,
  ): Promise<boolean> {
    const { sql } = this.#database;
    const { sealedTokens, accessExpiresAt = null, refreshExpiresAt = null } = tokens;
    return this.#database.transaction(() => {
      const { changes } = sql.run`
        UPDATE credentials SET generation = generation + 1, sealed_tokens = ${sealedTokens},
          access_expires_at = ${accessExpiresAt}, refresh_expires_at = ${refreshExpiresAt}
        WHERE person = ${person} AND id = ${id} AND generation = ${ifGeneration}`;
      return changes === 1;
    });
  }

  async end(person: string, id: string, ifGeneration: number): Promise<EndedGrant[]> {
    const { sql } = this.#database;
    return this.#database.transaction((now) => {
      const row = sql.get`
        SELECT id FROM credentials WHERE person = ${person} AND id = ${id} AND generation = ${ifGeneration}`;
      if (row === undefined) {
        return [];
      }
      retire(this.#database, person, id, true);
      const ended = sql.all`
        DELETE FROM grants WHERE person = ${person} AND credential = ${id} AND expires_at > ${now}
        RETURNING person, id, client_id`.map(toEnded);
      retireUnused(this.#database, person, now);
      return ended;
    });
  }
}
