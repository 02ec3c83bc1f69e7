/** Remembered consents: which may be remembered, and what one was for (design decision 11). */
import type Koa from 'koa';
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

/**
 * Whether a browser came to `/authorize` by its person or by the client's own site. For anybody else's link the consent is
 * asked again, because it would answer that link with a code.
 * @see Fetch Metadata Request Headers, section 2.4
 */
export function isOwnNavigation(ctx: Koa.Context, { redirectUri }: Pick<AuthorizationRequest, 'redirectUri'>): boolean {
  const site = ctx.get('sec-fetch-site');
  if (site === 'none') return true;
  const referrer = URL.parse(ctx.get('referer'));
  // A browser that does not send Sec-Fetch-Site says nothing where nothing referred.
  if (referrer === null) return site === '' && ctx.get('referer') === '';
  return referrer.origin === new URL(redirectUri).origin;
}

/** What a remembered consent was for; a request that differs in any of it is asked about again. */
export function consentKey(request: AuthorizationRequest): string {
  const { clientId, clientName, redirectUri, scope, resource, recipient } = request;
  const what = [
    clientId,
    clientName,
    redirectUri,
    [...scope].sort(),
    resource,
    recipient?.address,
    recipient?.credential,
  ];
  return hashToken(JSON.stringify(what));
}
