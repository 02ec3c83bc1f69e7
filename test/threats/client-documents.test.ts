// Threat 12, end to end: clients whose id is the URL of a metadata document, and what a hostile document or host can do.
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { after, before, it } from 'node:test';
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import { createAgent, type Page } from '../support/agent.ts';
import { bridgeFor, onBothStores, useBridge } from '../support/bridge.ts';
import {
  authorizationUrl,
  callTool,
  login,
  pkce,
  redemption,
  register,
  type TestClient,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { assertRefused, atOnce, fromAnotherNetwork } from './attack.ts';
import { type DocumentHost, PRIVATE, PUBLIC, startDocumentHost } from './document-host.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const HTTPS_REDIRECT = 'https://client.example/cb';
const LOOPBACK_REDIRECT = 'http://localhost:45001/callback';

onBothStores('client metadata documents', (store) => {
  let host: DocumentHost;
  let count = 0;
  before(async () => {
    host = await startDocumentHost();
  });
  const bridge = useBridge(() => ({ store, fetch: host.fetch, env: { TRUSTED_PROXIES: '127.0.0.1' } }));
  after(() => host.close());

  /** A client with its document at a new path. */
  function publish(metadata: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
    count += 1;
    const path = `/client-${count}.json`;
    const client_id = `${host.origin}${path}`;
    const document = {
      client_id,
      client_name: 'A document',
      redirect_uris: [HTTPS_REDIRECT, LOOPBACK_REDIRECT],
      ...metadata,
    };
    host.serve(path, document, headers);
    const client = { client_id, redirectUri: LOOPBACK_REDIRECT } as TestClient;
    return { path, document, client, fetched: () => host.requests.filter((request) => request.endsWith(path)).length };
  }

  /** Each from a network of its own, because each network may have few documents fetched. */
  const ask = (client: TestClient, parameters: Record<string, string | undefined> = {}): Promise<Page> =>
    createAgent({ headers: fromAnotherNetwork() }).get(
      authorizationUrl(bridge.url, client, pkce().challenge, parameters),
    );

  /** @param status 503 for a document that cannot be fetched */
  function assertRefusedPage(page: Page, what: string, status = 400): void {
    assert.equal(page.status, status, what);
    assert.equal(page.location, undefined, what);
    assert.equal(page.formsOfItsOwn().length, 0, what);
  }

  it('#12 a document logs in, and its domain counts as verified only when the answer goes there', async () => {
    const { client } = publish();
    const { code, verifier } = await login(bridge.url, client);
    const tokens = tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier)));
    assert.equal((await callTool(bridge.url, tokens.access_token, 'get_user_profile')).status, 200);
    const verified = await ask(client, { redirect_uri: HTTPS_REDIRECT });
    assert.match(verified.html, /class="[^"]*verified[^"]*"><bdi>client\.example:\d+</);
    const unverified = await ask(client);
    assert.equal(unverified.status, 200);
    assert.doesNotMatch(unverified.html, /class="[^"]*verified/);
    const registered = await register(bridge.url, {
      redirect_uris: [HTTPS_REDIRECT],
      client_uri: 'https://client.example',
    });
    assert.doesNotMatch((await ask(registered)).html, /class="[^"]*verified/);
  });

  it('#12 nothing is fetched for a client id that is no proper document address', async () => {
    const before = host.connections.length;
    const { port } = new URL(host.origin);
    const fetchable = [
      `https://127.0.0.1/client.json`,
      `https://[::1]/client.json`,
      `https://localhost/client.json`,
      `https://169.254.169.254/latest`,
    ];
    for (const client_id of [
      ...fetchable,
      `http://client.example:${port}/client.json`,
      `${host.origin}`,
      `${host.origin}/`,
      `${host.origin}/client.json#x`,
      `${host.origin}/client.json#`,
      `${host.origin}/a/../client.json`,
      `${host.origin}/./client.json`,
      `https://user@client.example:${port}/client.json`,
      `https://CLIENT.example:${port}/client.json`,
      `https://client.example:0${port}/client.json`,
      `${host.origin}/client .json`,
      `${host.origin}/cli\u00e9nt.json`,
      `https://2130706433/client.json`,
      `${host.origin}/${'a'.repeat(1100)}`,
      'https://',
      'javascript:alert(1)',
    ]) {
      if (client_id.includes('localhost')) host.resolveTo([PRIVATE]);
      const status = fetchable.includes(client_id) ? 503 : 400;
      assertRefusedPage(await ask({ client_id, redirectUri: HTTPS_REDIRECT } as TestClient), client_id, status);
      host.resolveTo([PUBLIC]);
      const error = status === 503 ? 'temporarily_unavailable' : 'invalid_client';
      assertRefused(
        await tokenRequest(bridge.url, { grant_type: 'refresh_token', refresh_token: 'x', client_id }),
        error,
        status === 503 ? 503 : 401,
      );
    }
    assert.equal(host.connections.length, before);
  });

  it('#12 a document of another client id, or that asks for more than a client may, is refused', async () => {
    for (const [what, metadata] of Object.entries({
      'another client_id': { client_id: `${host.origin}/other.json` },
      'no client_id': { client_id: undefined },
      'a secret': { client_secret: 'x' },
      'a secret that never expires': { client_secret_expires_at: 0 },
      'a method with a secret': { token_endpoint_auth_method: 'client_secret_basic' },
      'no redirect URI': { redirect_uris: [] },
      'a bad redirect URI': { redirect_uris: [HTTPS_REDIRECT, 'http://evil.example/cb'] },
      'javascript:': { redirect_uris: ['javascript:alert(1)'] },
      'a private key': { jwks: { keys: [{ kty: 'EC', d: 'x' }] } },
      'more than 5 KB': { padding: 'x'.repeat(5200) },
    })) {
      const { client, fetched } = publish(metadata);
      assertRefusedPage(await ask(client), what, what === 'more than 5 KB' ? 503 : 400);
      assert.equal(fetched(), 1, what);
    }
    const { client, path } = publish();
    for (const text of ['', '[]', 'null', '"x"', '{', '<html>']) {
      host.serve(path, text);
      assertRefusedPage(await ask(client), text);
      bridge.advance(30);
    }
  });

  it('#12 a host that answers anything but a document neither stops the bridge nor leads it elsewhere', async () => {
    const { client, path } = publish();
    for (const status of [204, 206, 301, 302, 307, 400, 401, 403, 404, 410, 418, 429, 500, 503]) {
      host.answer(path, (_, response) => {
        response.writeHead(status, { 'content-type': 'application/json', location: `https://${PRIVATE}/` });
        response.end(status === 204 ? undefined : JSON.stringify({ client_id: client.client_id }).padEnd(100_000));
      });
      assertRefusedPage(await ask(client), String(status), 503);
      bridge.advance(30);
    }
    host.answer(path, (request) => request.socket.destroy());
    assertRefusedPage(await ask(client), 'no answer', 503);
    bridge.advance(30);
    host.resolveTo([PUBLIC, PRIVATE]);
    assertRefusedPage(await ask(client), 'a private address', 503);
    host.resolveTo([PUBLIC]);
    assert.ok(host.connections.every((address) => address === PUBLIC));
    assert.equal((await fetch(`${bridge.url}/readyz`)).status, 200);
  });

  it('#12 a document is fetched once for many, and kept as long as HTTP says, within bounds', async () => {
    for (const [control, kept, over] of [
      ['max-age=120', 110, 121],
      ['max-age=0', 50, 61],
      ['no-store', 50, 61],
      ['no-cache, max-age=9999', 50, 61],
      ['max-age=999999999', 86_390, 86_401],
      ['public', 290, 301],
    ] as const) {
      const { client, fetched } = publish({}, { 'cache-control': control });
      for (const page of await atOnce(10, () => ask(client))) assert.equal(page.status, 200);
      assert.equal(fetched(), 1, `${control}: at once`);
      bridge.advance(kept);
      assert.equal((await ask(client)).status, 200);
      assert.equal(fetched(), 1, `${control}: after ${kept} s`);
      bridge.advance(over - kept);
      assert.equal((await ask(client)).status, 200);
      assert.equal(fetched(), 2, `${control}: after ${over} s`);
    }
  });

  it('#12 a stale document serves while its host fails, for a day at most', async () => {
    const { client, path, document } = publish();
    assert.equal((await ask(client)).status, 200);
    const failures = [
      () => host.answer(path, (_, response) => void response.writeHead(503).end()),
      () => host.answer(path, (_, response) => void response.writeHead(429).end()),
      () => host.answer(path, (request) => request.socket.destroy()),
    ];
    for (const fail of failures) {
      fail();
      bridge.advance(3600);
      assert.equal((await ask(client)).status, 200, 'within the day');
    }
    bridge.advance(86_400);
    assertRefusedPage(await ask(client), 'after the day', 503);
    host.serve(path, document);
    bridge.advance(30);
    assert.equal((await ask(client)).status, 200);
  });

  it('#12 a document that is gone, invalid, too large, moved or at a private address now is never served stale', async () => {
    const changes: Record<string, (path: string, document: object) => void> = {
      'gone (404)': (path) => host.answer(path, (_, response) => void response.writeHead(404).end()),
      'gone (410)': (path) => host.answer(path, (_, response) => void response.writeHead(410).end()),
      moved: (path) => host.answer(path, (_, response) => void response.writeHead(302, { location: '/x' }).end()),
      'no JSON': (path) => host.serve(path, '<html>'),
      "another's": (path, document) => host.serve(path, { ...document, client_id: 'https://other.example/x' }),
      'a bad redirect URI': (path, document) =>
        host.serve(path, { ...document, redirect_uris: ['http://evil.example'] }),
      'too large': (path, document) => host.serve(path, { ...document, padding: 'x'.repeat(6000) }),
      rebound: () => host.resolveTo([PRIVATE]),
    };
    for (const [what, change] of Object.entries(changes)) {
      const { client, path, document } = publish();
      assert.equal((await ask(client)).status, 200);
      change(path, document);
      bridge.advance(301);
      const status = ['no JSON', "another's", 'a bad redirect URI'].includes(what) ? 400 : 503;
      assertRefusedPage(await ask(client), what, status);
      bridge.advance(30);
      host.resolveTo([PUBLIC]);
      // Also not when the host fails afterwards, because the document was gone before.
      host.answer(path, (request) => request.socket.destroy());
      assertRefusedPage(await ask(client), `${what}, then unreachable`, 503);
    }
    assert.ok(host.connections.every((address) => address === PUBLIC));
  });

  it('#12 documents can be switched off, and then nothing is fetched', async (t) => {
    const off = await bridgeFor(t, { store, env: { CLIENT_METADATA_DOCUMENTS: 'off' }, fetch: host.fetch });
    const { client, fetched } = publish();
    const page = await createAgent().get(authorizationUrl(off.url, client, pkce().challenge));
    assertRefusedPage(page, 'off');
    assert.equal(fetched(), 0);
  });

  /** Keys of a client, and the assertions it makes with them. */
  async function signer() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'key', alg: 'ES256', use: 'sig' };
    const claimsOf = (client: TestClient) => ({
      iss: client.client_id,
      sub: client.client_id,
      aud: bridge.url,
      jti: randomBytes(8).toString('hex'),
      iat: bridge.now(),
      exp: bridge.now() + 60,
    });
    const sign = (client: TestClient, changes: object = {}, key: KeyObject = privateKey, header: object = {}) =>
      new SignJWT({ ...claimsOf(client), ...changes })
        .setProtectedHeader({ alg: 'ES256', kid: 'key', ...header })
        .sign(key);
    return { jwk, publicKey, claimsOf, sign };
  }

  /** Whether the client was authenticated: then the error is about the refresh token. */
  async function assertAuthenticates(
    client: TestClient,
    client_assertion: string,
    believed: boolean,
    what: string,
    error = believed ? 'invalid_grant' : 'invalid_client',
  ) {
    const answer = await tokenRequest(bridge.url, {
      grant_type: 'refresh_token',
      refresh_token: 'x',
      client_id: client.client_id,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion,
    });
    assert.equal(answer.body.error, error, what);
  }

  it('#12 a document proves itself by assertions of its own keys, each of which is accepted once', async () => {
    const { jwk, publicKey, claimsOf, sign } = await signer();
    const method = { token_endpoint_auth_method: 'private_key_jwt' };
    const remote = publish({ ...method, jwks_uri: `${host.origin}/keys.json` }).client;
    host.serve('/keys.json', { keys: [jwk] });
    const inline = publish({ ...method, jwks: { keys: [jwk] } }).client;
    const registered = await register(bridge.url, { ...method, jwks: { keys: [jwk] } });
    for (const client of [remote, inline, registered]) {
      const answers = await (async () => {
        const assertion = await sign(client);
        const form = {
          client_id: client.client_id,
          client_assertion_type: ASSERTION_TYPE,
          client_assertion: assertion,
        };
        return atOnce(20, () => tokenRequest(bridge.url, { grant_type: 'refresh_token', refresh_token: 'x', ...form }));
      })();
      const believed = answers.filter(({ body }) => body.error === 'invalid_grant');
      assert.equal(believed.length, 1, `an assertion counted ${believed.length} times`);

      const { code, verifier } = await login(bridge.url, client);
      const form = { ...redemption(client, code, verifier), client_assertion_type: ASSERTION_TYPE };
      const client_assertion = await sign(client, { aud: `${bridge.url}/token` });
      assertRefused(await tokenRequest(bridge.url, { ...form, client_assertion_type: undefined }), 'invalid_client');
      tokensOf(await tokenRequest(bridge.url, { ...form, client_assertion }));
      await assertAuthenticates(client, client_assertion, false, 'replayed');
      bridge.advance(50);
      await assertAuthenticates(client, client_assertion, false, 'replayed later');

      const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
      const now = bridge.now();
      for (const [what, assertion] of Object.entries({
        'for another server': await sign(client, { aud: 'https://other.example' }),
        'for the authorization endpoint': await sign(client, { aud: `${bridge.url}/authorize` }),
        'for nobody': await sign(client, { aud: undefined }),
        "in another's name": await sign(client, { iss: registered.client_id, sub: 'x' }),
        'of another subject': await sign(client, { sub: 'x' }),
        over: await sign(client, { exp: now - 61 }),
        'without an end': await sign(client, { exp: undefined }),
        'for too long': await sign(client, { exp: now + 3600 }),
        'without an id': await sign(client, { jti: undefined }),
        'before its time': await sign(client, { nbf: now + 600 }),
        'by another key': await sign(client, {}, stranger),
        'by a key in its header': await sign(client, {}, stranger, { jwk: await exportJWK(stranger) }),
        unsigned: new UnsecuredJWT(claimsOf(client)).encode(),
        'signed with the public key as a secret': await new SignJWT(claimsOf(client))
          .setProtectedHeader({ alg: 'HS256', kid: 'key' })
          .sign(Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))),
        'no JWT': 'a.b.c',
      }))
        await assertAuthenticates(client, assertion, false, what);
      // The refused assertions used up no id, and two clients can use the same id.
      const jti = randomBytes(8).toString('hex');
      await assertAuthenticates(client, await sign(client, { jti }), true, 'a good one');
      await assertAuthenticates(client, await sign(client, { jti, iat: 0 }), false, 'the id again');
    }
    const jti = 'shared';
    for (const client of [remote, inline])
      await assertAuthenticates(client, await sign(client, { jti }), true, 'own id');
  });

  it('#12 a client whose keys are no keys is refused, and nothing else fails', async () => {
    const { sign } = await signer();
    for (const key of [
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'key' },
      { kty: 'EC', kid: 'key' },
      { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'key', alg: 'ES256' },
      { kty: 'OKP', crv: 'X25519', x: 'AA', kid: 'key' },
      { kty: 'EC', crv: 'P-256', x: { deep: [] }, y: [1], kid: 'key' },
      { kty: 'oct', k: 'AA', kid: 'key' },
    ]) {
      host.serve('/bad-keys.json', { keys: [key] });
      bridge.advance(301);
      const client = publish({
        token_endpoint_auth_method: 'private_key_jwt',
        jwks_uri: `${host.origin}/bad-keys.json`,
      });
      await assertAuthenticates(client.client, await sign(client.client), false, JSON.stringify(key));
    }
    const nowhere = publish({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${host.origin}/no-keys.json` });
    await assertAuthenticates(nowhere.client, await sign(nowhere.client), false, 'no keys', 'temporarily_unavailable');
    const inside = publish({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `https://${PRIVATE}/keys.json` });
    await assertAuthenticates(
      inside.client,
      await sign(inside.client),
      false,
      'keys inside',
      'temporarily_unavailable',
    );
    assert.ok(host.connections.every((address) => address === PUBLIC));
  });
});
