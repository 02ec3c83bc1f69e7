/**
 * The grants and credentials of one person, as values of one hash. A value is two JSON lists, one per line, without the
 * names of the members, so that it is short: the state, which the scripts check and change, and the record, which they
 * copy as it is (scripts/records.lua). Also parses what the scripts return.
 */
import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { deepFreeze } from '../../base/deep-freeze.ts';
import type { Credential, CredentialState, EndedGrant, Grant, GrantState, Session, SessionRef } from '../records.ts';
import { parseCredentialIdentity, parseGrant, parseGrantForDirectory } from '../stored.ts';
import { scriptJson } from './script.ts';

const instantsSchema = z.object({
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

const accountSchema = z.object({ id: z.number(), login: z.string() });

/** `{grant, credential}`: two values. */
export const sessionSchema = z.tuple([z.string(), z.string()]);
/** `{grant id, client id}`. */
export const endedSchema = z.tuple([z.string(), z.string()]);
export const endedListSchema = z.array(endedSchema);

const listsSchema = z.tuple([z.array(z.unknown()), z.array(z.unknown())]);

/** A random prefix for the ids of the pending revocations that one run of a script creates. */
export function batch(): string {
  return randomUUID();
}

/** The record of a grant; scripts/session-redeem.lua reads its first four members. */
export function grantRecord(grant: Grant): string {
  const { redirectUri, redirectUriSent, codeChallenge, resource } = grant;
  const { clientName, scope, authTime, refreshable, recipient, nonce, refusedScope } = grant;
  return scriptJson([
    ...[redirectUri, redirectUriSent, codeChallenge, resource],
    ...[clientName, scope, authTime, refreshable, recipient, nonce],
    ...(refusedScope === undefined ? [] : [refusedScope]),
  ]);
}

/** The record of a credential. */
export function credentialRecord({ account: { id, login, name, avatarUrl }, scope }: Credential): string {
  return scriptJson([id, login, name, avatarUrl, scope]);
}

/** Parses the value of a grant. */
function toGrant(ref: SessionRef, value: string): GrantState {
  const [state, record] = lists(value);
  const [clientId, credential, _codeHash, _redeemed, _sends, createdAt, lastUsedAt, expiresAt, generation] = state;
  const [redirectUri, redirectUriSent, codeChallenge, resource, ...others] = record;
  const [clientName, scope, authTime, refreshable, recipient, nonce, refusedScope] = others;
  const members = { clientId, clientName, redirectUri, redirectUriSent, codeChallenge, scope, refusedScope, resource };
  return {
    ...parseGrant(present({ ...members, recipient, credential, authTime, nonce, refreshable })),
    ...instantsSchema.parse({ generation, createdAt, lastUsedAt, expiresAt }),
    ref,
  };
}

/** Parses all of the value of a grant, to move it to another store. */
export function toGrantRecord(id: string, value: string): unknown {
  const { ref: _, ...grant } = toGrant({ person: '', grant: id }, value);
  const [state] = lists(value);
  const [codeHash, redeemed, refreshHash, hash, until, sealedSuccessor] = [2, 3, 9, 10, 11, 12].map((at) => state[at]);
  const spent = typeof sealedSuccessor === 'string' ? { hash, until, sealedSuccessor } : undefined;
  return present({ id, ...grant, codeHash, redeemed, refreshHash, spent });
}

/** Parses the value of a credential. */
export function toCredential(person: string, credentialId: string, value: string): CredentialState {
  const [state, record] = lists(value);
  const [appClientId, generation, sealedTokens, accessExpiresAt, refreshExpiresAt, resetDue] = state;
  const [id, login, name, avatarUrl, scope] = record;
  return {
    ...parseCredentialIdentity({ appClientId, account: present({ id, login, name, avatarUrl }), scope }),
    ...tokensSchema.parse(present({ generation, sealedTokens, accessExpiresAt, refreshExpiresAt, resetDue })),
    person,
    id: credentialId,
  };
}

/** Parses what the sweep returns for the directory: the account of a credential, and the record of a grant. */
export const parseRecords = {
  account(credential: string): { readonly id: number; readonly login: string } {
    const [, record] = lists(credential);
    return accountSchema.parse({ id: record[0], login: record[1] });
  },
  grant(record: string): Pick<Grant, 'clientName' | 'resource' | 'recipient'> {
    const [, , , resource, clientName, , , , recipient] = z.array(z.unknown()).parse(JSON.parse(record));
    return parseGrantForDirectory(present({ clientName, resource, recipient }));
  },
};

export function lists(value: string): z.infer<typeof listsSchema> {
  return listsSchema.parse(value.split('\n').map((line) => JSON.parse(line)));
}

/** The members that are present: an absent one is null in a list, or after its end. */
export function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const some: Record<string, unknown> = {};
  for (const name in members) if (members[name] !== undefined && members[name] !== null) some[name] = members[name];
  return some;
}

/** Parses a session. */
export function toSession(ref: SessionRef, [grantValue, credentialValue]: z.infer<typeof sessionSchema>): Session {
  const grant = toGrant(ref, grantValue);
  return { grant, credential: toCredential(ref.person, grant.credential, credentialValue) };
}

/** Parsed sessions that are kept, and the characters of their values: anyone can register a long name. */
const MAX_KEPT = { max: 5000, maxSize: 4 * 1024 * 1024 };

/**
 * Creates the reader of a session that is read at every call. It parses values again only when they have changed: at most once a
 * minute, when the last use is noted, and when the session or its tokens change. The sessions are shared and frozen.
 */
export function createSessionReader(): (ref: SessionRef, reply: unknown) => Session {
  const kept = new LRUCache<string, { readonly values: z.infer<typeof sessionSchema>; readonly session: Session }>({
    ...MAX_KEPT,
    sizeCalculation: ({ values: [grant, credential] }) => grant.length + credential.length,
  });
  return (ref, reply) => {
    const key = `${ref.person} ${ref.grant}`;
    const known = kept.get(key);
    if (known !== undefined && Array.isArray(reply) && known.values.every((value, at) => value === reply[at]))
      return known.session;
    const values = sessionSchema.parse(reply);
    const { grant, credential } = toSession(ref, values);
    const session = deepFreeze({ grant, credential });
    kept.set(key, { values, session });
    return session;
  };
}

/** Converts what a script returns of a grant that it ended. */
export function toEnded(person: string, [grant, clientId]: z.infer<typeof endedSchema>): EndedGrant {
  return { ref: { person, grant }, clientId };
}
