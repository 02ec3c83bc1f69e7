/** Signing JSON Web Tokens with the keys of this server. Tokens are checked with jose. @see RFC 7519, RFC 7515 */
import { sign } from 'node:crypto';
import type { SigningKey } from './keys.ts';

/** Bytes of each of the two integers of an ES256 signature (RFC 7518 section 3.4). */
const INTEGER_BYTES = 32;

/**
 * Signs a JWT, in the JWS Compact Serialization. It blocks the thread (ES256 some 20 µs, RS256 some 250 µs), which costs
 * less CPU than to hand it to another one, as WebCrypto and so jose do.
 * @param typ the media type of the token, which keeps one kind of token from being taken for another (RFC 8725 section 3.11)
 * @param claims members that are undefined are left out
 * @see RFC 7515 sections 3.1 and 5.1, RFC 7518 sections 3.3 and 3.4
 */
export function signJwt(
  { kid, alg, privateKey }: SigningKey,
  typ: string,
  claims: Readonly<Record<string, unknown>>,
): string {
  const input = `${encode({ alg, typ, kid })}.${encode(claims)}`;
  // `dsaEncoding` would make Node export and import the key at every call.
  const signature = sign('sha256', Buffer.from(input), privateKey);
  return `${input}.${(alg === 'ES256' ? rawSignature(signature) : signature).toString('base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/**
 * Converts an ECDSA signature from DER, a sequence of two integers without leading zeros, to two integers of fixed length.
 * @see RFC 3279 section 2.2.3, RFC 7518 section 3.4
 */
function rawSignature(der: Buffer): Buffer {
  const raw = Buffer.alloc(2 * INTEGER_BYTES);
  let tag = 2;
  for (const end of [INTEGER_BYTES, 2 * INTEGER_BYTES]) {
    const value = tag + 2;
    const next = value + (der[tag + 1] ?? 0);
    // An integer whose first bit is set has one more byte, a zero, because DER integers have a sign.
    const integer = der.subarray(Math.max(value, next - INTEGER_BYTES), next);
    integer.copy(raw, end - integer.length);
    tag = next;
  }
  return raw;
}
