/** Parses the answers of the scripts on a person: grants, credentials, sessions and ended grants. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { CredentialState, EndedGrant, GrantState, Session, SessionRef } from '../records.ts';
import { readCredentialIdentity, readGrant } from '../stored.ts';

const stateSchema = z.object({
  credential: z.string(),
  generation: z.number(),
  createdAt: z.number(),
  lastUsedAt: z.number(),
  expiresAt: z.number(),
});

const tokensSchema = z.object({
  generation: z.number(),
  sealedTokens: z.string(),
  accessExpiresAt: z.number().exactOptional(),
  refreshExpiresAt: z.number().exactOptional(),
  resetDue: z.literal(true).exactOptional(),
});

/** `{grant id, grant, state, credential, tokens}`: all but the first are JSON. */
export const sessionSchema = z.tuple([z.string(), z.string(), z.string(), z.string(), z.string()]);
/** `{grant id, client id}`. */
export const endedSchema = z.tuple([z.string(), z.string()]);
export const endedListSchema = z.array(endedSchema);

/** A random prefix for the ids of the pending revocations that one run of a script creates. */
export function batch(): string {
  return randomUUID();
}

/** Parses the two JSON texts of a grant: its record and its state. */
export function toGrant(ref: SessionRef, grantJson: string, stateJson: string): GrantState {
  const { generation, createdAt, lastUsedAt, expiresAt } = stateSchema.parse(JSON.parse(stateJson));
  return { ...readGrant(grantJson), ref, generation, createdAt, lastUsedAt, expiresAt };
}

/** Parses the two JSON texts of a credential: its record and its tokens. */
export function toCredential(person: string, id: string, json: string, tokensJson: string): CredentialState {
  return { person, id, ...readCredentialIdentity(json), ...tokensSchema.parse(JSON.parse(tokensJson)) };
}

/** Parses a session. */
export function toSession(person: string, reply: z.infer<typeof sessionSchema>): Session {
  const [id, grantJson, stateJson, credentialJson, tokensJson] = reply;
  const grant = toGrant({ person, grant: id }, grantJson, stateJson);
  return { grant, credential: toCredential(person, grant.credential, credentialJson, tokensJson) };
}

/** Converts what a script returns of a grant that it ended. */
export function toEnded(person: string, [grant, clientId]: z.infer<typeof endedSchema>): EndedGrant {
  return { ref: { person, grant }, clientId };
}
