/**
 * The session behind an access token, wherever one is presented. A token says no more than its grant, whoever signed it:
 * client and resource must be the grant's, and scopes that the grant does not have are left out.
 * @see RFC 9068 section 4, RFC 7662 section 2.2
 */
import { spaceSeparated } from '../../protocol/parameters.ts';
import type { Session } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import type { UpstreamScopes } from '../scope.ts';
import { type AccessTokenClaims, InvalidAccessToken } from './access-token.ts';

/**
 * Reads the session of a token whose signature was checked: one round trip to the store.
 * @returns the session, and the scopes of the token that its grant has
 * @throws {InvalidAccessToken} when the session is over, or is not the one that the token names
 */
export async function readTokenSession(
  store: Store,
  scopes: Pick<UpstreamScopes, 'covers'>,
  claims: AccessTokenClaims,
): Promise<{ session: Session; scope: string[] }> {
  const session = await store.sessions.read(claims.session);
  if (session === undefined) throw new InvalidAccessToken('its grant has ended');
  const { clientId, resource, scope } = session.grant;
  if (clientId !== claims.client_id || resource !== claims.aud)
    throw new InvalidAccessToken('its session is of another client or resource');
  return { session, scope: spaceSeparated(claims.scope).filter((one) => scopes.covers(scope, one)) };
}
