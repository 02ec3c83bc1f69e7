/** Whole records in SQLite, to be moved. */
import type { SQLTagStore } from 'node:sqlite';
import { z } from 'zod';
import {
  credentialIdentityJson,
  parseGrant,
  readClient,
  readCredentialIdentity,
  readGrant,
  serverOf,
} from '../stored.ts';
import {
  LOCAL_DOCUMENTS,
  type PersonRecord,
  parseClientRecord,
  parseDocument,
  parsePerson,
  type TransferStore,
} from '../transfer.ts';
import type { Database } from './database.ts';
import { describePerson, visitBy } from './people.ts';

/** Rows of a page. */
const PAGE = 500;
/** Seconds within which an imported person is swept. */
const VISIT_WITHIN = 60;

const grantRowSchema = z.object({
  id: z.string(),
  record: z.string(),
  code_hash: z.string(),
  redeemed: z.number(),
  refresh_hash: z.string().nullable(),
  generation: z.number(),
  spent_hash: z.string().nullable(),
  sealed_successor: z.string().nullable(),
  grace_until: z.number().nullable(),
  created_at: z.number(),
  last_used_at: z.number(),
  expires_at: z.number(),
});
const credentialRowSchema = z.object({
  id: z.string(),
  record: z.string(),
  generation: z.number(),
  sealed_tokens: z.string(),
  access_expires_at: z.number().nullable(),
  refresh_expires_at: z.number().nullable(),
  reset_due: z.number(),
});

export function createSqliteTransferStore({ sql, query, transaction }: Database): TransferStore {
  /** Pages of rows, each after the last key of the page before. */
  async function* pages(read: (after: string, now: number) => Record<string, unknown>[]) {
    for (let after = ''; ; ) {
      const rows = await query((now) => read(after, now));
      if (rows.length > 0) yield rows;
      if (rows.length < PAGE) return;
      after = String(rows.at(-1)?.key);
    }
  }

  return {
    async *people() {
      const read = (after: string) => sql.all`
        SELECT person AS key FROM people WHERE person > ${after}
        UNION SELECT person FROM grants WHERE person > ${after}
        UNION SELECT person FROM credentials WHERE person > ${after}
        UNION SELECT person FROM revocations WHERE person > ${after}
        UNION SELECT person FROM consents WHERE person > ${after}
        UNION SELECT person FROM blocks WHERE person > ${after}
        ORDER BY 1 LIMIT ${PAGE}`;
      for await (const rows of pages(read)) yield rows.map(({ key }) => String(key));
    },

    async *clients() {
      const read = (after: string, now: number) => sql.all`
        SELECT client_id AS key, record, used, expires_at FROM clients
        WHERE client_id > ${after} AND expires_at > ${now} ORDER BY client_id LIMIT ${PAGE}`;
      for await (const rows of pages(read))
        yield rows.map(({ record, used, expires_at }) =>
          parseClientRecord({ client: readClient(String(record)), used: used === 1, expiresAt: expires_at }),
        );
    },

    async *documents() {
      const read = (after: string) => sql.all`
        SELECT name AS key, name, version, value FROM documents WHERE name > ${after} ORDER BY name LIMIT ${PAGE}`;
      for await (const rows of pages(read))
        yield rows.map(parseDocument).filter(({ name }) => !LOCAL_DOCUMENTS.has(name));
    },

    async exportPerson(person) {
      const found = await query((now) => readPerson(sql, person, now));
      const { grants, credentials, revocations, consents, block } = found;
      const isEmpty = [grants, credentials, revocations, consents].every((list) => list.length === 0);
      return isEmpty && block === undefined ? undefined : found;
    },

    async importPerson(record) {
      await transaction((now) => writePerson(sql, record, now));
    },

    async importClient({ client, used, expiresAt }) {
      const { clientId, registrationTokenHash, issuedAt } = client;
      await transaction(() => {
        sql.run`
          INSERT OR REPLACE INTO clients (client_id, record, token_hash, used, added, expires_at)
          VALUES (${clientId}, ${JSON.stringify(client)}, ${registrationTokenHash}, ${Number(used)}, ${issuedAt}, ${expiresAt})`;
      });
    },

    async importDocument({ name, version, value }) {
      await transaction(() => {
        sql.run`INSERT OR REPLACE INTO documents (name, version, value) VALUES (${name}, ${version}, ${value})`;
      });
    },
  };
}

