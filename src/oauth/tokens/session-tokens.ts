/**
 * Codes and refresh tokens: opaque strings that contain the tag of the person and the id of the grant. A refresh token
 * also contains an HMAC, which proves that this server issued it. A forged token gets `invalid_grant` and must not end
 * a session (design decision 6).
 */
import { randomBytes } from 'node:crypto';
import type { Secrets } from '../../security/secrets.ts';
import type { SessionRef } from '../../store/records.ts';

const CODE_PREFIX = 'mgc_';
const REFRESH_PREFIX = 'mgr_';
/** Bytes of a person's tag, and of a grant's id; each is 16 characters of base64url. */
const REF_BYTES = 12;
const GENERATION_BYTES = 4;
const NONCE_BYTES = 16;
const CODE_RANDOM_BYTES = 32;
const PAYLOAD_BYTES = REF_BYTES * 2 + GENERATION_BYTES + NONCE_BYTES;
const MAC_BYTES = 32;
const MAC_PURPOSE = 'refresh-token';

/** A new authorization code for a session. */
export function mintCode(ref: SessionRef): string {
  return CODE_PREFIX + Buffer.concat([refBytes(ref), randomBytes(CODE_RANDOM_BYTES)]).toString('base64url');
}

/** The session that a code names; undefined when it does not have the form of a code. The code may still be forged. */
export function codeSession(code: string): SessionRef | undefined {
  const bytes = decode(code, CODE_PREFIX, REF_BYTES * 2 + CODE_RANDOM_BYTES);
  return bytes === undefined ? undefined : readRef(bytes);
}

/**
 * A new refresh token for a session.
 * @param generation how many refresh tokens the session has had, this one included
 */
export function mintRefreshToken(secrets: Secrets, ref: SessionRef, generation: number): string {
  const counter = Buffer.alloc(GENERATION_BYTES);
  counter.writeUInt32BE(generation);
  const payload = Buffer.concat([refBytes(ref), counter, randomBytes(NONCE_BYTES)]);
  return REFRESH_PREFIX + Buffer.concat([payload, secrets.sign(MAC_PURPOSE, payload)]).toString('base64url');
}

/** The session and generation in a refresh token; undefined when this server did not issue it. */
export function readRefreshToken(secrets: Secrets, token: string): { ref: SessionRef; generation: number } | undefined {
  const bytes = decode(token, REFRESH_PREFIX, PAYLOAD_BYTES + MAC_BYTES);
  if (bytes === undefined) return undefined;
  const payload = bytes.subarray(0, PAYLOAD_BYTES);
  if (!secrets.verify(MAC_PURPOSE, payload, bytes.subarray(PAYLOAD_BYTES))) return undefined;
  return { ref: readRef(bytes), generation: bytes.readUInt32BE(REF_BYTES * 2) };
}

/** The value of the `sid` claim for a session. */
export function formatSid(ref: SessionRef): string {
  return `${ref.person}.${ref.grant}`;
}

/** The session of a `sid`; undefined when it does not have the form of one. */
export function parseSid(sid: string): SessionRef | undefined {
  const match = /^([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{16})$/.exec(sid);
  return match?.[1] !== undefined && match[2] !== undefined ? { person: match[1], grant: match[2] } : undefined;
}

function refBytes(ref: SessionRef): Buffer {
  return Buffer.concat([Buffer.from(ref.person, 'base64url'), Buffer.from(ref.grant, 'base64url')]);
}

function readRef(bytes: Buffer): SessionRef {
  return {
    person: bytes.subarray(0, REF_BYTES).toString('base64url'),
    grant: bytes.subarray(REF_BYTES, REF_BYTES * 2).toString('base64url'),
  };
}

function decode(token: string, prefix: string, length: number): Buffer | undefined {
  if (!token.startsWith(prefix)) return undefined;
  const encoded = token.slice(prefix.length);
  const bytes = Buffer.from(encoded, 'base64url');
  // Only the canonical base64url is accepted; the decoder would accept other spellings of the same bytes.
  return bytes.length === length && bytes.toString('base64url') === encoded ? bytes : undefined;
}
