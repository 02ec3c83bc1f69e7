/** Operations on the rows of one person that several sub-stores share. The caller runs the transaction. */
import { randomUUID } from 'node:crypto';
import type { SQLTagStore } from 'node:sqlite';
import { z } from 'zod';
import type { CredentialState, EndedGrant, GrantState, Session } from '../records.ts';
import { MAX_SUPERSEDED_PAIRS } from '../store.ts';
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

const tokenColumns = {
  sealed_tokens: z.string(),
  access_expires_at: z.number().nullable(),
  refresh_expires_at: z.number().nullable(),
  reset_due: z.number(),
};

const credentialRowSchema = z.object({
  person: z.string(),
  id: z.string(),
  record: z.string(),
  generation: z.number(),
  ...tokenColumns,
});

/** A grant and its credential in one row; columns that both have are those of the grant. */
const sessionRowSchema = z.object({
  ...grantRowSchema.shape,
  credential: z.string(),
  credential_record: z.string(),
  credential_generation: z.number(),
  ...tokenColumns,
});

const endedRowSchema = z.object({ person: z.string(), id: z.string(), client_id: z.string() });
const recipientRowSchema = z.object({ record: z.string(), redeemed: z.number() });
const idRowSchema = z.object({ id: z.string() });
const tokensRowSchema = z.object({ app_client_id: z.string(), sealed_tokens: z.string() });

/** Parses a row of `grants`. */
export function toGrant(row: unknown): GrantState {
  return grantOf(grantRowSchema.parse(row));
}

/** Parses a row of `credentials`. */
export function toCredential(row: unknown): CredentialState {
  return credentialOf(credentialRowSchema.parse(row));
}

/** Parses a row of `grants` and `credentials`. */
export function toSession(row: unknown): Session {
  const { credential: id, credential_record, credential_generation, ...grant } = sessionRowSchema.parse(row);
  const credential = { ...grant, id, record: credential_record, generation: credential_generation };
  return { grant: grantOf(grant), credential: credentialOf(credential) };
}

function grantOf(grant: z.infer<typeof grantRowSchema>): GrantState {
  return {
    ...readGrant(grant.record),
    ref: { person: grant.person, grant: grant.id },
    generation: grant.generation,
    createdAt: grant.created_at,
    lastUsedAt: grant.last_used_at,
    expiresAt: grant.expires_at,
  };
}

