/**
 * The authorization code grant: a code is redeemed once, by the client it was issued to, with the same redirect URI and
 * resource and the right PKCE verifier. A second redemption by that client ends the session (design decision 7).
 * @see OAuth 2.1 section 4.1.3, RFC 7636 section 4.6
 */
import { defined } from '../../base/defined.ts';
import { loginOf } from '../../base/login-id.ts';
import { invalidGrant, invalidRequest, invalidTarget } from '../../protocol/oauth-error.ts';
import type { Parameters } from '../../protocol/parameters.ts';
import { codeChallenge, isCodeVerifier } from '../../protocol/pkce.ts';
import { hashToken } from '../../security/secrets.ts';
import type { EndedGrant, SessionRef } from '../../store/records.ts';
import type { CodePresentation, Redemption } from '../../store/session-operations.ts';
import type { Client } from '../clients/client.ts';
import { codeSession, mintRefreshToken } from '../tokens/session-tokens.ts';
import type { Granted, GrantServices, GrantType } from './grant-type.ts';

/** The same description for every wrong code, so that it does not reveal which codes exist. */
const NO_SUCH_CODE = 'the code is unknown or over';
/** The generation of a session's first refresh token. */
const FIRST_GENERATION = 1;

/** The grant type `authorization_code`. */
export const authorizationCode: GrantType = {
  name: 'authorization_code',
  read: async (services, parameters) => (client) => redeem(services, client, parameters),
};

async function redeem(services: GrantServices, client: Client, parameters: Parameters): Promise<Granted> {
  const verifier = checkVerifier(parameters);
  const { code, ref } = checkCode(parameters);
  services.events.context.knowLogin(loginOf(ref.grant));
  const refreshToken = refreshTokenFor(services, client, ref);
  const redemption = await services.store.sessions.redeem(
    ref,
    presentation(services, client, parameters, code, verifier),
    refreshToken === undefined ? services.accessTokenTtl : services.refreshTokenTtl,
    refreshToken === undefined ? undefined : hashToken(refreshToken),
  );
  switch (redemption.outcome) {
    case 'redeemed': {
      const { session } = redemption;
      services.events.emit('code.redeemed', { clientId: client.clientId, ...ref });
      return { session, scope: session.grant.scope, login: true, ...defined({ refreshToken }) };
    }
    case 'replayed':
      return refuseReplay(services, redemption.ended);
    case 'mismatch':
      throw mismatch(redemption.of);
    case 'unknown':
      throw invalidGrant(NO_SUCH_CODE, 'no such code');
  }
}

/** @see RFC 7636 sections 4.1 and 4.5 */
function checkVerifier(parameters: Parameters): string {
  if (!parameters.has('code')) throw invalidRequest('code is missing');
  const verifier = parameters.get('code_verifier');
  if (verifier === undefined) throw invalidRequest('code_verifier is missing: PKCE is required');
  if (!isCodeVerifier(verifier)) throw invalidGrant('code_verifier is not 43 to 128 unreserved characters');
  return verifier;
}

function checkCode(parameters: Parameters): { code: string; ref: SessionRef } {
  const code = parameters.get('code') ?? '';
  const ref = codeSession(code);
  if (ref === undefined) throw invalidGrant(NO_SUCH_CODE, 'not the form of a code');
  return { code, ref };
}

/** The first refresh token of the session; undefined when the client's grant types do not include `refresh_token`. */
function refreshTokenFor({ secrets }: GrantServices, { metadata }: Client, ref: SessionRef): string | undefined {
  return metadata.grant_types.includes('refresh_token') ? mintRefreshToken(secrets, ref, FIRST_GENERATION) : undefined;
}

/** What the store compares with the grant, in the operation that redeems the code (OAuth 2.1 section 4.1.3). */
function presentation(
  { resources }: GrantServices,
  { clientId }: Client,
  parameters: Parameters,
  code: string,
  verifier: string,
): CodePresentation {
  const resource = parameters.has('resource') ? resources.resolve(parameters.get('resource')).audience : undefined;
  return {
    codeHash: hashToken(code),
    clientId,
    codeChallenge: codeChallenge(verifier),
    ...defined({ redirectUri: parameters.get('redirect_uri'), resource }),
  };
}

/**
 * The code was redeemed before, and the store has ended its session.
 * @see OAuth 2.1 section 4.1.3 (design decision 7)
 */
async function refuseReplay({ events, sessionEnding }: GrantServices, grant: EndedGrant): Promise<never> {
  events.emit('code.replayed', { clientId: grant.clientId, ...grant.ref });
  await sessionEnding.afterStoreEnded(grant.ref.person, [grant], 'replayed', 'client');
  throw invalidGrant('the code was used before; what it gave has been revoked');
}

/** The error for a presentation that does not match the grant; nothing has changed in the store. */
function mismatch(of: (Redemption & { outcome: 'mismatch' })['of']) {
  switch (of) {
    case 'resource':
      return invalidTarget('the code was issued for another resource');
    case 'client':
      // A client must learn nothing about a code that was issued to another client.
      return invalidGrant(NO_SUCH_CODE, 'mismatch: client');
    case 'redirect_uri':
      return invalidGrant('redirect_uri is not the one of the authorization request', 'mismatch: redirect_uri');
    case 'code_verifier':
      return invalidGrant('code_verifier does not match code_challenge', 'mismatch: code_verifier');
  }
}
