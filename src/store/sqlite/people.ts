/** Operations on the rows of one person that several sub-stores share. The caller runs the transaction. */
import { randomUUID } from 'node:crypto';
import type { SQLTagStore } from 'node:sqlite';
import { z } from 'zod';
import { defined } from '../../base/defined.ts';
import type { CredentialState, EndedGrant, GrantState } from '../records.ts';
import { readCredentialIdentity, readGrant } from '../stored.ts';

const grantRowSchema = z.object({
  person: z.string(),
  id: z.string(),
  record: z.string(),
  generation: z.number(),
  created_at: z.number(),
  last_used_at: z.number(),
  expires_at: z.number(),
});

const credentialRowSchema = z.object({
  person: z.string(),
  id: z.string(),
  record: z.string(),
  generation: z.number(),
  sealed_tokens: z.string(),
  access_expires_at: z.number().nullable(),
  refresh_expires_at: z.number().nullable(),
});

const endedRowSchema = z.object({ person: z.string(), id: z.string(), client_id: z.string() });
const idRowSchema = z.object({ id: z.string() });
const tokensRowSchema = z.object({ app_client_id: z.string(), sealed_tokens: z.string() });

/** Parses a row of `grants`. */
export function toGrant(row: unknown): GrantState {
  const grant = grantRowSchema.parse(row);
  return {
    ...readGrant(grant.record),
    ref: { person: grant.person, grant: grant.id },
    generation: grant.generation,
    createdAt: grant.created_at,
    lastUsedAt: grant.last_used_at,
    expiresAt: grant.expires_at,
  };
}

/** Parses a row of `credentials`. */
export function toCredential(row: unknown): CredentialState {
  const { person, id, record, generation, ...tokens } = credentialRowSchema.parse(row);
  return {
    person,
    id,
    generation,
    ...readCredentialIdentity(record),
    ...defined({
      sealedTokens: tokens.sealed_tokens,
      accessExpiresAt: tokens.access_expires_at ?? undefined,
      refreshExpiresAt: tokens.refresh_expires_at ?? undefined,
    }),
  };
}

/** Parses what is returned of a deleted row of `grants`. */
export function toEnded(row: unknown): EndedGrant {
  const { person, id, client_id } = endedRowSchema.parse(row);
  return { ref: { person, grant: id }, clientId: client_id };
}

/** Moves the person's next visit to `instant`, unless it is earlier. */
export function visitBy(sql: SQLTagStore, person: string, instant: number): void {
  sql.run`
    INSERT INTO people (person, visit_at) VALUES (${person}, ${instant})
    ON CONFLICT (person) DO UPDATE SET visit_at = min(visit_at, excluded.visit_at)`;
}

/** Ends one unexpired grant, and retires its credential if no other grant uses that. */
export function endGrant(sql: SQLTagStore, person: string, grant: string, now: number): EndedGrant {
  const ended = toEnded(sql.get`
    DELETE FROM grants WHERE person = ${person} AND id = ${grant} RETURNING person, id, client_id`);
  retireUnused(sql, person, now);
  return ended;
}

/** Retires every credential of a person that no unexpired grant uses. */
export function retireUnused(sql: SQLTagStore, person: string, now: number): void {
  const unused = sql.all`
    SELECT id FROM credentials WHERE person = ${person} AND NOT EXISTS (
      SELECT 1 FROM grants WHERE grants.person = credentials.person AND grants.credential = credentials.id
        AND grants.expires_at > ${now})`;
  for (const row of unused) retire(sql, person, idRowSchema.parse(row).id);
}

/**
 * Deletes a credential. Its tokens become pending revocations.
 * @param currentIsDead GitHub has ended the current token pair already, so that only superseded pairs are revoked
 */
export function retire(sql: SQLTagStore, person: string, credential: string, currentIsDead = false): void {
  const superseded = sql.all`
    SELECT app_client_id, superseded.sealed_tokens FROM superseded JOIN credentials USING (person)
    WHERE person = ${person} AND credential = ${credential} AND id = ${credential} ORDER BY number`;
  const current = sql.all`
    SELECT app_client_id, sealed_tokens FROM credentials WHERE person = ${person} AND id = ${credential}`;
  for (const row of currentIsDead ? superseded : [...superseded, ...current]) {
    const { app_client_id, sealed_tokens } = tokensRowSchema.parse(row);
    sql.run`
      INSERT INTO revocations (person, id, credential, app_client_id, sealed_tokens)
      VALUES (${person}, ${randomUUID()}, ${credential}, ${app_client_id}, ${sealed_tokens})`;
  }
  sql.run`DELETE FROM credentials WHERE person = ${person} AND id = ${credential}`;
}
