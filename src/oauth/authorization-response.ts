/**
 * The authorization response: every answer to an authorization request, success or error, is made here, so that none
 * lacks `iss` or `state`; and carried to the client, by a redirect or, for the scheme of an app, by a page.
 * @see RFC 9207 section 2, OAuth 2.1 sections 4.1.2 and 4.1.2.1
 */
import type Koa from 'koa';
import type { OAuthErrorCode } from '../protocol/oauth-error.ts';
import type { AuthorizationRequest } from '../store/records.ts';
import type { Web } from '../web/web.ts';
import { redirectKind } from './clients/redirect-uri.ts';

type AuthorizationResponse =
  | { readonly code: string }
  | { readonly error: OAuthErrorCode; readonly description: string };

/** What a response needs of its request. */
type ResponseTarget = Pick<AuthorizationRequest, 'redirectUri' | 'state' | 'clientName' | 'uiLocales'>;

/**
 * The address that carries an authorization response to the client.
 * @param issuer sent as `iss`, byte for byte that of the metadata
 */
export function authorizationResponseUrl(
  issuer: string,
  { redirectUri, state }: Pick<ResponseTarget, 'redirectUri' | 'state'>,
  response: AuthorizationResponse,
): string {
  const parameters = new URLSearchParams(
    'code' in response ? { code: response.code } : { error: response.error, error_description: response.description },
  );
  if (state !== undefined) parameters.set('state', state);
  parameters.set('iss', issuer);
  // The registered URI is kept byte for byte, its query included.
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${parameters}`;
}

/** Answers the browser so that it carries the response to the client. */
export function sendAuthorizationResponse(
  { issuer, web }: { readonly issuer: string; readonly web: Web },
  ctx: Koa.Context,
  target: ResponseTarget,
  response: AuthorizationResponse,
): void {
  const url = authorizationResponseUrl(issuer, target, response);
  ctx.set('Cache-Control', 'no-store');
  if (redirectKind(target.redirectUri) === 'app') {
    // The browser stays on the page from which it opens an app.
    const { clientName, uiLocales } = target;
    web.page(ctx, 'returning', uiLocales, { clientName, url, success: 'code' in response });
    return;
  }
  // Set by hand: ctx.redirect would normalise the client's URI.
  ctx.status = 302;
  ctx.set('Location', url);
  ctx.body = '';
}
