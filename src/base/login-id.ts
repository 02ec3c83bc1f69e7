/**
 * The id of a login, and the reference of a request: random, public, and made of letters and digits that nobody mixes up,
 * so that a person can read them out. The id is Crockford's base 32 in lower case: no i, l, o or u.
 *
 * The id of a session's grant begins with the bytes of its login's id. So whatever names the session (a code, a token, a
 * stored grant) names the login, and nothing more is stored for it. For a grant that is older than this rule,
 * {@link loginOf} still gives one id, always the same, of which nothing else is known.
 * @see https://www.crockford.com/base32.html
 */
import { randomBytes, randomUUID } from 'node:crypto';

const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
/** Bytes of a login's id: 16 letters. */
const LOGIN_BYTES = 10;
const LOGIN_LETTERS = 16;
/** Random bytes after those of the login, because a person may go on with another account, in a second session of the login. */
const SESSION_BYTES = 2;

/** A new id for a login: 80 random bits. */
export function newLoginId(): string {
  return encode(randomBytes(LOGIN_BYTES));
}

/**
 * A new reference for a request: 12 letters with 48 random bits, in base 16. Every request has one, and Node keeps random bytes
 * ahead for UUIDs alone: they take half a microsecond, `randomBytes` thirteen.
 */
export function newReference(): string {
  // The last group of a UUID has neither its version nor its variant.
  return randomUUID().slice(-12);
}

/** A new id for the grant of a login, which {@link newLoginId} made. */
export function grantIdOf(login: string): string {
  return Buffer.concat([decode(login), randomBytes(SESSION_BYTES)]).toString('base64url');
}

/** The login of a grant. */
export function loginOf(grant: string): string {
  return encode(Buffer.from(grant, 'base64url').subarray(0, LOGIN_BYTES));
}

/**
 * The id of a login in what somebody typed: in upper or lower case, in groups, or as the beginning of an `X-Request-Id`.
 * @returns undefined when it begins with none
 */
export function readLoginId(text: string): string | undefined {
  const letters = text
    .toLowerCase()
    .replace(/[\s-]/g, '')
    .replace(/o/g, '0')
    .replace(/[il]/g, '1')
    .slice(0, LOGIN_LETTERS);
  return isLoginId(letters) ? letters : undefined;
}

/** Whether a text has exactly the form of a login's id. */
export function isLoginId(text: string): boolean {
  return /^[0-9a-hjkmnp-tv-z]{16}$/.test(text);
}

function encode(bytes: Uint8Array): string {
  let [text, bits, value] = ['', 0, 0];
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += LETTERS[(value >>> (bits - 5)) & 31];
    value &= 31;
  }
  return text;
}

function decode(text: string): Buffer {
  const bytes = Buffer.alloc(LOGIN_BYTES);
  let [length, bits, value] = [0, 0, 0];
  for (const letter of text) {
    value = (value << 5) | LETTERS.indexOf(letter);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length] = value >>> bits;
    length += 1;
    value &= (1 << bits) - 1;
  }
  return bytes;
}
