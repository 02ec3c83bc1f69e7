// Dynamic client registration and its management: what is answered is what is stored; a secret is shown once; only the
// registration access token manages (RFC 7591 section 3, RFC 7592 section 2). Limits are in
// test/threats/registration-limits.test.ts, redirect URIs in test/threats/redirects.test.ts, guessing in
// test/threats/answers.test.ts.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothStores, useBridge } from '../../support/bridge.ts';
import {
  getJson,
  type JsonAnswer,
  logIn,
  postForm,
  postJson,
  refreshing,
  register,
  type TestClient,
  tokenRequest,
} from '../../support/oauth.ts';
import { assertError } from '../assert-error.ts';

const METADATA = { client_name: 'An app', redirect_uris: ['https://app.example/callback'] };

onBothStores('a registration', (store) => {
  const bridge = useBridge({ store });
  const authorized = (client: TestClient) => ({ authorization: `Bearer ${client.registration_access_token}` });
  const read = (client: TestClient) => getJson(client.registration_client_uri, authorized(client));
  const update = async (client: TestClient, metadata: Record<string, unknown>): Promise<JsonAnswer> => {
    const { client_id } = client;
    const response = await fetch(client.registration_client_uri, {
      method: 'PUT',
      headers: { ...authorized(client), 'content-type': 'application/json' },
      body: JSON.stringify({ client_id, ...METADATA, ...metadata }),
    });
    const body = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body };
  };
  const remove = (client: TestClient) =>
    fetch(client.registration_client_uri, { method: 'DELETE', headers: authorized(client) });

  it('is answered with 201 and all that is stored, defaults included, for no cache to keep', async () => {
    const answer = await postJson(`${bridge.url}/register`, { ...METADATA, unknown_member: 'x' });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    const { client_id, client_id_issued_at, client_secret, registration_access_token, ...rest } = answer.body;
    for (const text of [client_id, client_secret, registration_access_token])
      assert.match(String(text), /^[\w-]{22,}$/);
    assert.ok(Math.abs(Number(client_id_issued_at) - bridge.now()) < 5);
    assert.deepEqual(rest, {
      ...METADATA,
      client_secret_expires_at: 0,
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      registration_client_uri: `${bridge.url}/register/${client_id}`,
    });
    assert.deepEqual(bridge.eventsOf('client.registered').at(-1), { clientId: client_id, clientName: 'An app' });
  });

  it('reads as it was answered, except for the secret, which is shown once', async () => {
    const client = await register(bridge.url, { ...METADATA, token_endpoint_auth_method: 'client_secret_post' });
    const { redirectUri: _, client_secret, ...answered } = client;
    assert.ok(client_secret);
    const again = await read(client);
    assert.equal(again.status, 200);
    assert.deepEqual(again.body, answered);
  });

  it('is refused as invalid_client_metadata when the body is no JSON object', async () => {
    const post = (contentType: string, body: string) =>
      fetch(`${bridge.url}/register`, { method: 'POST', headers: { 'content-type': contentType }, body });
    for (const [contentType, body] of [
      ['application/x-www-form-urlencoded', 'client_name=x'],
      ['application/json', '[]'],
    ] as const) {
      const response = await post(contentType, body);
      assert.equal(response.status, 400);
      assert.match(await response.text(), /^\{"error":"invalid_client_metadata"/);
    }
    assert.equal((await post('application/json', '{')).status, 400);
  });

  it('answers to its own registration access token alone, with a challenge to any other', async () => {
    const [client, other] = [await register(bridge.url), await register(bridge.url)];
    const headers: Record<string, string>[] = [{}, authorized(other), { authorization: 'Basic eDp5' }];
    for (const header of headers) {
      const answer = await getJson(client.registration_client_uri, header);
      assertError(answer, 'invalid_token', 401);
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
    }
  });

  it('is replaced as a whole: what an update leaves out is gone', async () => {
    const client = await register(bridge.url, { ...METADATA, client_uri: 'https://app.example' });
    const updated = await update(client, { client_name: 'Renamed', token_endpoint_auth_method: 'none' });
    assert.equal(updated.status, 200);
    assert.equal(updated.body.client_name, 'Renamed');
    assert.equal('client_uri' in updated.body, false);
    assert.deepEqual((await read(client)).body, updated.body);
    assert.deepEqual(bridge.eventsOf('client.updated').at(-1), { clientId: client.client_id });
  });

  it('gets a secret when an update makes it confidential, and loses it when an update makes it public', async () => {
    const client = await register(bridge.url, METADATA);
    const confidential = await update(client, { token_endpoint_auth_method: 'client_secret_post' });
    const client_secret = String(confidential.body.client_secret);
    const tryIt = (secret: string | undefined) =>
      tokenRequest(bridge.url, refreshing({ ...client, ...(secret && { client_secret: secret }) }, 'x'));
    assertError(await tryIt(undefined), 'invalid_client', 401);
    assertError(await tryIt(client_secret), 'invalid_grant');
    const unchanged = await update(client, { token_endpoint_auth_method: 'client_secret_basic', client_secret });
    assert.equal('client_secret' in unchanged.body, false, 'the secret stays, and is not shown again');
    assertError(await tryIt(client_secret), 'invalid_grant');
    const open = await update(client, { token_endpoint_auth_method: 'none' });
    assert.equal('client_secret_expires_at' in open.body, false);
    assertError(await tryIt(undefined), 'invalid_grant');
  });

  it('is not updated under another client_id, with another secret, or to something invalid', async () => {
    const client = await register(bridge.url, { ...METADATA, token_endpoint_auth_method: 'client_secret_post' });
    const before = (await read(client)).body;
    assertError(await update(client, { client_id: 'another' }), 'invalid_client_metadata');
    assertError(await update(client, { client_secret: 'another' }), 'invalid_client_metadata');
    assertError(await update(client, { redirect_uris: ['javascript:alert(1)'] }), 'invalid_redirect_uri');
    assert.deepEqual((await read(client)).body, before);
  });

  it('is removed with 204, once, and its grants end with it', async () => {
    const client = await register(bridge.url, { redirect_uris: ['https://app.example/callback'] });
    const tokens = await logIn(bridge.url, client);
    assert.equal((await remove(client)).status, 204);
    const [removed, ended] = bridge.events.slice(-2);
    assert.equal(removed?.name, 'client.removed');
    assert.ok(ended?.name === 'grant.ended');
    assert.deepEqual(
      { clientId: ended.event.clientId, reason: ended.event.reason, by: ended.event.by },
      { clientId: client.client_id, reason: 'client_removed', by: 'client' },
    );
    assertError(await read(client), 'invalid_token', 401);
    assert.equal((await remove(client)).status, 401);
    assertError(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token)), 'invalid_client', 401);
    assertError(
      await postForm(`${bridge.url}/revoke`, { client_id: client.client_id, token: 'x' }),
      'invalid_client',
      401,
    );
  });
});
