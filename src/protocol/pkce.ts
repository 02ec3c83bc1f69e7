/** PKCE with S256: challenges, verifiers and their syntax. @see RFC 7636, OAuth 2.1 section 4.1.1 */
import { createHash } from 'node:crypto';
import { randomToken } from '../security/secrets.ts';

const VERIFIER = /^[A-Za-z0-9\-._~]{43,128}$/;
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/** The S256 challenge of a verifier (RFC 7636 section 4.2). */
export function codeChallenge(verifier: string): string {
  return createHash('sha256').update(verifier, 'ascii').digest('base64url');
}

/** A new random verifier with 256 bits of entropy. */
export function randomVerifier(): string {
  return randomToken(32);
}

/** Whether a text has the syntax of a verifier (RFC 7636 section 4.1). */
export function isCodeVerifier(text: string): boolean {
  return VERIFIER.test(text);
}

/** Whether a text has the syntax of an S256 challenge: 43 characters of base64url (RFC 7636 section 4.2). */
export function isCodeChallenge(text: string): boolean {
  return CHALLENGE.test(text);
}
