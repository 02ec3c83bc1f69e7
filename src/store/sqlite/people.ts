/** What several sub-stores do to one person's rows, inside the transaction that the caller runs. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { CredentialState, EndedGrant, GrantState } from '../records.ts';
import { readCredentialIdentity, readGrant } from '../stored.ts';
import type { Database } from './database.ts';

const grantRow = z.object({
  person: z.string(),
  id: z.string(),
  record: z.string(),
  generation: z.number(),
  created_at: z.number(),
  last_used_at: z.number(),
  expires_at: z.number(),
});

const credentialRow = z.object({
  person: z.string(),
  id: z.string(),
  record: z.string(),
  generation: z.number(),
  sealed_tokens: z.string(),
  access_expires_at: z.number().nullable(),
  refresh_expires_at: z.number().nullable(),
});

const endedRow = z.object({ person: z.string(), id: z.string(), client_id: z.string() });
const idRow = z.object({ id: z.string() });
const tokensRow = z.object({ app_client_id: z.string(), sealed_tokens: z.string() });

export function toGrant(row: unknown): GrantState {
  const grant = grantRow.parse(row);
  return {
    ...readGrant(grant.record),
    ref: { person: grant.person, grant: grant.id },
    generation: grant.generation,
    createdAt: grant.created_at,
    lastUsedAt: grant.last_used_at,
    expiresAt: grant.expires_at,
  };
}

export function toCredential(row: unknown): CredentialState {
  const { person, id, record, generation, ...tokens } = credentialRow.parse(row);
  return {
    person,
    id,
    generation,
    ...readCredentialIdentity(record),
    sealedTokens: tokens.sealed_tokens,
    ...(tokens.access_expires_at === null ? {} : { accessExpiresAt: tokens.access_expires_at }),
    ...(tokens.refresh_expires_at === null ? {} : { refreshExpiresAt: tokens.refresh_expires_at }),
  };
}

export function toEnded(row: unknown): EndedGrant {
  const { person, id, client_id } = endedRow.parse(row);
  return { ref: { person, grant: id }, clientId: client_id };
}

/** Lets the person be visited by `instant` at the latest. */
export function visitBy({ sql }: Database, person: string, instant: number): void {
  sql.run`
    INSERT INTO people (person, visit_at) VALUES (${person}, ${instant})
    ON CONFLICT (person) DO UPDATE SET visit_at = min(visit_at, excluded.visit_at)`;
}

/** Ends one unexpired grant and retires the credential that it was the last to use. */
export function endGrant(database: Database, person: string, grant: string, now: number): EndedGrant {
  const { sql } = database;
  const ended = toEnded(sql.get`
    DELETE FROM grants WHERE person = ${person} AND id = ${grant} RETURNING person, id, client_id`);
  retireUnused(database, person, now);
  return ended;
}

/** Retires every credential that no unexpired grant uses. */
export function retireUnused(database: Database, person: string, now: number): void {
  const unused = database.sql.all`
    SELECT id FROM credentials WHERE person = ${person} AND NOT EXISTS (
      SELECT 1 FROM grants WHERE grants.person = credentials.person AND grants.credential = credentials.id
        AND grants.expires_at > ${now})`;
  for (const row of unused) {
    retire(database, person, idRow.parse(row).id);
  }
}

/** Deletes a credential; its tokens become pending revocations, the current pair unless GitHub ended it already. */
export function retire({ sql }: Database, person: string, credential: string, currentIsDead = false): void {
  const superseded = sql.all`
    SELECT app_client_id, superseded.sealed_tokens FROM superseded JOIN credentials USING (person)
    WHERE person = ${person} AND credential = ${credential} AND id = ${credential} ORDER BY number`;
  const current = sql.all`
    SELECT app_client_id, sealed_tokens FROM credentials WHERE person = ${person} AND id = ${credential}`;
  for (const row of currentIsDead ? superseded : [...superseded, ...current]) {
    const { app_client_id, sealed_tokens } = tokensRow.parse(row);
    sql.run`
      INSERT INTO revocations (person, id, credential, app_client_id, sealed_tokens)
      VALUES (${person}, ${randomUUID()}, ${credential}, ${app_client_id}, ${sealed_tokens})`;
  }
  sql.run`DELETE FROM credentials WHERE person = ${person} AND id = ${credential}`;
}
