/**
 * oidc-provider with its in-memory adapter, rotating refresh tokens, JWT access tokens for one resource, one session.
 */
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';
import { ready } from '../contestant.ts';

const server = createServer();
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('the server has no port');
const issuer = `http://127.0.0.1:${address.port}`;
const resource = `${issuer}/mcp`;
const clientId = 'bench';
const { privateKey } = await generateKeyPair('ES256', { extractable: true });

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: clientId,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['http://localhost/callback'],
      application_type: 'native',
      id_token_signed_response_alg: 'ES256',
    },
  ],
  jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig' }] },
  findAccount: (_ctx: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
  rotateRefreshToken: true,
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'read:user',
        audience: resource,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});
server.on('request', provider.callback());

const grant = new provider.Grant({ accountId: '1', clientId });
grant.addResourceScope(resource, 'read:user');
const grantId = await grant.save();
const client = await provider.Client.find(clientId);
if (client === undefined) throw new Error('the client is missing');
const refreshToken = await new provider.RefreshToken({
  accountId: '1',
  client,
  grantId,
  scope: 'read:user',
  resource,
  gty: 'authorization_code',
  expiresIn: 86400,
}).save();
ready(issuer, { refreshToken, clientId });
