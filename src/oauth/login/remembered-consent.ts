/** Remembered consents: which requests allow it, and what identifies a consent (design decision 11). */
import { hashToken } from '../../security/secrets.ts';
import type { AuthorizationRequest } from '../../store/records.ts';
import { redirectKind } from '../clients/redirect-uri.ts';

/**
 * Whether consent to a request may be remembered. Not for a loopback address or a private-use scheme, because any
 * program on the device can receive that response (RFC 8252 section 8.6).
 */
export function isRememberable({ redirectUri }: Pick<AuthorizationRequest, 'redirectUri'>): boolean {
  return redirectKind(redirectUri) === 'https';
}

/** Identifies what the person consented to; a request that differs in any of these members needs a new consent. */
export function consentKey({ clientId, clientName, redirectUri, scope, resource }: AuthorizationRequest): string {
  return hashToken(JSON.stringify([clientId, clientName, redirectUri, [...scope].sort(), resource]));
}