function readPerson(sql: SQLTagStore, person: string, now: number): PersonRecord {
  const [block] = sql.all`SELECT github_id, login, reason, blocked_at FROM blocks WHERE person = ${person}`;
  const superseded = Map.groupBy(
    sql.all`SELECT credential, sealed_tokens FROM superseded WHERE person = ${person} ORDER BY number`,
    ({ credential }) => credential,
  );
  return parsePerson({
    person,
    grants: sql.all`SELECT * FROM grants WHERE person = ${person}`.map(toGrant),
    credentials: sql.all`SELECT * FROM credentials WHERE person = ${person}`.map((row) => ({
      ...toCredential(row),
      superseded: (superseded.get(row.id ?? null) ?? []).map(({ sealed_tokens }) => sealed_tokens),
    })),
    revocations: sql.all`
      SELECT id, credential, app_client_id AS appClientId, sealed_tokens AS sealedTokens FROM revocations
      WHERE person = ${person}`,
    consents: sql.all`
      SELECT consent_key AS key, expires_at AS expiresAt FROM consents WHERE person = ${person} AND expires_at > ${now}`,
    ...(block === undefined
      ? {}
      : {
          block: {
            githubId: block.github_id,
            ...(block.login === null ? {} : { login: block.login }),
            ...(block.reason === null ? {} : { reason: block.reason }),
            blockedAt: block.blocked_at,
          },
        }),
  });
}

function toGrant(value: unknown): Record<string, unknown> {
  const row = grantRowSchema.parse(value);
  const { spent_hash: hash, sealed_successor: sealedSuccessor, grace_until: until } = row;
  return {
    id: row.id,
    ...readGrant(row.record),
    codeHash: row.code_hash,
    redeemed: row.redeemed === 1,
    ...(row.refresh_hash === null ? {} : { refreshHash: row.refresh_hash }),
    generation: row.generation,
    // Without a successor the rest means nothing.
    ...(hash === null || sealedSuccessor === null || until === null ? {} : { spent: { hash, sealedSuccessor, until } }),
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
  };
}

function toCredential(value: unknown): Record<string, unknown> {
  const row = credentialRowSchema.parse(value);
  return {
    id: row.id,
    ...readCredentialIdentity(row.record),
    generation: row.generation,
    sealedTokens: row.sealed_tokens,
    ...(row.access_expires_at === null ? {} : { accessExpiresAt: row.access_expires_at }),
    ...(row.refresh_expires_at === null ? {} : { refreshExpiresAt: row.refresh_expires_at }),
    ...(row.reset_due === 1 ? { resetDue: true } : {}),
  };
}

function writePerson(sql: SQLTagStore, record: PersonRecord, now: number): void {
  const { person, grants, credentials, revocations, consents, block } = record;
  sql.run`DELETE FROM grants WHERE person = ${person}`;
  sql.run`DELETE FROM superseded WHERE person = ${person}`;
  sql.run`DELETE FROM credentials WHERE person = ${person}`;
  sql.run`DELETE FROM revocations WHERE person = ${person}`;
  sql.run`DELETE FROM consents WHERE person = ${person}`;
  sql.run`DELETE FROM blocks WHERE person = ${person}`;
  for (const { id, superseded, ...credential } of credentials) {
    const { appClientId, generation, sealedTokens, accessExpiresAt = null, refreshExpiresAt = null } = credential;
    sql.run`
      INSERT INTO credentials (person, id, record, app_client_id, generation, sealed_tokens, access_expires_at,
        refresh_expires_at, reset_due)
      VALUES (${person}, ${id}, ${credentialIdentityJson(credential)}, ${appClientId}, ${generation}, ${sealedTokens},
        ${accessExpiresAt}, ${refreshExpiresAt}, ${Number(credential.resetDue === true)})`;
    for (const pair of superseded)
      sql.run`INSERT INTO superseded (person, credential, sealed_tokens) VALUES (${person}, ${id}, ${pair})`;
  }
  for (const stored of grants) {
    const { id, codeHash, redeemed, refreshHash = null, generation, spent, createdAt, lastUsedAt, expiresAt } = stored;
    const grant = parseGrant(stored);
    sql.run`
      INSERT INTO grants (person, id, record, client_id, client_name, server, credential, code_hash, redeemed, refresh_hash,
        generation, spent_hash, sealed_successor, grace_until, created_at, last_used_at, expires_at)
      VALUES (${person}, ${id}, ${JSON.stringify(grant)}, ${grant.clientId}, ${grant.clientName}, ${serverOf(grant)},
        ${grant.credential}, ${codeHash}, ${Number(redeemed)}, ${refreshHash}, ${generation}, ${spent?.hash ?? null},
        ${spent?.sealedSuccessor ?? null}, ${spent?.until ?? null}, ${createdAt}, ${lastUsedAt}, ${expiresAt})`;
  }
  for (const { id, credential, appClientId, sealedTokens } of revocations)
    sql.run`
      INSERT INTO revocations (person, id, credential, app_client_id, sealed_tokens, added_at)
      VALUES (${person}, ${id}, ${credential}, ${appClientId}, ${sealedTokens}, ${now})`;
  for (const { key, expiresAt } of consents)
    sql.run`INSERT INTO consents (person, consent_key, expires_at) VALUES (${person}, ${key}, ${expiresAt})`;
  if (block !== undefined)
    sql.run`
      INSERT INTO blocks (person, github_id, login, reason, blocked_at)
      VALUES (${person}, ${block.githubId}, ${block.login ?? null}, ${block.reason ?? null}, ${block.blockedAt})`;
  if (grants.length + credentials.length + revocations.length === 0) return;
  visitBy(sql, person, now + VISIT_WITHIN);
  describePerson(sql, person);
}
