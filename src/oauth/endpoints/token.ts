/**
 * The token endpoint: authenticates the client, then hands on to the grant. Every token response is made by {@link
 * tokenResponse}.
 * @see OAuth 2.1 section 3.2, RFC 8707 section 2.2
 */
import type Koa from 'koa';
import { formParameters, noStore } from '../../protocol/http.ts';
import { invalidRequest, OAuthError } from '../../protocol/oauth-error.ts';
import type { Session } from '../../store/records.ts';
import { redeemCode } from '../grants/authorization-code.ts';
import { refresh } from '../grants/refresh-token.ts';
import { mintIdToken } from '../tokens/id-token.ts';
import { subjectOf } from '../tokens/subject.ts';
import type { Services } from './services.ts';

export type TokenServices = Pick<
  Services,
  | 'issuer'
  | 'store'
  | 'secrets'
  | 'keys'
  | 'events'
  | 'clients'
  | 'clientAuthentication'
  | 'resources'
  | 'upstream'
  | 'accessTokens'
  | 'now'
  | 'accessTokenTtl'
  | 'refreshTokenTtl'
>;

/** `POST /token` */
export function token(services: TokenServices): Koa.Middleware {
  return async (ctx) => {
    noStore(ctx);
    const parameters = formParameters(ctx);
    const grantType = parameters.get('grant_type');
    switch (grantType) {
      case 'authorization_code':
        ctx.body = await redeemCode(services, ctx, parameters);
        return;
      case 'refresh_token':
        ctx.body = await refresh(services, ctx, parameters);
        return;
      case undefined:
        throw invalidRequest('grant_type is missing');
      default:
        throw new OAuthError('unsupported_grant_type', 'grant_type must be authorization_code or refresh_token');
    }
  };
}

/**
 * The successful response (OAuth 2.1 section 3.2.3).
 * @param scope what this access token says: the grant's scope, or narrower
 * @param idToken whether an ID token belongs into it (the code exchange with `openid`)
 */
export async function tokenResponse(
  services: TokenServices,
  session: Session,
  scope: readonly string[],
  refreshToken: string | undefined,
  idToken: boolean,
): Promise<Record<string, unknown>> {
  const accessToken = await services.accessTokens.mint(session.grant, subjectOf(session.credential.account), scope);
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: services.accessTokenTtl,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    scope: scope.join(' '),
    ...(idToken && scope.includes('openid') ? { id_token: await mintIdToken(services, session, accessToken) } : {}),
  };
}
