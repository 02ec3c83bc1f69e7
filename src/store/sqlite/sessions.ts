/** Sessions in SQLite. */
import { z } from 'zod';
import type { Grant, Session, SessionRef } from '../records.ts';
import type { CodePresentation, Redemption, Rotation } from '../session-operations.ts';
import { MAX_SESSIONS_PER_PERSON, type SessionStore, StoreUnavailable } from '../store.ts';
import { credentialIdentityJson, firstGeneration, readGrant, serverOf } from '../stored.ts';
import type { Database } from './database.ts';
import {
  afterDeletion,
  describePerson,
  endGrant,
  supersede,
  toCredential,
  toEnded,
  toGrant,
  toSession,
  visitBy,
} from './people.ts';

/** Seconds between two writes of `lastUsedAt`. */
const LAST_USED_INTERVAL = 60;

const codeRowSchema = z.object({ record: z.string(), redeemed: z.number() });
const refreshRowSchema = z.object({
  generation: z.number(),
  refresh_hash: z.string().nullable(),
  spent_hash: z.string().nullable(),
  sealed_successor: z.string().nullable(),
  grace_until: z.number().nullable(),
});
const personRowSchema = z.object({ person: z.string() });

export function createSqliteSessionStore({ sql, query, transaction }: Database): SessionStore {
  /** The session of a redeemed, unexpired grant: one statement, which locks the database once. */
  function sessionOf({ person, grant }: SessionRef, now: number): Session | undefined {
    const row = sql.get`
      SELECT grants.person, grants.id, grants.record, grants.generation, created_at, last_used_at, expires_at,
        credential, credentials.record AS credential_record, credentials.generation AS credential_generation,
        sealed_tokens, access_expires_at, refresh_expires_at, reset_due
      FROM grants JOIN credentials ON credentials.person = grants.person AND credentials.id = grants.credential
      WHERE grants.person = ${person} AND grants.id = ${grant} AND redeemed = 1 AND expires_at > ${now}`;
    return row === undefined ? undefined : toSession(row);
  }

  /** Records that a grant was used. The read does not wait for it: if it fails, the next read records its own use. */
  function noteUse({ person, grant }: SessionRef, now: number): void {
    transaction(() => {
      sql.run`
        UPDATE grants SET last_used_at = ${now}, sealed_successor = iif(grace_until < ${now}, NULL, sealed_successor)
        WHERE person = ${person} AND id = ${grant} AND last_used_at < ${now}`;
    }).catch((error: unknown) => {
      if (!(error instanceof StoreUnavailable)) throw error;
    });
  }

  return {
    async begin({ ref, grant, codeHash, codeTtl, credentialId, credential }) {
      const { person } = ref;
      const { appClientId, sealedTokens, accessExpiresAt = null, refreshExpiresAt = null } = credential;
      return transaction((now) => {
        if (sql.get`SELECT person FROM blocks WHERE person = ${person}` !== undefined) return 'blocked';
        supersede(sql, person, credentialId, sealedTokens, now);
        sql.run`
          INSERT INTO credentials (person, id, record, app_client_id, generation, sealed_tokens, access_expires_at,
            refresh_expires_at)
          VALUES (${person}, ${credentialId}, ${credentialIdentityJson(credential)}, ${appClientId},
            ${firstGeneration()}, ${sealedTokens}, ${accessExpiresAt}, ${refreshExpiresAt})
          ON CONFLICT (person, id) DO UPDATE SET record = excluded.record, app_client_id = excluded.app_client_id,
            generation = generation + 1, reset_due = (reset_due AND sealed_tokens = excluded.sealed_tokens),
            sealed_tokens = excluded.sealed_tokens,
            access_expires_at = excluded.access_expires_at, refresh_expires_at = excluded.refresh_expires_at`;
        sql.run`
          INSERT INTO grants (person, id, record, client_id, client_name, server, credential, code_hash, redeemed,
            generation, created_at, last_used_at, expires_at)
          VALUES (${person}, ${ref.grant}, ${JSON.stringify(grant)}, ${grant.clientId}, ${grant.clientName},
            ${serverOf(grant)}, ${credentialId}, ${codeHash}, 0, 0, ${now}, ${now}, ${now + codeTtl})`;
        const displaced = sql.all`
          DELETE FROM grants WHERE person = ${person} AND id IN (
            SELECT id FROM grants WHERE person = ${person} AND id <> ${ref.grant}
            ORDER BY last_used_at DESC LIMIT -1 OFFSET ${MAX_SESSIONS_PER_PERSON - 1})
          RETURNING *`;
        if (displaced.length > 0) afterDeletion(sql, person, now, displaced);
        visitBy(sql, person, now + codeTtl);
        describePerson(sql, person);
        return displaced.map(toEnded);
      });
    },

    async redeem(ref, presented, ttl, refreshHash) {
      const { person, grant: id } = ref;
      return transaction((now): Redemption => {
        const row = sql.get`
          SELECT record, redeemed FROM grants
          WHERE person = ${person} AND id = ${id} AND code_hash = ${presented.codeHash} AND expires_at > ${now}`;
        if (row === undefined) return { outcome: 'unknown' };
        const { record, redeemed } = codeRowSchema.parse(row);
        const of = mismatch(readGrant(record), presented);
        if (of !== undefined) return { outcome: 'mismatch', of };
        if (redeemed === 1) return { outcome: 'replayed', ended: endGrant(sql, person, id, now) };
        sql.run`
          UPDATE grants SET redeemed = 1, refresh_hash = ${refreshHash ?? null}, last_used_at = ${now},
            generation = ${refreshHash === undefined ? 0 : 1}, expires_at = ${now + ttl}
          WHERE person = ${person} AND id = ${id}`;
        const session = sessionOf(ref, now);
        return session === undefined ? { outcome: 'unknown' } : { outcome: 'redeemed', session };
      });
    },

    async read(ref) {
      return query((now) => {
        const session = sessionOf(ref, now);
        if (session === undefined || now - session.grant.lastUsedAt < LAST_USED_INTERVAL) return session;
        noteUse(ref, now);
        return { ...session, grant: { ...session.grant, lastUsedAt: now } };
      });
    },

    async rotate(ref, request) {
      const { person, grant: id } = ref;
      return transaction((now): Rotation => {
        const row = sql.get`
          SELECT generation, refresh_hash, spent_hash, sealed_successor, grace_until FROM grants
          WHERE person = ${person} AND id = ${id} AND client_id = ${request.clientId} AND redeemed = 1
            AND expires_at > ${now}`;
        if (row === undefined) return { outcome: 'unknown' };
        const state = refreshRowSchema.parse(row);
        if (request.presentedHash === state.refresh_hash) {
          sql.run`
            UPDATE grants SET spent_hash = ${request.presentedHash}, sealed_successor = ${request.sealedSuccessor},
              grace_until = ${now + request.grace}, refresh_hash = ${request.successorHash},
              generation = generation + 1, last_used_at = ${now}, expires_at = ${now + request.ttl}
            WHERE person = ${person} AND id = ${id}`;
          return { outcome: 'rotated' };
        }
        const inGrace = state.grace_until !== null && now <= state.grace_until;
        if (request.presentedHash === state.spent_hash && state.sealed_successor !== null && inGrace)
          return { outcome: 'repeated', sealedSuccessor: state.sealed_successor };
        // The caller verified that this server issued the token: one of an older generation was rotated before.
        if (request.presentedGeneration < state.generation)
          return { outcome: 'reused', ended: endGrant(sql, person, id, now) };
        return { outcome: 'unknown' };
      });
    },

    async end({ person, grant }, clientId) {
      return transaction((now) => {
        const row = sql.get`
          SELECT id FROM grants WHERE person = ${person} AND id = ${grant} AND expires_at > ${now}
            AND client_id = coalesce(${clientId ?? null}, client_id)`;
        return row === undefined ? undefined : endGrant(sql, person, grant, now);
      });
    },

    async endAll(person, clientId) {
      return transaction((now) => {
        const rows = sql.all`
          DELETE FROM grants WHERE person = ${person} AND expires_at > ${now}
            AND client_id = coalesce(${clientId ?? null}, client_id)
          RETURNING *`;
        if (rows.length > 0) afterDeletion(sql, person, now, rows);
        return rows.map(toEnded);
      });
    },

    async list(person) {
      return query((now) => {
        const grants = sql.all`
          SELECT * FROM grants WHERE person = ${person} AND redeemed = 1 AND expires_at > ${now}
          ORDER BY created_at DESC`.map(toGrant);
        const credentials = new Map(
          sql.all`SELECT * FROM credentials WHERE person = ${person}`.map(toCredential).map((row) => [row.id, row]),
        );
        return grants.flatMap((grant) => {
          const credential = credentials.get(grant.credential);
          return credential === undefined ? [] : [{ grant, credential }];
        });
      });
    },

    async people(after, limit) {
      return query(() =>
        sql.all`SELECT person FROM people WHERE person > ${after} ORDER BY person LIMIT ${limit}`.map(
          (row) => personRowSchema.parse(row).person,
        ),
      );
    },
  };
}

/** The first member in which a presentation does not match the grant; undefined when all match. */
function mismatch(
  grant: Grant,
  presented: CodePresentation,
): 'client' | 'redirect_uri' | 'code_verifier' | 'resource' | undefined {
  if (presented.clientId !== grant.clientId) return 'client';
  if ((grant.redirectUriSent || presented.redirectUri !== undefined) && presented.redirectUri !== grant.redirectUri)
    return 'redirect_uri';
  if (presented.codeChallenge !== grant.codeChallenge) return 'code_verifier';
  return presented.resource !== undefined && presented.resource !== grant.resource ? 'resource' : undefined;
}
