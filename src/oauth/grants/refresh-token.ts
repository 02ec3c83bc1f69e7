/**
 * The refresh token grant: the token rotates on every use. If the token that was rotated last is sent again within 60
 * seconds, the answer has the same successor. If it is sent later, or if an older token is sent, reuse is detected and
 * the session ends (design decision 6). The scope can be narrowed, never widened.
 * @see OAuth 2.1 section 4.3, RFC 9700 section 4.14
 */
import { loginOf } from '../../base/login-id.ts';
import { invalidGrant, invalidRequest, invalidScope, invalidTarget } from '../../protocol/oauth-error.ts';
import { type Parameters, spaceSeparated } from '../../protocol/parameters.ts';
import { hashToken, openUnder, sealUnder } from '../../security/secrets.ts';
import type { EndedGrant, Session } from '../../store/records.ts';
import { type Client, renewRegistration } from '../clients/client.ts';
import { isSameRecipient } from '../resource-indicators.ts';
import { applyPolicy } from '../session-policy.ts';
import { mintRefreshToken, readRefreshToken } from '../tokens/session-tokens.ts';
import { UpstreamFailure, upstreamUnavailable } from '../upstream.ts';
import type { Granted, GrantServices, GrantType } from './grant-type.ts';

/** Seconds within which the token that was rotated last, sent again, gets the same successor. */
const RETRY_GRACE = 60;
/** The same description for a session that has ended and for a session of another client. */
const SESSION_OVER = 'the session is over: authorize again';

/** What a request presents, before anything is checked. */
interface Presented {
  readonly token: string | undefined;
  /** Undefined for a token that this server did not issue. */
  readonly generation: number | undefined;
  /** Undefined when the session has ended. */
  readonly session: Session | undefined;
}

/** The grant type `refresh_token`. */
export const refreshToken: GrantType = {
  name: 'refresh_token',
  async read(services, parameters) {
    const token = parameters.get('refresh_token');
    const genuine = token === undefined ? undefined : readRefreshToken(services.secrets, token);
    if (genuine !== undefined) services.events.context.knowLogin(loginOf(genuine.ref.grant));
    const session = genuine === undefined ? undefined : await services.store.sessions.read(genuine.ref);
    return (client) => refresh(services, client, parameters, { token, generation: genuine?.generation, session });
  },
};

async function refresh(
  services: GrantServices,
  client: Client,
  parameters: Parameters,
  presented: Presented,
): Promise<Granted> {
  const { token, generation } = checkToken(presented);
  const session = checkSession(presented, client);
  checkResource(services, session, parameters);
  checkRecipient(services, session);
  const scope = narrowedScope(services, session, parameters);
  await checkPolicy(services, session);
  const refreshToken = await rotate(services, client, session, token, generation);
  return { session, scope, refreshToken, login: false };
}

/** Refuses a forged token, which must not end any session (design decision 6). */
function checkToken({ token, generation }: Presented): { token: string; generation: number } {
  if (token === undefined) throw invalidRequest('refresh_token is missing');
  if (generation === undefined) throw invalidGrant('the refresh token is not one of this server', 'forged or damaged');
  return { token, generation };
}

function checkSession({ session }: Presented, client: Client): Session {
  if (session === undefined) throw invalidGrant(SESSION_OVER, 'no such grant');
  if (session.grant.clientId !== client.clientId) throw invalidGrant(SESSION_OVER, 'of another client');
  return session;
}

/** @see RFC 8707 section 2.2 */
function checkResource({ resources }: GrantServices, { grant }: Session, parameters: Parameters): void {
  if (parameters.has('resource') && resources.resolve(parameters.get('resource')).audience !== grant.resource)
    throw invalidTarget('the refresh token was issued for another resource');
}

/** The operator may have put another server behind the resource since the person consented. */
function checkRecipient({ resources }: GrantServices, { grant }: Session): void {
  if (!isSameRecipient(resources.find(grant.resource)?.recipient, grant.recipient))
    throw invalidGrant('another server stands behind this resource now: authorize again', 'another recipient');
}

/** The scope of the new access token. @see OAuth 2.1 section 4.3.1 */
function narrowedScope({ upstream }: GrantServices, { grant }: Session, parameters: Parameters): readonly string[] {
  const wanted = spaceSeparated(parameters.get('scope'));
  if (wanted.length === 0) return grant.scope;
  const wider = wanted.find((scope) => !upstream.scopes.covers(grant.scope, scope));
  if (wider !== undefined) throw invalidScope('a refresh cannot widen the scope: authorize again for more');
  // The server behind gets the GitHub token as it is, so a narrower access token would promise what does not hold.
  const { covers, isKnown } = upstream.scopes;
  const lacking = grant.scope.filter((scope) => isKnown(scope) && !covers(wanted, scope));
  if (grant.recipient?.credential === 'github' && lacking.length > 0)
    throw invalidScope('the scope cannot be narrowed here: the server behind gets the GitHub token as it is');
  return wanted;
}

/**
 * Applies the operator's policy, and ends the session of a dead credential. If the policy cannot be checked now, the token
 * is not rotated (design decision 10).
 */
async function checkPolicy(services: GrantServices, session: Session): Promise<void> {
  try {
    await applyPolicy(services, session);
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error;
    throw error.code === 'access_denied' ? invalidGrant(error.description, error.message) : upstreamUnavailable(error);
  }
}

/** Rotates the token. @returns its successor: a new token, or for a retry the one that was issued before */
async function rotate(
  services: GrantServices,
  client: Client,
  { grant: { ref } }: Session,
  token: string,
  generation: number,
): Promise<string> {
  const { store, secrets, events, now } = services;
  const { clientId } = client;
  const successor = mintRefreshToken(secrets, ref, generation + 1);
  const [rotation] = await Promise.all([
    store.sessions.rotate(ref, {
      clientId,
      presentedHash: hashToken(token),
      presentedGeneration: generation,
      successorHash: hashToken(successor),
      sealedSuccessor: sealUnder(token, successor),
      grace: RETRY_GRACE,
      ttl: services.refreshTokenTtl,
    }),
    // A use extends the registration. Both writes are sent in one round trip.
    renewRegistration(store, client, ref.person, now()),
  ]);
  switch (rotation.outcome) {
    case 'rotated':
      events.emit('refresh_token.rotated', { clientId, ...ref });
      return successor;
    case 'repeated':
      events.emit('refresh_token.repeated', { clientId, ...ref });
      return openUnder(token, rotation.sealedSuccessor);
    case 'reused':
      return refuseReuse(services, rotation.ended);
    case 'unknown':
      throw invalidGrant(SESSION_OVER, 'not the token of this grant');
  }
}

/** The token was rotated before, and the store has ended the session. @see RFC 9700 section 4.14.2 */
async function refuseReuse({ events, sessionEnding }: GrantServices, grant: EndedGrant): Promise<never> {
  events.emit('refresh_token.reused', { clientId: grant.clientId, ...grant.ref });
  await sessionEnding.afterStoreEnded(grant.ref.person, [grant], 'reused', 'client');
  throw invalidGrant('the refresh token was used before; the session has been revoked');
}
