/**
 * Bearer tokens at the resource server: a token of ours for this resource, whose grant lives. The grant and its
 * credential are read in one round trip, at every call, so that revocation is immediate. @see RFC 6750, RFC 9068
 * section 4, MCP Authorization
 */
import {
  type AuthInfo,
  bearerAuthChallengeResponse,
  OAuthError,
  OAuthErrorCode,
  verifyBearerToken,
} from '@modelcontextprotocol/server';
import type { UpstreamScopes } from '../oauth/scope.ts';
import { type AccessTokens, InvalidAccessToken } from '../oauth/tokens/access-token.ts';
import type { EventBus } from '../observe/events.ts';
import { words } from '../protocol/parameters.ts';
import type { Session } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { metadataPath, type ResourcePath } from './protected-resource.ts';

/** What a tool call knows of who calls; also where it reports that GitHub ended the session. */
export interface Caller {
  readonly session: Session;
  /** Epoch seconds at which the access token expires. */
  readonly expiresAt: number;
  /** Set when GitHub refused the credential during this request: the answer is then a 401. */
  credentialDied: boolean;
  /** Why there could be no server for this request: thrown on, for the SDK would make 500 of it. */
  failure?: unknown;
}

export interface BearerAuth {
  /** The caller behind an Authorization header, or the challenge that answers it. @throws {StoreUnavailable} */
  authenticate(authorization: string | undefined, path: ResourcePath): Promise<AuthInfo | Response>;
  /** The 401 for a session that ended while it was being used. */
  sessionOver(path: ResourcePath): Response;
}

interface BearerAuthOptions {
  readonly issuer: string;
  /** The audience of the built-in resource. */
  readonly resource: string;
  readonly accessTokens: AccessTokens;
  readonly store: Store;
  readonly events: EventBus;
  /** Scopes named in challenges. */
  readonly scope: readonly string[];
  readonly scopes: Pick<UpstreamScopes, 'covers'>;
}

const CALLER = 'caller';

export function createBearerAuth({
  issuer,
  resource,
  accessTokens,
  store,
  events,
  scope,
  scopes,
}: BearerAuthOptions): BearerAuth {
  const challengeOptions = (path: ResourcePath) => ({
    requiredScopes: [...scope],
    resourceMetadataUrl: `${issuer}${metadataPath(path)}`,
  });

  async function verifyAccessToken(token: string): Promise<AuthInfo> {
    try {
      const claims = await accessTokens.verify(token, resource);
      const session = await store.sessions.read(claims.session);
      if (session === undefined || session.grant.clientId !== claims.client_id || session.grant.resource !== resource) {
        throw new InvalidAccessToken('its grant has ended');
      }
      const caller: Caller = { session, expiresAt: claims.exp, credentialDied: false };
      return {
        token,
        clientId: claims.client_id,
        // A token says no more than its grant, whoever signed it.
        scopes: words(claims.scope).filter((one) => scopes.covers(session.grant.scope, one)),
        expiresAt: claims.exp,
        resource: new URL(claims.aud),
        extra: { [CALLER]: caller },
      };
    } catch (error) {
      if (!(error instanceof InvalidAccessToken)) throw error;
      events.emit('access_token.refused', { reason: error.message });
      throw new OAuthError(OAuthErrorCode.InvalidToken, 'The access token is not valid here, or its session is over');
    }
  }

  return {
    async authenticate(authorization, path) {
      const options = challengeOptions(path);
      // A request that brings no token is told where to get one, and of no error (RFC 6750 section 3.1).
      if (authorization === undefined || authorization === '') return plainChallenge(options);
      try {
        const { resourceMetadataUrl } = options;
        return await verifyBearerToken(authorization, {
          verifier: { verifyAccessToken },
          expectedResource: new URL(resource),
          resourceMetadataUrl,
        });
      } catch (error) {
        if (error instanceof OAuthError) return bearerAuthChallengeResponse(error, options);
        throw error;
      }
    },
    sessionOver: (path) =>
      bearerAuthChallengeResponse(
        new OAuthError(OAuthErrorCode.InvalidToken, 'GitHub has ended this session: log in again'),
        challengeOptions(path),
      ),
  };
}

/** The caller that {@link createBearerAuth} put into the SDK's AuthInfo. */
export function callerOf(authInfo: AuthInfo | undefined): Caller {
  const caller = authInfo?.extra?.[CALLER];
  if (!isCaller(caller)) throw new TypeError('the request was not authenticated');
  return caller;
}

function isCaller(value: unknown): value is Caller {
  return typeof value === 'object' && value !== null && 'session' in value && 'credentialDied' in value;
}

function plainChallenge({
  requiredScopes,
  resourceMetadataUrl,
}: {
  requiredScopes: string[];
  resourceMetadataUrl: string;
}): Response {
  return Response.json(
    { error: 'invalid_token', error_description: 'An access token is needed' },
    {
      status: 401,
      headers: {
        'WWW-Authenticate': `Bearer scope="${requiredScopes.join(' ')}", resource_metadata="${resourceMetadataUrl}"`,
      },
    },
  );
}
