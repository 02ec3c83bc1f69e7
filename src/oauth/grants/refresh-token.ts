/**
 * The refresh token grant: rotation on every use, safe to retry and evident to theft (design decision 6). Scope may be
 * narrowed, never widened.
 * @see OAuth 2.1 section 4.3, RFC 9700 section 4.14
 */
import type Koa from 'koa';
import { invalidGrant, invalidRequest, invalidScope, invalidTarget, OAuthError } from '../../protocol/oauth-error.ts';
import { type Parameters, words } from '../../protocol/parameters.ts';
import { hashToken, openUnder, sealUnder } from '../../security/secrets.ts';
import type { Session } from '../../store/records.ts';
import { isRegisteredId } from '../clients/client.ts';
import { clientCredentials } from '../clients/client-authentication.ts';
import { UNUSED_CLIENT_TTL } from '../endpoints/registration.ts';
import { type TokenServices, tokenResponse } from '../endpoints/token.ts';
import { mintRefreshToken, readRefreshToken } from '../tokens/session-tokens.ts';
import { UpstreamFailure } from '../upstream.ts';

/** Seconds in which a repeat of the newest spent token gets the same successor. */
const GRACE = 60;
const OVER = 'the session is over: authorize again';

/** Rotates a refresh token. @throws {OAuthError} */
export async function refresh(
  services: TokenServices,
  ctx: Koa.Context,
  parameters: Parameters,
): Promise<Record<string, unknown>> {
  const { store, secrets, events, upstream } = services;
  const credentials = clientCredentials(ctx, parameters);
  const presented = parameters.get('refresh_token');
  const genuine = presented === undefined ? undefined : readRefreshToken(secrets, presented);
  // Both reads travel in one round trip.
  const [found, session] = await Promise.all([
    services.clients.find(credentials.clientId),
    genuine === undefined ? undefined : store.sessions.read(genuine.ref),
  ]);
  const client = await services.clientAuthentication.authenticate(credentials, found);
  if (!client.metadata.grant_types.includes('refresh_token')) {
    throw new OAuthError('unauthorized_client', 'the client is not registered for the refresh_token grant');
  }
  if (presented === undefined) throw invalidRequest('refresh_token is missing');
  if (genuine === undefined) throw invalidGrant('the refresh token is not one of this server', 'forged or damaged');
  if (session === undefined) throw invalidGrant(OVER, 'no such grant');
  const { ref } = genuine;
  if (session.grant.clientId !== client.clientId) throw invalidGrant(OVER, 'of another client');
  if (parameters.has('resource') && services.resources.resolve(parameters.get('resource')) !== session.grant.resource) {
    throw invalidTarget('the refresh token was issued for another resource');
  }
  const scope = narrowed(services, session.grant.scope, parameters.get('scope'));
  await recheck(services, session);

  const successor = mintRefreshToken(secrets, ref, genuine.generation + 1);
  // The registration lives on by being used; both writes travel together.
  const [rotation] = await Promise.all([
    store.sessions.rotate(ref, {
      clientId: client.clientId,
      presentedHash: hashToken(presented),
      presentedGeneration: genuine.generation,
      successorHash: hashToken(successor),
      sealedSuccessor: sealUnder(presented, successor),
      grace: GRACE,
      ttl: services.refreshTokenTtl,
    }),
    isRegisteredId(client.clientId) ? store.clients.touch(client.clientId, UNUSED_CLIENT_TTL, ref.person) : undefined,
  ]);
  switch (rotation.outcome) {
    case 'rotated':
      events.emit('refresh_token.rotated', { clientId: client.clientId, ...ref });
      return tokenResponse(services, session, scope, successor, false);
    case 'repeated':
      events.emit('refresh_token.repeated', { clientId: client.clientId, ...ref });
      return tokenResponse(services, session, scope, openUnder(presented, rotation.sealedSuccessor), false);
    case 'reused':
      events.emit('refresh_token.reused', { clientId: client.clientId, ...ref });
      events.emit('grant.ended', { clientId: client.clientId, ...ref, reason: 'reused' });
      upstream.grantsEnded(ref.person);
      throw invalidGrant('the refresh token was used before; the session has been revoked');
    case 'unknown':
      throw invalidGrant(OVER, 'not the token of this grant');
  }
}

/** The scope of this access token (OAuth 2.1 section 4.3.1). */
function narrowed(
  services: TokenServices,
  granted: readonly string[],
  parameter: string | undefined,
): readonly string[] {
  const wanted = words(parameter);
  if (wanted.length === 0) return granted;
  const wider = wanted.find((scope) => !granted.includes(scope) && !services.upstream.scopes.covers(granted, scope));
  if (wider !== undefined) throw invalidScope('a refresh cannot widen the scope: authorize again for more');
  return wanted;
}

/** The operator's policy, asked again at each refresh; what cannot be decided rotates nothing (design decision 10). */
async function recheck(services: TokenServices, { grant: { ref, clientId }, credential }: Session): Promise<void> {
  try {
    await services.upstream.recheck(credential);
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error;
    if (error.code !== 'access_denied') {
      throw new OAuthError('temporarily_unavailable', error.description, {
        status: 503,
        detail: error.message,
        headers: { 'Retry-After': '30' },
      });
    }
    const ended = await services.store.sessions.end(ref);
    if (ended !== undefined) services.events.emit('grant.ended', { clientId, ...ref, reason: 'not_allowed' });
    services.upstream.grantsEnded(ref.person);
    throw invalidGrant('the person may not use this server any more', error.message);
  }
}
