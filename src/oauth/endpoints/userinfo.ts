/**
 * The userinfo endpoint: claims about the person's account, for access tokens with the scope `openid`.
 * @see OpenID Connect Core section 5.3
 */
import type Koa from 'koa';
import { defined } from '../../base/defined.ts';
import { loginOf } from '../../base/login-id.ts';
import { bearerToken, noStore } from '../../protocol/http.ts';
import { OAuthError } from '../../protocol/oauth-error.ts';
import type { Session } from '../../store/records.ts';
import { InvalidAccessToken } from '../tokens/access-token.ts';
import { profileClaims } from '../tokens/id-token.ts';
import { subjectOf } from '../tokens/subject.ts';
import { readTokenSession } from '../tokens/token-session.ts';
import { UpstreamFailure, upstreamUnavailable } from '../upstream.ts';
import type { Services } from './services.ts';

type Userinfo = Pick<Services, 'store' | 'accessTokens' | 'upstream' | 'events'>;

/** `GET /userinfo` and `POST /userinfo` */
export function userinfo(services: Userinfo): Koa.Middleware {
  return async (ctx) => {
    noStore(ctx);
    const { session, scope } = await authenticated(services, ctx);
    if (!scope.includes('openid')) {
      throw new OAuthError('insufficient_scope', 'the token lacks the scope openid', {
        status: 403,
        headers: { 'WWW-Authenticate': 'Bearer error="insufficient_scope", scope="openid"' },
      });
    }
    const { account } = session.credential;
    const email = scope.includes('email') ? await emailOf(services, session) : undefined;
    ctx.body = {
      sub: subjectOf(account),
      ...(scope.includes('profile') ? profileClaims(account) : {}),
      ...(email === undefined ? {} : { email, email_verified: true }),
    };
  };
}

/** The session and the scope of the request's access token. @throws {OAuthError} invalid_token */
async function authenticated(services: Userinfo, ctx: Koa.Context): Promise<{ session: Session; scope: string[] }> {
  const token = bearerToken(ctx);
  if (token === undefined) throw refused('an access token is needed', { bare: ctx.get('authorization') === '' });
  try {
    const claims = await services.accessTokens.verifyAny(token);
    services.events.context.knowLogin(loginOf(claims.session.grant));
    return await readTokenSession(services.store, services.upstream.scopes, claims);
  } catch (error) {
    if (error instanceof InvalidAccessToken) throw refused('the access token is not valid', { detail: error.message });
    throw error;
  }
}

/** The verified primary e-mail address. @throws {OAuthError} invalid_token, or temporarily_unavailable */
async function emailOf(services: Userinfo, session: Session): Promise<string | undefined> {
  try {
    return await services.upstream.email(session.credential);
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error;
    if (error.code === 'access_denied') throw refused('the session is over', { detail: error.message });
    throw upstreamUnavailable(error);
  }
}

/**
 * The 401 answer.
 * @param bare whether the request had no token: the challenge has no error then (RFC 6750 section 3.1)
 */
function refused(description: string, { bare = false, detail }: { bare?: boolean; detail?: string } = {}): OAuthError {
  return new OAuthError('invalid_token', description, {
    status: 401,
    ...defined({ detail }),
    headers: { 'WWW-Authenticate': bare ? 'Bearer' : 'Bearer error="invalid_token"' },
  });
}
