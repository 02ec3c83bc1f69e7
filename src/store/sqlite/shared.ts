/** Versioned documents, leases and replay marks in SQLite. */
import { z } from 'zod';
import type { SharedStore } from '../store.ts';
import type { Database } from './database.ts';

const documentRow = z.object({ version: z.number(), value: z.string() });

export class SqliteSharedStore implements SharedStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async readDocument(name: string): Promise<{ version: number; value: string }> {
    const { sql } = this.#database;
    const row = await this.#database.query(() => sql.get`SELECT version, value FROM documents WHERE name = ${name}`);
    return row === undefined ? { version: 0, value: '' } : documentRow.parse(row);
  }

  async writeDocument(name: string, ifVersion: number, value: string): Promise<boolean> {
    const { sql } = this.#database;
    return this.#database.transaction(() => {
      const { changes } =
        ifVersion === 0
          ? sql.run`INSERT OR IGNORE INTO documents (name, version, value) VALUES (${name}, 1, ${value})`
          : sql.run`
              UPDATE documents SET version = version + 1, value = ${value}
              WHERE name = ${name} AND version = ${ifVersion}`;
      return changes === 1;
    });
  }

  async acquireLease(name: string, owner: string, ttl: number): Promise<boolean> {
    const { sql } = this.#database;
    return this.#database.transaction((now) => {
      const { changes } = sql.run`
        INSERT INTO leases (name, owner, expires_at) VALUES (${name}, ${owner}, ${now + ttl})
        ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
          WHERE owner = excluded.owner OR expires_at <= ${now}`;
      return changes === 1;
    });
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    const { sql } = this.#database;
    await this.#database.transaction(() => {
      sql.run`DELETE FROM leases WHERE name = ${name} AND owner = ${owner}`;
    });
  }

  async useOnce(id: string, ttl: number): Promise<boolean> {
    const { sql } = this.#database;
    return this.#database.transaction((now) => {
      const { changes } = sql.run`
        INSERT INTO used_once (id, expires_at) VALUES (${id}, ${now + ttl})
        ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at WHERE expires_at <= ${now}`;
      return changes === 1;
    });
  }
}
