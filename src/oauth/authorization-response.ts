/**
 * The authorization response: every response to a client's redirect URI, success or error, is built here, so that `iss`
 * and `state` are never forgotten (design decision 14). The browser carries it to the client by a redirect, or, for a
 * private-use scheme, by the button of a page: no app is opened without a click.
 * @see RFC 9207 section 2, OAuth 2.1 sections 4.1.2 and 4.1.2.1
 */
import type Koa from 'koa';
import { defined } from '../base/defined.ts';
import type { OAuthErrorCode } from '../protocol/oauth-error.ts';
import type { AuthorizationRequest } from '../store/records.ts';
import type { Web } from '../web/web.ts';
import { redirectKind } from './clients/redirect-uri.ts';

type AuthorizationResponse =
  | { readonly code: string }
  | { readonly error: OAuthErrorCode; readonly description: string };

/** The members of the authorization request that its response needs. */
export type ResponseTarget = Pick<AuthorizationRequest, 'redirectUri' | 'state' | 'clientName' | 'uiLocales'> & {
  /** The person whose code this is, for a page that says as whom the app is connected. */
  readonly login?: string;
};

/**
 * Builds the address that carries an authorization response to the client.
 * @param issuer sent as `iss`; must equal the issuer in the metadata byte for byte
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
  // Not built with URL: the redirect URI must stay as the client sent it, byte for byte, including its query.
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${parameters}`;
}

/** Answers the browser with a redirect, or a page, that carries the response to the client. */
export function sendAuthorizationResponse(
  { issuer, web }: { readonly issuer: string; readonly web: Web },
  ctx: Koa.Context,
  target: ResponseTarget,
  response: AuthorizationResponse,
): void {
  const url = authorizationResponseUrl(issuer, target, response);
  ctx.set('Cache-Control', 'no-store');
  if (redirectKind(target.redirectUri) === 'app') {
    // A browser that opens an app stays on its current page, so that page must say what happened.
    const { clientName, uiLocales, login } = target;
    web.page(ctx, 'returning', uiLocales, { clientName, url, success: 'code' in response, ...defined({ login }) });
    return;
  }
  // Not ctx.redirect, which would normalise the client's URI.
  ctx.status = 302;
  ctx.set('Location', url);
  ctx.body = '';
}
