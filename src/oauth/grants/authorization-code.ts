/**
 * The authorization code grant: a code is redeemed once, by its client, for its redirect URI and resource, with its
 * verifier. A replay by the rightful client ends what the code gave. @see OAuth 2.1 section 4.1.3, RFC 7636 section 4.6
 */
import type Koa from 'koa';
import { invalidGrant, invalidRequest, invalidTarget } from '../../protocol/oauth-error.ts';
import type { Parameters } from '../../protocol/parameters.ts';
import { codeChallenge, isCodeVerifier } from '../../protocol/pkce.ts';
import { hashToken } from '../../security/secrets.ts';
import type { CodePresentation } from '../../store/store.ts';
import { type TokenServices, tokenResponse } from '../endpoints/token.ts';
import { codeSession, mintRefreshToken } from '../tokens/session-tokens.ts';

const OVER = 'the code is unknown or over';
const MISMATCH: Readonly<Record<string, string>> = {
  // Another client learns nothing about a code that is not its own.
  client: OVER,
  redirect_uri: 'redirect_uri is not the one of the authorization request',
  code_verifier: 'code_verifier does not match code_challenge',
};
const FIRST_GENERATION = 1;

/** Redeems a code. @throws {OAuthError} */
export async function redeemCode(
  services: TokenServices,
  ctx: Koa.Context,
  parameters: Parameters,
): Promise<Record<string, unknown>> {
  const { store, secrets, events, upstream } = services;
  const client = await services.clientAuthentication.identify(ctx, parameters);
  const code = parameters.get('code');
  const verifier = parameters.get('code_verifier');
  if (code === undefined) throw invalidRequest('code is missing');
  if (verifier === undefined) throw invalidRequest('code_verifier is missing: PKCE is required');
  if (!isCodeVerifier(verifier)) throw invalidGrant('code_verifier is not 43 to 128 unreserved characters');
  const ref = codeSession(code);
  if (ref === undefined) throw invalidGrant(OVER, 'not the form of a code');

  const redirectUri = parameters.get('redirect_uri');
  const presented: CodePresentation = {
    codeHash: hashToken(code),
    clientId: client.clientId,
    codeChallenge: codeChallenge(verifier),
    ...(redirectUri === undefined ? {} : { redirectUri }),
    ...(parameters.has('resource') ? { resource: services.resources.resolve(parameters.get('resource')) } : {}),
  };
  const refreshToken = client.metadata.grant_types.includes('refresh_token')
    ? mintRefreshToken(secrets, ref, FIRST_GENERATION)
    : undefined;
  const ttl = refreshToken === undefined ? services.accessTokenTtl : services.refreshTokenTtl;
  const redemption = await store.sessions.redeem(
    ref,
    presented,
    ttl,
    refreshToken === undefined ? undefined : hashToken(refreshToken),
  );

  switch (redemption.outcome) {
    case 'redeemed':
      events.emit('code.redeemed', { clientId: client.clientId, ...ref });
      return tokenResponse(services, redemption.session, redemption.session.grant.scope, refreshToken, true);
    case 'replayed':
      events.emit('code.replayed', { clientId: client.clientId, ...ref });
      events.emit('grant.ended', { clientId: client.clientId, ...ref, reason: 'replayed' });
      upstream.grantsEnded(ref.person);
      throw invalidGrant('the code was used before; what it gave has been revoked');
    case 'mismatch':
      if (redemption.of === 'resource') throw invalidTarget('the code was issued for another resource');
      throw invalidGrant(MISMATCH[redemption.of] ?? OVER, `mismatch: ${redemption.of}`);
    case 'unknown':
      throw invalidGrant(OVER, 'no such code');
  }
}
