/**
 * The bearer check of the resource server: the token must be issued by this server for this resource, and its grant
 * must not have ended. The grant and its credential are read at every call, in one round trip, so that a revocation
 * takes effect at once (design decision 4).
 * @see RFC 6750, RFC 9068 section 4, MCP Authorization
 */
import {
  type AuthInfo,
  bearerAuthChallengeResponse,
  OAuthError,
  OAuthErrorCode,
  verifyBearerToken,
} from '@modelcontextprotocol/server';
import { loginOf } from '../base/login-id.ts';
import { isSameRecipient, type Resource } from '../oauth/resource-indicators.ts';
import type { UpstreamScopes } from '../oauth/scope.ts';
import { type AccessTokens, InvalidAccessToken } from '../oauth/tokens/access-token.ts';
import { readTokenSession } from '../oauth/tokens/token-session.ts';
import type { EventBus, Caller as NamedCaller } from '../observe/events.ts';
import type { Session } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { metadataPath } from './protected-resource.ts';

/** The caller of one request. The last members are set during the request. */
export interface Caller {
  readonly session: Session;
  /** Epoch seconds at which the access token expires. */
  readonly expiresAt: number;
  /** The tool that the request calls; set when it is one call, and then its server needs no other. */
  calledTool?: string;
  /** Set when GitHub refused the credential during this request; the answer is then a 401. */
  credentialDied: boolean;
  /** The error of creating the MCP server for this request. It is thrown again, because the SDK would answer 500. */
  failure?: unknown;
}

export interface BearerAuth {
  /**
   * Checks an Authorization header.
   * @returns the caller, see {@link callerOf}; or the 401 answer with its challenge
   * @throws {StoreUnavailable} when the session cannot be read
   */
  authenticate(authorization: string | undefined, path: string): Promise<AuthInfo | Response>;
  /** The 401 answer for a session that ended during the request. */
  sessionOver(path: string): Response;
}

/** Seconds after a login in which the first use of its session is told: it is the end of the login's story. */
const FIRST_USE = 3600;
/** Sessions whose use was told. When there are more, all are forgotten, and some are told once more. */
const MAX_TOLD = 10_000;

interface BearerAuthOptions {
  readonly issuer: string;
  readonly resource: Resource;
  readonly accessTokens: AccessTokens;
  readonly store: Store;
  readonly events: EventBus;
  readonly scopes: Pick<UpstreamScopes, 'covers'>;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** The member of `AuthInfo.extra` that holds the {@link Caller}. */
const CALLER = 'caller';

/** Creates the bearer check. */
export function createBearerAuth({
  issuer,
  resource,
  accessTokens,
  store,
  events,
  scopes,
  now,
}: BearerAuthOptions): BearerAuth {
  const told = new Set<string>();
  const resourceUrl = new URL(resource.audience);
  const metadataUrl = (path: string) => `${issuer}${metadataPath(path)}`;
  const challengeOptions = (path: string) => ({
    requiredScopes: [...resource.scope],
    resourceMetadataUrl: metadataUrl(path),
  });

  function tellFirstUse({ grant: { ref, clientId, authTime } }: Session): void {
    if (now() - authTime >= FIRST_USE || told.has(ref.grant)) return;
    if (told.size >= MAX_TOLD) told.clear();
    told.add(ref.grant);
    events.emit('session.used', { clientId, ...ref });
  }

  async function verifyAccessToken(token: string): Promise<AuthInfo> {
    try {
      const claims = await accessTokens.verify(token, resource.audience);
      events.context.knowLogin(loginOf(claims.session.grant));
      const { session, scope: granted } = await readTokenSession(store, scopes, claims);
      if (!isSameRecipient(session.grant.recipient, resource.recipient))
        throw new InvalidAccessToken('another server stands behind this resource than the person consented to');
      tellFirstUse(session);
      const caller: Caller = { session, expiresAt: claims.exp, credentialDied: false };
      return {
        token,
        clientId: claims.client_id,
        scopes: granted,
        expiresAt: claims.exp,
        resource: resourceUrl,
        extra: { [CALLER]: caller },
      };
    } catch (error) {
      if (!(error instanceof InvalidAccessToken)) throw error;
      events.emit('access_token.refused', { reason: error.message });
      throw new OAuthError(OAuthErrorCode.InvalidToken, 'The access token is not valid here, or its session is over');
    }
  }

  const verifier = { verifyAccessToken };
  return {
    async authenticate(authorization, path) {
      // The challenge for a request without a token has no error code (RFC 6750 section 3.1).
      if (authorization === undefined || authorization === '') return plainChallenge(challengeOptions(path));
      try {
        return await verifyBearerToken(authorization, { verifier, resourceMetadataUrl: metadataUrl(path) });
      } catch (error) {
        if (error instanceof OAuthError) return bearerAuthChallengeResponse(error, challengeOptions(path));
        throw error;
      }
    },
    sessionOver: (path) =>
      bearerAuthChallengeResponse(
        new OAuthError(OAuthErrorCode.InvalidToken, 'The session is over: log in again'),
        challengeOptions(path),
      ),
  };
}

/** The caller as events name it. */
export function namedCaller(authInfo: AuthInfo): NamedCaller {
  const { grant, credential } = callerOf(authInfo).session;
  const { id: githubId, login: githubLogin } = credential.account;
  return { clientId: grant.clientId, ...grant.ref, githubId, githubLogin };
}

/**
 * The caller that {@link createBearerAuth} put into the SDK's AuthInfo.
 * @throws {TypeError} when there is none
 */
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
