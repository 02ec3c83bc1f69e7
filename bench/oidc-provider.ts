/**
 * oidc-provider set up for the same work as the bridge: a Redis store, a registered public client, PKCE, rotating refresh
 * tokens, and JWT access tokens for one resource, signed with ES256. Its server and this process create one each on the same
 * store.
 */
import { generateKeyPairSync } from 'node:crypto';
import { Redis } from 'ioredis';
import Provider from 'oidc-provider';
import { codeChallenge } from '../src/protocol/pkce.ts';
import { randomToken } from '../src/security/secrets.ts';
import type { Lab } from './lab.ts';
import { createRedisAdapter } from './oidc-redis-adapter.ts';
import { type Code, REDIRECT_URI } from './sessions.ts';

const CLIENT_ID = 'Jz2HAwKTTbuxTOMpbVmSSA';
const SCOPE = 'read:user user:email';
const REFRESH_TOKEN_TTL = 30 * 86400;
/** Seconds, as at the bridge: longer than any row takes. */
const CODE_TTL = 3600;

/** Creates a provider. @param redis the database that it stores everything in */
export function createProvider(issuer: string, redis: Redis): Provider {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return new Provider(issuer, {
    adapter: createRedisAdapter(redis),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kty: 'EC', alg: 'ES256', use: 'sig' }] },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    scopes: SCOPE.split(' '),
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    pkce: { required: () => true },
    ttl: { AccessToken: 3600, RefreshToken: REFRESH_TOKEN_TTL, Grant: REFRESH_TOKEN_TTL },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: SCOPE,
          audience: `${issuer}/mcp`,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
}

/** What makes the grants of a provider through its own models. */
export interface ProviderGrants {
  readonly clientId: string;
  codes(count: number): Promise<Code[]>;
  refreshTokens(count: number): Promise<string[]>;
}

/** Registers the client, and opens the store of the provider with this issuer. */
export async function openProvider(lab: Lab, issuer: string, redisUrl: string): Promise<ProviderGrants> {
  const redis = new Redis(redisUrl);
  lab.atEnd(() => redis.disconnect());
  await createRedisAdapter(redis)('Client').upsert(CLIENT_ID, {
    client_id: CLIENT_ID,
    client_name: 'Claude Code',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [REDIRECT_URI],
    application_type: 'native',
    id_token_signed_response_alg: 'ES256',
  });
  const provider = createProvider(issuer, redis);
  const client = await foundClient(provider);
  let people = 0;

  async function granted() {
    const accountId = String(10_000_000 + people++);
    const grant = new provider.Grant({ accountId, clientId: CLIENT_ID });
    grant.addResourceScope(`${issuer}/mcp`, SCOPE);
    const grantId = await grant.save();
    return {
      accountId,
      client,
      grantId,
      scope: SCOPE,
      resource: `${issuer}/mcp`,
      authTime: Math.floor(Date.now() / 1000),
    };
  }
  const many = <T>(count: number, one: () => Promise<T>) => Promise.all(Array.from({ length: count }, one));

  return {
    clientId: CLIENT_ID,
    codes: (count) =>
      many(count, async () => {
        const verifier = randomToken();
        const code = await new provider.AuthorizationCode({
          ...(await granted()),
          redirectUri: REDIRECT_URI,
          codeChallenge: codeChallenge(verifier),
          codeChallengeMethod: 'S256',
          gty: 'authorization_code',
          expiresIn: CODE_TTL,
        }).save();
        return { code, verifier };
      }),
    refreshTokens: (count) =>
      many(count, async () =>
        new provider.RefreshToken({
          ...(await granted()),
          gty: 'authorization_code',
          expiresIn: REFRESH_TOKEN_TTL,
        }).save(),
      ),
  };
}

async function foundClient(provider: Provider) {
  const client = await provider.Client.find(CLIENT_ID);
  if (client === undefined) throw new Error('the client is missing');
  return client;
}
