// The token endpoint: the client is authenticated, then the grant type says what the request is good for, then the
// answer is made (OAuth 2.1 section 3.2). The grant types are tested in ../grants/; guessing in
// test/threats/answers.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useBridge } from '../../support/bridge.ts';
import {
  connect,
  login,
  pkce,
  postJson,
  redemption,
  refreshing,
  register,
  type TestClient,
  tokenRequest,
  tokensOf,
} from '../../support/oauth.ts';
import { assertError } from '../assert-error.ts';

describe('the token endpoint', () => {
  const bridge = useBridge({ store: 'sqlite' });
  const token = (parameters: Record<string, string | undefined>) => tokenRequest(bridge.url, parameters);

  it('takes one form, with each parameter once', async () => {
    assertError(await postJson(`${bridge.url}/token`, { grant_type: 'refresh_token' }), 'invalid_request');
    const body = 'grant_type=refresh_token&grant_type=refresh_token&client_id=x';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const repeated = await fetch(`${bridge.url}/token`, { method: 'POST', headers, body });
    assert.equal(repeated.status, 400);
    assert.match(await repeated.text(), /grant_type is repeated/);
    assert.equal((await fetch(`${bridge.url}/token?grant_type=refresh_token`)).status, 405);
  });

  it('takes the grant types that the metadata names, and no other', async () => {
    assertError(await token({ client_id: 'x' }), 'invalid_request');
    assertError(await token({ client_id: 'x', grant_type: 'password' }), 'unsupported_grant_type');
    assertError(await token({ client_id: 'x', grant_type: 'AUTHORIZATION_CODE' }), 'unsupported_grant_type');
  });

  it('tells a client that is not authenticated nothing but that, and spends nothing of what it brings', async () => {
    const client = await register(bridge.url, { token_endpoint_auth_method: 'client_secret_post' });
    const { code, verifier } = await login(bridge.url, client);
    const other = await login(bridge.url, client);
    const tokens = tokensOf(await token(redemption(client, other.code, other.verifier)));
    const wrong: TestClient = { ...client, client_secret: 'wrong' };
    const genuine = [redemption(wrong, code, verifier), refreshing(wrong, tokens.refresh_token)];
    const bodies = new Set<string>();
    for (const presented of [
      ...genuine,
      { ...genuine[0], redirect_uri: 'https://elsewhere.example' },
      { ...genuine[0], resource: 'https://elsewhere.example' },
      { ...genuine[0], code_verifier: undefined },
      { ...genuine[0], code: undefined },
      { ...genuine[1], scope: 'repo admin:org' },
      { ...genuine[1], refresh_token: undefined },
      { ...genuine[1], refresh_token: 'mgr_forged' },
      { ...genuine[1], client_id: 'forgotten' },
    ]) {
      const answer = await token(presented);
      assertError(answer, 'invalid_client', 401);
      bodies.add(JSON.stringify(answer.body));
    }
    assert.equal(bodies.size, 1, [...bodies].join('\n'));
    tokensOf(await token(redemption(client, code, verifier)));
    tokensOf(await token(refreshing(client, tokens.refresh_token)));
  });

  it('answers unauthorized_client for a grant type that the client did not register, whatever it presents', async () => {
    const client = await register(bridge.url, { grant_types: ['authorization_code'] });
    const { tokens } = await connect(bridge.url);
    for (const refresh_token of [undefined, 'mgr_forged', tokens.refresh_token])
      assertError(await token({ ...refreshing(client, refresh_token) }), 'unauthorized_client');
    const { code, verifier } = await login(bridge.url, client);
    const answer = tokensOf(await token(redemption(client, code, verifier)));
    assert.equal(answer.refresh_token, undefined);
  });

  it('answers with bearer tokens, their lifetime and their scope, for no cache to keep', async () => {
    const client = await register(bridge.url);
    const { code, verifier } = await login(bridge.url, client, { parameters: { scope: 'gist read:user nonsense' } });
    const answer = await token(redemption(client, code, verifier));
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(answer.headers.get('pragma'), 'no-cache');
    const { access_token, refresh_token, ...rest } = answer.body;
    assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 3600, scope: 'gist read:user' });
    assert.match(`${access_token} ${refresh_token}`, /^eyJ\S+ mgr_\S+$/);
  });

  it('adds an ID token when the login was for openid, and none at a refresh', async () => {
    const { client, tokens } = await connect(bridge.url, { parameters: { scope: 'openid' } });
    assert.match(tokens.id_token ?? '', /^eyJ/);
    const renewed = tokensOf(await token(refreshing(client, tokens.refresh_token)));
    assert.equal(renewed.scope, 'openid');
    assert.equal(renewed.id_token, undefined);
  });
});

describe('a client that is not registered', () => {
  const bridge = useBridge({ store: 'sqlite' });

  it('gets 401 invalid_client at the token endpoint, on which clients register again', async () => {
    for (const grant of [
      { grant_type: 'refresh_token', refresh_token: 'mgr_of-another-time' },
      { grant_type: 'authorization_code', code: 'mgc_of-another-time', code_verifier: pkce().verifier },
    ]) {
      const { status, body } = await tokenRequest(bridge.url, { ...grant, client_id: 'forgotten' });
      assert.equal(status, 401);
      assert.equal(body.error, 'invalid_client');
    }
  });
});
