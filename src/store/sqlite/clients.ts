/** Registered clients in SQLite. */
import type { ClientStore } from '../store.ts';
import { readClient } from '../stored.ts';
import type { Database } from './database.ts';

export function createSqliteClientStore({ sql, query, transaction }: Database): ClientStore {
  return {
    async add(client, ttl, limit) {
      const { clientId, registrationTokenHash } = client;
      await transaction((now) => {
        sql.run`DELETE FROM clients WHERE client_id = ${clientId}`;
        const unused = Number(sql.get`SELECT count(*) AS n FROM clients WHERE used = 0`?.n ?? 0);
        const surplus = unused - Math.max(limit, 1) + 1;
        // Deletes the oldest; of those added in the same second, the first. The index answers both statements.
        if (surplus > 0)
          sql.run`
            DELETE FROM clients WHERE rowid IN (
              SELECT rowid FROM clients WHERE used = 0 ORDER BY added, rowid LIMIT ${surplus})`;
        sql.run`
          INSERT INTO clients (client_id, record, token_hash, used, added, expires_at)
          VALUES (${clientId}, ${JSON.stringify(client)}, ${registrationTokenHash}, 0, ${now}, ${now + ttl})`;
      });
    },

    async get(clientId) {
      const row = await query(
        (now) => sql.get`SELECT record, expires_at FROM clients WHERE client_id = ${clientId} AND expires_at > ${now}`,
      );
      return row === undefined
        ? undefined
        : { client: readClient(String(row.record)), expiresAt: Number(row.expires_at) };
    },

    async touch(clientId, ttl) {
      await transaction((now) => {
        sql.run`
          UPDATE clients SET used = 1, expires_at = ${now + ttl} WHERE client_id = ${clientId} AND expires_at > ${now}`;
      });
    },

    async replace(client, ifTokenHash) {
      const { clientId, registrationTokenHash } = client;
      return transaction((now) => {
        const { changes } = sql.run`
          UPDATE clients SET record = ${JSON.stringify(client)}, token_hash = ${registrationTokenHash}
          WHERE client_id = ${clientId} AND token_hash = ${ifTokenHash} AND expires_at > ${now}`;
        return changes === 1;
      });
    },

    async remove(clientId, ifTokenHash) {
      return transaction((now) => {
        const { changes } = sql.run`
          DELETE FROM clients WHERE client_id = ${clientId} AND token_hash = ${ifTokenHash} AND expires_at > ${now}`;
        if (changes !== 1) return undefined;
        return sql.all`SELECT DISTINCT person FROM grants WHERE client_id = ${clientId}`.map(({ person }) =>
          String(person),
        );
      });
    },
  };
}
