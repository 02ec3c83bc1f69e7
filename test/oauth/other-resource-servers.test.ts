// Other resource servers: what RESOURCES names gets tokens that a plain JWT verifier takes, from the metadata and the JWKS
// alone. They are worth nothing at the bridge's own /mcp, nor are its tokens worth anything there. (An unmodified mcp-auth
// server stands in test/clients.)
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { createRemoteJWKSet, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { onBothStores, startTestBridge, type TestBridge } from '../support/bridge.ts';
import {
  authorizeInBrowser,
  callTool,
  getJson,
  logIn,
  refreshing,
  register,
  type TestClient,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';

const CALENDAR = 'https://calendar.example.com/mcp';
const A_DAY = 86_401; // seconds, and one more
const NOTES = 'https://notes.example.com';

onBothStores('another resource server', (store) => {
  let bridge: TestBridge;
  let client: TestClient;
  let keys: ReturnType<typeof createRemoteJWKSet>;
  before(async () => {
    bridge = await startTestBridge({ store, env: { RESOURCES: `${CALENDAR},${NOTES}` } });
    client = await register(bridge.url);
    const { body } = await getJson(`${bridge.url}/.well-known/oauth-authorization-server`);
    keys = createRemoteJWKSet(new URL(z.string().parse(body.jwks_uri)));
  });
  after(() => bridge.stop());

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

  it('has tokens that are worth nothing at /mcp and /sse', async () => {
    const { access_token } = await tokensFor(CALENDAR);
    const answer = await callTool(bridge.url, access_token, 'get_user_profile');
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get('www-authenticate') ?? '', /error="invalid_token"/);
    const headers = { authorization: `Bearer ${access_token}` };
    assert.equal((await fetch(`${bridge.url}/sse`, { headers })).status, 401);
  });

  it('cannot be named when RESOURCES does not', async () => {
    const resource = 'https://elsewhere.example.com/mcp';
    const { response } = await authorizeInBrowser(bridge.url, client, { parameters: { resource } });
    assert.equal(response.get('error'), 'invalid_target');
  });
});
