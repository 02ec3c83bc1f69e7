/** Remembered consents: which may be remembered, and what one was for (design decision 11). */
import { hashToken } from '../../security/secrets.ts';
import type { AuthorizationRequest } from '../../store/records.ts';
import { redirectKind } from '../clients/redirect-uri.ts';

/**
 * Whether consent to a request may be remembered: never for a loopback address or the scheme of an app, where any program
 * can answer (RFC 8252 section 8.6).
 */
export function isRememberable({ redirectUri }: Pick<AuthorizationRequest, 'redirectUri'>): boolean {
  return redirectKind(redirectUri) === 'https';
}

/** What a remembered consent was for; a request that differs in any of it is asked about again. */
export function consentKey({ clientId, clientName, redirectUri, scope, resource }: AuthorizationRequest): string {
  return hashToken(JSON.stringify([clientId, clientName, redirectUri, [...scope].sort(), resource]));
}
