/**
 * Revocation: an access token or a refresh token, presented by the client that it was issued to, ends its grant at
 * once. For any other token nothing happens, and the answer is the same.
 * @see RFC 7009 section 2
 */
import type Koa from 'koa';
import { loginOf } from '../../base/login-id.ts';
import { formParameters, noStore } from '../../protocol/http.ts';
import { invalidRequest } from '../../protocol/oauth-error.ts';
import type { SessionRef } from '../../store/records.ts';
import { InvalidAccessToken } from '../tokens/access-token.ts';
import { readRefreshToken } from '../tokens/session-tokens.ts';
import type { Services } from './services.ts';

type Revocation = Pick<Services, 'secrets' | 'clientAuthentication' | 'accessTokens' | 'sessionEnding' | 'events'>;

/** `POST /revoke` */
export function revoke(services: Revocation): Koa.Middleware {
  return async (ctx) => {
    noStore(ctx);
    const parameters = formParameters(ctx);
    const client = await services.clientAuthentication.identify(ctx, parameters);
    const token = parameters.get('token');
    if (token === undefined) throw invalidRequest('token is missing');
    const ref = await sessionOf(services, token);
    if (ref !== undefined) {
      services.events.context.knowLogin(loginOf(ref.grant));
      await services.sessionEnding.end(ref, 'revoked', 'client', client.clientId);
    }
    ctx.status = 200;
    ctx.body = '';
  };
}

/**
 * The session of a valid token of either kind; `token_type_hint` is ignored (RFC 7009 section 2.1).
 * @returns undefined for a token that this server did not issue
 */
async function sessionOf(services: Revocation, token: string): Promise<SessionRef | undefined> {
  const refreshToken = readRefreshToken(services.secrets, token);
  if (refreshToken !== undefined) return refreshToken.ref;
  try {
    return (await services.accessTokens.verifyAny(token, { expired: true })).session;
  } catch (error) {
    if (error instanceof InvalidAccessToken) return undefined;
    throw error;
  }
}