function credentialOf(row: z.infer<typeof credentialRowSchema>): CredentialState {
  return {
    person: row.person,
    id: row.id,
    generation: row.generation,
    ...readCredentialIdentity(row.record),
    sealedTokens: row.sealed_tokens,
    ...(row.access_expires_at === null ? {} : { accessExpiresAt: row.access_expires_at }),
    ...(row.refresh_expires_at === null ? {} : { refreshExpiresAt: row.refresh_expires_at }),
    ...(row.reset_due === 1 ? { resetDue: true } : {}),
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

/** Writes what the directory says of a person: the account of the newest session, and when the sessions began and were used. */
export function describePerson(sql: SQLTagStore, person: string): void {
  sql.run`
    UPDATE people SET
      (github_id, login) = (
        SELECT json_extract(credentials.record, '$.account.id'),
          lower(json_extract(credentials.record, '$.account.login'))
        FROM grants JOIN credentials ON credentials.person = grants.person AND credentials.id = grants.credential
        WHERE grants.person = ${person} ORDER BY grants.created_at DESC LIMIT 1),
      (created_at, last_used_at) = (
        SELECT min(created_at), max(last_used_at) FROM grants WHERE person = ${person})
    WHERE person = ${person}`;
}

/** Ends one unexpired grant. */
export function endGrant(sql: SQLTagStore, person: string, grant: string, now: number): EndedGrant {
  const deleted = sql.get`DELETE FROM grants WHERE person = ${person} AND id = ${grant} RETURNING *`;
  afterDeletion(sql, person, now, [deleted]);
  return toEnded(deleted);
}

/**
 * Does what follows when grants of a person were deleted: retires every credential that no unexpired grant uses. Of the
 * others, those that a recipient got from a deleted grant are marked to be reset, and their superseded pairs are revoked.
 * @param deleted the deleted rows of `grants`
 */
export function afterDeletion(sql: SQLTagStore, person: string, now: number, deleted: unknown[]): void {
  const unused = sql.all`
    SELECT id FROM credentials WHERE person = ${person} AND NOT EXISTS (
      SELECT 1 FROM grants WHERE grants.person = credentials.person AND grants.credential = credentials.id
        AND grants.expires_at > ${now})`;
  for (const row of unused) retire(sql, person, idRowSchema.parse(row).id, now);
  for (const row of deleted) {
    const { record, redeemed } = recipientRowSchema.parse(row);
    const { recipient, credential } = readGrant(record);
    if (redeemed === 1 && recipient?.credential === 'github') requireReset(sql, person, credential, now);
  }
}

/** Marks a credential to be reset, and moves its superseded pairs to the pending revocations, unless it is retired. */
function requireReset(sql: SQLTagStore, person: string, credential: string, now: number): void {
  addRevocations(sql, person, credential, now, supersededPairs(sql, person, credential));
  sql.run`DELETE FROM superseded WHERE person = ${person} AND credential = ${credential}`;
  sql.run`UPDATE credentials SET reset_due = 1 WHERE person = ${person} AND id = ${credential}`;
}

/**
 * Deletes a credential. Its tokens become pending revocations.
 * @param currentIsDead GitHub has ended the current token pair already, so that only superseded pairs are revoked
 */
export function retire(sql: SQLTagStore, person: string, credential: string, now: number, currentIsDead = false): void {
  const superseded = supersededPairs(sql, person, credential);
  const current = sql.all`
    SELECT app_client_id, sealed_tokens FROM credentials WHERE person = ${person} AND id = ${credential}`;
  addRevocations(sql, person, credential, now, currentIsDead ? superseded : [...superseded, ...current]);
  sql.run`DELETE FROM credentials WHERE person = ${person} AND id = ${credential}`;
}

/**
 * Keeps the token pair of a credential, which a login is about to replace by another, to be revoked with the credential;
 * if its reset is due, it is revoked at once instead. Does nothing when it is the same pair, or there is no credential.
 */
export function supersede(sql: SQLTagStore, person: string, credential: string, by: string, now: number): void {
  const replaced = sql.all`
    SELECT app_client_id, sealed_tokens, reset_due FROM credentials
    WHERE person = ${person} AND id = ${credential} AND sealed_tokens <> ${by}`;
  addRevocations(
    sql,
    person,
    credential,
    now,
    replaced.filter((pair) => pair.reset_due === 1),
  );
  sql.run`
    INSERT INTO superseded (person, credential, sealed_tokens) SELECT person, id, sealed_tokens FROM credentials
    WHERE person = ${person} AND id = ${credential} AND sealed_tokens <> ${by} AND reset_due = 0`;
  sql.run`
    DELETE FROM superseded WHERE person = ${person} AND credential = ${credential} AND number NOT IN (
      SELECT number FROM superseded WHERE person = ${person} AND credential = ${credential}
      ORDER BY number DESC LIMIT ${MAX_SUPERSEDED_PAIRS})`;
}

/** The superseded pairs of a credential, oldest first, as {@link addRevocations} takes them. */
function supersededPairs(sql: SQLTagStore, person: string, credential: string): unknown[] {
  return sql.all`
    SELECT app_client_id, superseded.sealed_tokens FROM superseded JOIN credentials USING (person)
    WHERE person = ${person} AND credential = ${credential} AND id = ${credential} ORDER BY number`;
}

/** Adds token pairs of a credential to the pending revocations. */
function addRevocations(sql: SQLTagStore, person: string, credential: string, now: number, pairs: unknown[]): void {
  for (const pair of pairs) {
    const { app_client_id, sealed_tokens } = tokensRowSchema.parse(pair);
    sql.run`
      INSERT INTO revocations (person, id, credential, app_client_id, sealed_tokens, added_at)
      VALUES (${person}, ${randomUUID()}, ${credential}, ${app_client_id}, ${sealed_tokens}, ${Math.floor(now)})`;
  }
}
