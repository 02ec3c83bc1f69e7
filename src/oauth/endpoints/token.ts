/**
 * The token endpoint, in three phases that no grant type can skip: the client is authenticated, the grant type checks
 * the request and says what is granted, the tokens are issued.
 * @see OAuth 2.1 section 3.2, RFC 8707 section 2.2
 */
import type Koa from 'koa';
import { defined } from '../../base/defined.ts';
import { formParameters, noStore } from '../../protocol/http.ts';
import { invalidRequest, OAuthError } from '../../protocol/oauth-error.ts';
import type { Parameters } from '../../protocol/parameters.ts';
import type { Client } from '../clients/client.ts';
import { hasCountedAssertions } from '../clients/client-authentication.ts';
import type { Granted, GrantServices, GrantType } from '../grants/grant-type.ts';
import { grantTypes } from '../grants/index.ts';
import { subjectOf } from '../tokens/subject.ts';
import type { Services } from './services.ts';

type TokenServices = GrantServices &
  Pick<Services, 'clientAuthentication' | 'documents' | 'limits' | 'accessTokens' | 'idTokens'>;

/** `POST /token` */
export function token(services: TokenServices): Koa.Middleware {
  return async (ctx) => {
    noStore(ctx);
    const parameters = formParameters(ctx);
    const grantType = grantTypeOf(parameters);
    // Both read the store in the same round trip. The grant type checks nothing until the client is authenticated.
    const [client, redeem] = await Promise.all([
      services.clientAuthentication.identify(ctx, parameters),
      grantType.read(services, parameters),
    ]);
    checkRegistered(client, grantType);
    const granted = await redeem(client);
    services.documents.markUsed(client);
    if (hasCountedAssertions(client)) await services.limits.assertions.giveBack(ctx.ip);
    ctx.body = await tokenResponse(services, granted);
  };
}

function grantTypeOf(parameters: Parameters): GrantType {
  const name = parameters.get('grant_type');
  if (name === undefined) throw invalidRequest('grant_type is missing');
  const grantType = grantTypes.find((candidate) => candidate.name === name);
  if (grantType !== undefined) return grantType;
  const names = grantTypes.map((known) => known.name).join(' or ');
  throw new OAuthError('unsupported_grant_type', `grant_type must be ${names}`);
}

/** Checks that the grant type is one of the client's `grant_types`. @see RFC 7591 section 2 */
function checkRegistered({ metadata }: Client, { name }: GrantType): void {
  if (!metadata.grant_types.includes(name))
    throw new OAuthError('unauthorized_client', `the client is not registered for the ${name} grant`);
}

/** The successful response. @see OAuth 2.1 section 3.2.3, OpenID Connect Core section 3.1.3.3 */
async function tokenResponse(services: TokenServices, granted: Granted): Promise<Record<string, unknown>> {
  const { session, scope, refreshToken, login } = granted;
  const accessToken = await services.accessTokens.mint(session.grant, subjectOf(session.credential.account), scope);
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: services.accessTokenTtl,
    ...defined({ refresh_token: refreshToken }),
    scope: scope.join(' '),
    ...(login && scope.includes('openid') ? { id_token: await services.idTokens.mint(session, accessToken) } : {}),
  };
}
