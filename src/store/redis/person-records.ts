/** How scripts/person.lua answers: grants, credentials and what ended, parsed into records. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { CredentialState, EndedGrant, GrantState, Session, SessionRef } from '../records.ts';
import { readCredentialIdentity, readGrant } from '../stored.ts';

const state = z.object({
  credential: z.string(),
  generation: z.number(),
  createdAt: z.number(),
  lastUsedAt: z.number(),
  expiresAt: z.number(),
});

const tokens = z.object({
  generation: z.number(),
  sealedTokens: z.string(),
  accessExpiresAt: z.number().exactOptional(),
  refreshExpiresAt: z.number().exactOptional(),
});

/** `{grant id, grant, state, credential, tokens}`. */
export const sessionReply = z.tuple([z.string(), z.string(), z.string(), z.string(), z.string()]);
/** `{grant id, client id}`. */
export const endedReply = z.tuple([z.string(), z.string()]);

/** A prefix for the ids of the revocations that a script makes. */
export const batch = (): string => randomUUID();

export function toGrant(ref: SessionRef, grantJson: string, stateJson: string): GrantState {
  const { generation, createdAt, lastUsedAt, expiresAt } = state.parse(JSON.parse(stateJson));
  return { ...readGrant(grantJson), ref, generation, createdAt, lastUsedAt, expiresAt };
}

export function toCredential(person: string, id: string, json: string, tokensJson: string): CredentialState {
  return { person, id, ...readCredentialIdentity(json), ...tokens.parse(JSON.parse(tokensJson)) };
}

export function toSession(person: string, reply: z.infer<typeof sessionReply>): Session {
  const [id, grantJson, stateJson, credentialJson, tokensJson] = reply;
  const grant = toGrant({ person, grant: id }, grantJson, stateJson);
  return { grant, credential: toCredential(person, grant.credential, credentialJson, tokensJson) };
}

export function toEnded(person: string, [grant, clientId]: z.infer<typeof endedReply>): EndedGrant {
  return { ref: { person, grant }, clientId };
}
