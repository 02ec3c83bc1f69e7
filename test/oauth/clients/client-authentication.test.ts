// Client authentication: public clients by their id, confidential ones by secret, in the header or the body, or by an
// assertion that counts once (OAuth 2.1 section 2.4, RFC 7523 section 3). Guessing is in test/threats/answers.test.ts,
// hostile assertions in test/threats/client-documents.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SignJWT } from 'jose';
import * as oauth from 'oauth4webapi';
import { onBothStores, useBridge } from '../../support/bridge.ts';
import { postForm, register, type TestClient } from '../../support/oauth.ts';
import { assertError } from '../assert-error.ts';
import { type Registration, strictClient } from '../strict-client.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Ways for a client to authenticate: what it registers, and how it goes about it then. */
const METHODS: readonly {
  name: string;
  register: () => Promise<{
    metadata: Partial<oauth.Client>;
    authentication: (answer: Registration) => oauth.ClientAuth;
  }>;
}[] = [
  { name: 'none', register: async () => ({ metadata: {}, authentication: () => oauth.None() }) },
  {
    name: 'client_secret_post',
    register: async () => ({ metadata: {}, authentication: (answer) => oauth.ClientSecretPost(secretOf(answer)) }),
  },
  {
    name: 'client_secret_basic',
    register: async () => ({ metadata: {}, authentication: (answer) => oauth.ClientSecretBasic(secretOf(answer)) }),
  },
  {
    name: 'private_key_jwt',
    register: async () => {
      const { privateKey, jwk } = await keyOfClient();
      return {
        metadata: { jwks: { keys: [jwk] } },
        authentication: () => oauth.PrivateKeyJwt({ key: privateKey, kid: 'key-of-the-client' }),
      };
    },
  },
];

function secretOf(answer: Registration): string {
  assert.ok(typeof answer.client_secret === 'string');
  return answer.client_secret;
}

async function keyOfClient() {
  const { privateKey, publicKey } = await oauth.generateKeyPair('ES256', { extractable: true });
  return { privateKey, jwk: { ...(await crypto.subtle.exportKey('jwk', publicKey)), kid: 'key-of-the-client' } };
}

onBothStores('a strict client', (store) => {
  const bridge = useBridge({ store });
  const strict = strictClient(bridge);

  for (const { name, register } of METHODS)
    it(`registers with ${name}, logs in, refreshes and revokes`, async () => {
      const { metadata, authentication } = await register();
      const registered = await strict.register({ ...metadata, token_endpoint_auth_method: name }, authentication);
      const { client } = registered;
      const scope = 'openid profile email read:user offline_access';
      const resource = `${bridge.url}/mcp`;
      const tokens = await strict.logIn(registered, { scope, resource });
      assert.deepEqual(tokens.scope?.split(' ').sort(), scope.split(' ').sort());

      const renewed = await strict.refresh(registered, tokens.refresh_token);
      assert.notEqual(renewed.refresh_token, tokens.refresh_token);
      assert.deepEqual((await strict.accessTokenClaims(renewed.access_token, resource)).client_id, client.client_id);

      await strict.revoke(registered, renewed.refresh_token);
      await assert.rejects(strict.refresh(registered, renewed.refresh_token), (error) => {
        assert.ok(error instanceof oauth.ResponseBodyError);
        return error.error === 'invalid_grant';
      });
    });

  it('has its assertion believed once, at whichever endpoint', async () => {
    const { privateKey, jwk } = await keyOfClient();
    const method = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } };
    const { client_id } = await register(bridge.url, method);
    const client_assertion = await new SignJWT({ jti: 'once', exp: bridge.now() + 60 })
      .setProtectedHeader({ alg: 'ES256', kid: jwk.kid })
      .setIssuer(client_id)
      .setSubject(client_id)
      .setAudience(bridge.url)
      .sign(privateKey);
    // The assertion names the client by itself (RFC 7521 section 4.2).
    const form = { client_assertion, client_assertion_type: ASSERTION_TYPE, token: 'x' };
    assert.equal((await postForm(`${bridge.url}/revoke`, form)).status, 200);
    const again = await postForm(`${bridge.url}/token`, { ...form, grant_type: 'refresh_token', refresh_token: 'x' });
    assertError(again, 'invalid_client', 401);
    assert.match(String(again.body.error_description), /used before/);
  });
});

describe('client authentication', () => {
  const bridge = useBridge({ store: 'sqlite' });
  /** Authenticated, a revocation of nothing is 200. */
  const revoke = (form: Record<string, string | undefined>, headers: Record<string, string> = {}) =>
    postForm(`${bridge.url}/revoke`, { token: 'x', ...form }, headers);
  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
  });
  const confidential = (method = 'client_secret_basic') =>
    register(bridge.url, { token_endpoint_auth_method: method }) as Promise<TestClient & { client_secret: string }>;

  it('takes a secret in the header or in the body, whichever the client registered', async () => {
    for (const method of ['client_secret_basic', 'client_secret_post']) {
      const { client_id, client_secret } = await confidential(method);
      assert.equal((await revoke({ client_id, client_secret })).status, 200);
      assert.equal((await revoke({}, basic(client_id, client_secret))).status, 200);
      assert.equal((await revoke({ client_id }, basic(client_id, client_secret))).status, 200);
    }
  });

  it('reads id and secret in the header as form-encoded', async () => {
    const { client_id, client_secret } = await confidential();
    const encoded = [...client_secret].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('');
    assert.equal((await revoke({}, basic(client_id, encoded))).status, 200);
  });

  it('refuses a client that does not say who it is, and one that says it wrongly', async () => {
    const { client_id, client_secret } = await confidential();
    for (const form of [
      {},
      { client_secret },
      { client_id },
      { client_id, client_secret: 'wrong' },
      { client_id, client_secret: client_secret.slice(1) },
    ])
      assertError(await revoke(form), 'invalid_client', 401);
  });

  it('challenges for Basic when the header was used, and only then (RFC 6749 section 5.2)', async () => {
    const { client_id } = await confidential();
    const broken = [{ authorization: 'Basic %%%' }, { authorization: 'Basic Og==' }, { authorization: 'Bearer x' }];
    for (const headers of [basic(client_id, 'wrong'), basic(client_id, ''), basic('', 'x'), ...broken]) {
      const refused = await revoke({}, headers);
      assertError(refused, 'invalid_client', 401);
      assert.match(refused.headers.get('www-authenticate') ?? '', /^Basic realm="[^"]+"/, headers.authorization);
    }
    const inBody = await revoke({ client_id, client_secret: 'wrong' });
    assert.equal(inBody.headers.get('www-authenticate'), null);
  });

  it('is by one way at a time (RFC 6749 section 2.3)', async () => {
    const { client_id, client_secret } = await confidential();
    const other = await register(bridge.url);
    const assertion = { client_assertion: 'a.b.c', client_assertion_type: ASSERTION_TYPE };
    assertError(await revoke({ client_secret }, basic(client_id, client_secret)), 'invalid_request');
    assertError(await revoke(assertion, basic(client_id, client_secret)), 'invalid_request');
    assertError(await revoke({ client_id: other.client_id }, basic(client_id, client_secret)), 'invalid_request');
    assertError(await revoke({ ...assertion, client_id, client_secret }), 'invalid_request');
    assertError(await revoke({ ...assertion, client_assertion_type: 'saml' }), 'invalid_request');
    assertError(await revoke(assertion), 'invalid_client', 401);
  });
});
