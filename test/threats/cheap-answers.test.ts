// Threat 40: a neighbour behind the same address, or many people behind the few addresses of a cloud client, use up a limit, and
// others get 429 in place of an answer that costs nothing.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { readConfig } from '../../src/config/config.ts';
import { createAgent } from '../support/agent.ts';
import { bridgeFor, onBothStores, useBridge } from '../support/bridge.ts';
import {
  authorizationUrl,
  connect,
  getJson,
  login,
  pkce,
  postJson,
  redemption,
  refreshing,
  register,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { atOnce } from './attack.ts';

const CONFIG = { GITHUB_CLIENT_ID: 'x', GITHUB_CLIENT_SECRET: 'y', BRIDGE_SECRET: 'z'.repeat(40) };

onBothStores('an address that sends nothing but mistakes', (store) => {
  const bridge = useBridge({ store, env: { REGISTRATIONS_PER_HOUR: '3' } });
  const statusesOf = (answers: readonly { status: number }[]) => [...new Set(answers.map(({ status }) => status))];

  it('#40 is told each time what is wrong: a client, code, token or registration that does not exist', async () => {
    const { client, tokens } = await connect(bridge.url);
    const wrongs: [number, () => Promise<{ status: number }>][] = [
      [401, () => tokenRequest(bridge.url, { grant_type: 'refresh_token', client_id: 'nobody', refresh_token: 'x' })],
      [400, () => tokenRequest(bridge.url, refreshing(client, 'mgr_made-up'))],
      [400, () => createAgent().get(`${bridge.url}/authorize?client_id=nobody`)],
      [400, () => createAgent().get(authorizationUrl(bridge.url, client, 'x', { prompt: 'none' }))],
      [401, () => getJson(`${bridge.url}/register/${client.client_id}`, { authorization: 'Bearer made-up' })],
      [400, () => postJson(`${bridge.url}/register`, { redirect_uris: ['http://evil.example'] })],
    ];
    // More often than any limit by address allows.
    for (const [status, wrong] of wrongs) assert.deepEqual(statusesOf(await atOnce(305, wrong)), [status]);
    assert.ok(tokensOf(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token))).access_token);
    assert.equal((await createAgent().get(authorizationUrl(bridge.url, client, pkce().challenge))).status, 200);
    await register(bridge.url);
    await register(bridge.url);
  });

  /** A client that signs assertions, and what it signs. */
  async function signing(url: string) {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const client = await register(url, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [await exportJWK(publicKey)] },
    });
    const assertion = async (key = privateKey) => ({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await new SignJWT({ jti: randomUUID() })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(client.client_id)
        .setSubject(client.client_id)
        .setAudience(url)
        .setExpirationTime('5m')
        .sign(key),
    });
    return { client, assertion };
  }

  it('#40 has no more assertions checked after 300 that led to no tokens, because each costs', async (t) => {
    const { privateKey: stranger } = await generateKeyPair('ES256');
    for (const key of [stranger, undefined]) {
      const limited = await bridgeFor(t, { store });
      const { assertion } = await signing(limited.url);
      const inVain = async () =>
        tokenRequest(limited.url, { grant_type: 'refresh_token', refresh_token: 'x', ...(await assertion(key)) });
      for (let round = 0; round < 3; round++)
        assert.deepEqual(statusesOf(await atOnce(100, inVain)), [key === undefined ? 400 : 401]);
      const refused = await inVain();
      assert.equal(refused.status, 429);
      assert.ok(Number(refused.headers.get('retry-after')) > 0);
    }
  });

  it('#40 has as many assertions checked as lead to tokens', async (t) => {
    const limited = await bridgeFor(t, { store });
    const { client, assertion } = await signing(limited.url);
    const { code, verifier } = await login(limited.url, client);
    const redeemed = await tokenRequest(limited.url, { ...redemption(client, code, verifier), ...(await assertion()) });
    let token = tokensOf(redeemed).refresh_token;
    for (let count = 0; count < 310; count++) {
      const answer = await tokenRequest(limited.url, { ...refreshing(client, token), ...(await assertion()) });
      token = tokensOf(answer).refresh_token;
    }
  });

  it('#40 may be a cloud client: it registers a thousand clients an hour, and any number from addresses that the operator names', async (t) => {
    const options = { store, env: { REGISTRATIONS_PER_HOUR: '1000', TRUSTED_PROXIES: '127.0.0.1,::1' } };
    assert.equal(
      readConfig({ ...CONFIG, PUBLIC_URL: 'https://bridge.example' }).registrationsPerHour,
      1000,
      'the default',
    );
    const named = await bridgeFor(t, {
      ...options,
      env: { ...options.env, REGISTRATIONS_PER_HOUR: '2', REGISTRATIONS_UNLIMITED: '198.51.100.0/24,2001:db8::/32' },
    });
    const from = async (address: string) => {
      const headers = { 'content-type': 'application/json', 'x-forwarded-for': address };
      const body = JSON.stringify({ redirect_uris: ['http://localhost:1/cb'], token_endpoint_auth_method: 'none' });
      return fetch(`${named.url}/register`, { method: 'POST', headers, body });
    };
    for (const address of ['198.51.100.9', '2001:db8::9'])
      assert.deepEqual(statusesOf(await atOnce(10, () => from(address))), [201]);
    assert.deepEqual(statusesOf(await atOnce(10, () => from('203.0.113.9'))).sort(), [201, 429]);
  });
});
