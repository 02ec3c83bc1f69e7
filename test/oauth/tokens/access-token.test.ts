// Access tokens: RFC 9068 JWTs for one resource, which the JWKS alone verifies (design decision 4). Forgeries are in
// test/threats/tokens.test.ts; that each token is worth nothing at another resource server than its own is here and, for
// /mcp, in test/mcp/bearer.test.ts. (An unmodified mcp-auth server stands in test/clients.)
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { InvalidAccessToken } from '../../../src/oauth/tokens/access-token.ts';
import { onBothStores, useBridge } from '../../support/bridge.ts';
import {
  connect,
  getJson,
  logIn,
  refreshing,
  register,
  type TestClient,
  tokenRequest,
  tokensOf,
} from '../../support/oauth.ts';
import { CALENDAR } from '../clients-file.ts';
import { strictClient } from '../strict-client.ts';

const A_DAY = 86_401; // seconds, and one more
const NOTES = 'https://notes.example.com';

describe('an access token', () => {
  const bridge = useBridge({ store: 'sqlite', env: { RESOURCES: CALENDAR } });
  const strict = strictClient(bridge);

  it('is verified by the JWKS alone (RFC 9068)', async () => {
    const { client, tokens } = await connect(bridge.url);
    assert.equal(tokens.expires_in, 3600);
    assert.equal(tokens.scope, 'read:user');
    const { body } = await getJson(`${bridge.url}/.well-known/jwks.json`);
    const { payload } = await jwtVerify(tokens.access_token, createLocalJWKSet(body as never), {
      issuer: bridge.url,
      audience: `${bridge.url}/mcp`,
      typ: 'at+jwt',
      algorithms: ['ES256'],
      currentDate: new Date(bridge.now() * 1000),
    });
    assert.equal(payload.client_id, client.client_id);
    assert.equal(payload.sub, String(bridge.github.account('octocat').id));
    assert.equal(payload.scope, 'read:user');
    for (const claim of ['jti', 'sid', 'iat', 'exp']) assert.ok(payload[claim] !== undefined, claim);
    assert.equal(decodeProtectedHeader(tokens.access_token).typ, 'at+jwt');
  });

  it('has the claims that a strict resource server asks for, after a refresh as well', async () => {
    const registered = await strict.register();
    const resource = `${bridge.url}/mcp`;
    const tokens = await strict.logIn(registered, { scope: 'read:user', resource });
    const renewed = await strict.refresh(registered, tokens.refresh_token);
    for (const { access_token } of [tokens, renewed])
      assert.equal((await strict.accessTokenClaims(access_token, resource)).client_id, registered.client.client_id);
  });

  it('is verified here for its own resource, by its own algorithm', async () => {
    const { accessTokens } = bridge.bridge.services;
    const builtIn = `${bridge.url}/mcp`;
    const mcp = (await connect(bridge.url)).tokens.access_token;
    const calendar = (await connect(bridge.url, { parameters: { resource: CALENDAR } })).tokens.access_token;
    assert.deepEqual(
      [mcp, calendar].map((token) => decodeProtectedHeader(token).alg),
      ['ES256', 'RS256'],
    );
    assert.equal((await accessTokens.verify(mcp, builtIn)).aud, builtIn);
    assert.equal((await accessTokens.verifyAny(calendar)).aud, CALENDAR);
    await assert.rejects(accessTokens.verify(mcp, CALENDAR), InvalidAccessToken);
    await assert.rejects(accessTokens.verify(calendar, builtIn), InvalidAccessToken);
  });

  it('is taken after its time for a revocation alone, however recently it was believed', async () => {
    const { accessTokens } = bridge.bridge.services;
    const builtIn = `${bridge.url}/mcp`;
    const token = (await connect(bridge.url)).tokens.access_token;
    await accessTokens.verify(token, builtIn);
    bridge.advance(3600);
    await assert.rejects(accessTokens.verify(token, builtIn), /expired/);
    await assert.rejects(accessTokens.verifyAny(token), InvalidAccessToken);
    assert.equal((await accessTokens.verifyAny(token, { expired: true })).aud, builtIn);
    await assert.rejects(accessTokens.verify(token, builtIn), InvalidAccessToken, 'nor is it believed afterwards');
  });
});

onBothStores('another resource server', (store) => {
  const bridge = useBridge({ store, env: { RESOURCES: `${CALENDAR},${NOTES}` } });
  let client: TestClient;
  let keys: ReturnType<typeof createRemoteJWKSet>;
  before(async () => {
    client = await register(bridge.url);
    const { body } = await getJson(`${bridge.url}/.well-known/oauth-authorization-server`);
    keys = createRemoteJWKSet(new URL(z.string().parse(body.jwks_uri)));
  });

  /** All that such a server is told: the issuer, and its own name. */
  async function verify(accessToken: string, audience: string): Promise<JWTPayload> {
    const currentDate = new Date(bridge.now() * 1000);
    const { payload } = await jwtVerify(accessToken, keys, {
      issuer: bridge.url,
      audience,
      typ: 'at+jwt',
      algorithms: ['RS256'], // what RFC 9068 obliges every such server to support
      currentDate,
    });
    return payload;
  }

  const tokensFor = (resource: string) => logIn(bridge.url, client, { parameters: { resource } });

  it('verifies the tokens that are for it', async () => {
    const { access_token } = await tokensFor(CALENDAR);
    const { sub, aud, client_id, scope } = await verify(access_token, CALENDAR);
    assert.deepEqual(
      { sub, aud, client_id, scope },
      {
        sub: String(bridge.github.account('octocat').id),
        aud: CALENDAR,
        client_id: client.client_id,
        scope: 'read:user',
      },
    );
  });

  it('goes on verifying them after a refresh', async () => {
    const tokens = await tokensFor(CALENDAR);
    const renewed = tokensOf(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token)));
    assert.equal((await verify(renewed.access_token, CALENDAR)).aud, CALENDAR);
  });

  it('goes on verifying them when the keys are rotated, with the key set that it has', async () => {
    const { services } = bridge.bridge;
    const before = decodeProtectedHeader((await tokensFor(CALENDAR)).access_token).kid;
    await services.keys.rotate(false);
    const uri = new URL(`${bridge.url}/.well-known/jwks.json`);
    keys = createRemoteJWKSet(uri, { cooldownDuration: Number.POSITIVE_INFINITY }); // reads it once
    await verify((await tokensFor(CALENDAR)).access_token, CALENDAR);
    bridge.advance(A_DAY);
    const { access_token } = await tokensFor(CALENDAR);
    assert.notEqual(decodeProtectedHeader(access_token).kid, before);
    assert.equal((await verify(access_token, CALENDAR)).aud, CALENDAR);
  });

  it('refuses tokens for the bridge itself, and for its neighbour', async () => {
    for (const resource of [`${bridge.url}/mcp`, NOTES]) {
      const { access_token } = await tokensFor(resource);
      await assert.rejects(verify(access_token, CALENDAR), errors.JOSEError);
    }
  });

  it('refuses a token whose time is over', async () => {
    const { access_token } = await tokensFor(CALENDAR);
    bridge.advance(3601);
    await assert.rejects(verify(access_token, CALENDAR), errors.JWTExpired);
  });
});
