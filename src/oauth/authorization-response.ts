/**
 * The one redirect builder: every authorization response, success or error, is made here, so that none lacks `iss` or
 * `state`.
 * @see RFC 9207 section 2, OAuth 2.1 sections 4.1.2 and 4.1.2.1
 */

import type { OAuthErrorCode } from '../protocol/oauth-error.ts';
import type { AuthorizationRequest } from '../store/records.ts';

export type AuthorizationResponse =
  | { readonly code: string }
  | { readonly error: OAuthErrorCode; readonly description: string };

/**
 * The address that carries an authorization response to the client.
 * @param issuer sent as `iss`, byte for byte that of the metadata
 */
export function authorizationResponseUrl(
  issuer: string,
  request: Pick<AuthorizationRequest, 'redirectUri' | 'state'>,
  response: AuthorizationResponse,
): string {
  const parameters = new URLSearchParams(
    'code' in response ? { code: response.code } : { error: response.error, error_description: response.description },
  );
  if (request.state !== undefined) parameters.set('state', request.state);
  parameters.set('iss', issuer);
  // The registered URI is kept byte for byte, its query included.
  return `${request.redirectUri}${request.redirectUri.includes('?') ? '&' : '?'}${parameters}`;
}
