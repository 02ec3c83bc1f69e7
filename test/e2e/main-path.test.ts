// The main job, whole, over HTTP: register, consent, GitHub, code, tokens, get_user_profile, refresh.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { onBothStores, startTestBridge, type TestBridge } from '../support/bridge.ts';
import {
  authorizeInBrowser,
  callTool,
  connect,
  getJson,
  logIn,
  refreshing,
  register,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';

onBothStores('the main path', (store) => {
  let bridge: TestBridge;
  before(async () => {
    bridge = await startTestBridge({ store });
  });
  after(() => bridge.stop());

  it('logs a person in and answers get_user_profile with the document of GitHub', async () => {
    const { tokens } = await connect(bridge.url, { login: 'monalisa' });
    const { status, result } = await callTool(bridge.url, tokens.access_token, 'get_user_profile');
    assert.equal(status, 200);
    assert.equal(result?.structuredContent?.login, 'monalisa');
    assert.equal(result?.structuredContent?.id, bridge.github.account('monalisa').id);
    assert.deepEqual(JSON.parse(result?.content[0]?.text ?? ''), result?.structuredContent);
    assert.equal(result?.content.length, 1);
  });

  it('answers the client with code, state and iss', async () => {
    const client = await register(bridge.url);
    const { answer, response } = await authorizeInBrowser(bridge.url, client);
    assert.ok(answer.location?.href.startsWith(`${client.redirectUri}?`));
    assert.equal(response.get('state'), 'state-of-the-client');
    assert.equal(response.get('iss'), bridge.url);
    assert.match(response.get('code') ?? '', /^mgc_/);
  });

  it('gives access tokens that the JWKS alone verifies (RFC 9068)', async () => {
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

  it('refreshes, with a new refresh token each time', async () => {
    const { client, tokens } = await connect(bridge.url);
    bridge.advance(3601);
    assert.equal((await callTool(bridge.url, tokens.access_token, 'get_user_profile')).status, 401);
    const renewed = tokensOf(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token)));
    assert.notEqual(renewed.refresh_token, tokens.refresh_token);
    assert.notEqual(decodeJwt(renewed.access_token).jti, decodeJwt(tokens.access_token).jti);
    assert.equal((await callTool(bridge.url, renewed.access_token, 'get_user_profile')).status, 200);
  });

  it('keeps two people on one client apart', async () => {
    const client = await register(bridge.url);
    const first = await logIn(bridge.url, client, { login: 'octocat' });
    const second = await logIn(bridge.url, client, { login: 'hubot' });
    for (const [tokens, login] of [
      [first, 'octocat'],
      [second, 'hubot'],
      [first, 'octocat'],
    ] as const) {
      const { result } = await callTool(bridge.url, tokens.access_token, 'get_user_profile');
      assert.equal(result?.structuredContent?.login, login);
    }
  });
});
