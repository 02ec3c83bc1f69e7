/**
 * Introspection, for resource servers in `CLIENTS_FILE`. A resource server learns about tokens for its own resource
 * only; any other token is answered as not active.
 * @see RFC 7662 section 2
 */
import type Koa from 'koa';
import { formParameters, noStore } from '../../protocol/http.ts';
import { invalidRequest, OAuthError } from '../../protocol/oauth-error.ts';
import { InvalidAccessToken } from '../tokens/access-token.ts';
import { readTokenSession } from '../tokens/token-session.ts';
import type { Services } from './services.ts';

type Introspection = Pick<Services, 'store' | 'clientAuthentication' | 'accessTokens' | 'upstream'>;

/** `POST /introspect` */
export function introspect(services: Introspection): Koa.Middleware {
  return async (ctx) => {
    noStore(ctx);
    const parameters = formParameters(ctx);
    const client = await services.clientAuthentication.identify(ctx, parameters);
    if (client.resource === undefined || client.metadata.token_endpoint_auth_method === 'none') {
      throw new OAuthError('unauthorized_client', 'only resource servers in CLIENTS_FILE may introspect', {
        status: 403,
      });
    }
    const token = parameters.get('token');
    if (token === undefined) throw invalidRequest('token is missing');
    ctx.body = await describe(services, token, client.resource);
  };
}

/** The introspection response (RFC 7662 section 2.2). */
async function describe(services: Introspection, token: string, resource: string): Promise<Record<string, unknown>> {
  try {
    const claims = await services.accessTokens.verify(token, resource);
    const { session, scope } = await readTokenSession(services.store, services.upstream.scopes, claims);
    const { session: _, ...shown } = claims;
    const username = session.credential.account.login;
    return { active: true, token_type: 'Bearer', username, ...shown, scope: scope.join(' ') };
  } catch (error) {
    if (error instanceof InvalidAccessToken) return { active: false };
    throw error;
  }
}
