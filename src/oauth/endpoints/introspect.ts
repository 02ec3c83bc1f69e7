/**
 * Introspection, for resource servers that authenticate, about tokens of their own resource only; about any other token
 * the answer is that it is not active. @see RFC 7662 section 2
 */
import type Koa from 'koa';
import { formParameters, noStore } from '../../protocol/http.ts';
import { invalidRequest, OAuthError } from '../../protocol/oauth-error.ts';
import { InvalidAccessToken } from '../tokens/access-token.ts';
import type { Services } from './services.ts';

type Introspection = Pick<Services, 'store' | 'clientAuthentication' | 'accessTokens'>;

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

async function describe(services: Introspection, token: string, resource: string): Promise<Record<string, unknown>> {
  try {
    const { session, ...claims } = await services.accessTokens.verify(token, resource);
    const alive = await services.store.sessions.read(session);
    if (alive === undefined) return { active: false };
    return { active: true, token_type: 'Bearer', username: alive.credential.account.login, ...claims };
  } catch (error) {
    if (error instanceof InvalidAccessToken) return { active: false };
    throw error;
  }
}
