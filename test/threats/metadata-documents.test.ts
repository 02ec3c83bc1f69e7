// Threat 36: strangers make the bridge fetch documents, so that the clients of others fail, or that they learn what the
// bridge can reach. The fetches are real, from a host over TLS; each address of a requester comes from a trusted proxy.
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:net';
import { after, before, it, type TestContext } from 'node:test';
import { exportJWK, SignJWT } from 'jose';
import { createAgent, type Page } from '../support/agent.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import {
  authorizationUrl,
  type JsonAnswer,
  login,
  pkce,
  redemption,
  refreshing,
  type TestClient,
  type Tokens,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { until } from '../support/until.ts';
import { assertRefused, atOnce, fromAnotherNetwork } from './attack.ts';
import { type DocumentHost, PRIVATE, PUBLIC, startDocumentHost } from './document-host.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const REDIRECT = 'http://localhost:45001/callback';
const DAY = 86_400;

type Headers = Record<string, string>;

onBothStores('documents that strangers name', (store) => {
  let host: DocumentHost;
  let count = 0;
  before(async () => {
    host = await startDocumentHost();
  });
  const bridge = useBridge(() => ({
    store,
    env: { TRUSTED_PROXIES: '127.0.0.1' },
    fetch: {
      ...host.fetch,
      // The names that this test uses for what a name server can say.
      lookup(hostname, options, callback) {
        if (hostname === 'unknown.example')
          return callback(Object.assign(new Error(`queryA ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }), []);
        if (hostname === 'inside.example') return callback(null, [{ address: PRIVATE, family: 4 }]);
        host.fetch.lookup?.(hostname, options, callback);
      },
    },
  }));
  after(() => host.close());

  /** A client with its document at a new path. */
  function publish(metadata: Record<string, unknown> = {}) {
    count += 1;
    const path = `/client-${count}.json`;
    const client_id = `${host.origin}${path}`;
    const document = { client_id, client_name: 'A document', redirect_uris: [REDIRECT], ...metadata };
    const client = { client_id, redirectUri: REDIRECT } as TestClient;
    const serve = () => host.serve(path, document);
    serve();
    return { path, client, serve, fetched: () => timesFetched(path) };
  }

  const timesFetched = (path: string) => host.requests.filter((request) => request.endsWith(` ${path}`)).length;

  /** Makes paths slow: requests are answered, with 404, by `release`, and at the end of the test. */
  function slowDown(t: TestContext, paths: readonly string[]) {
    const held: ServerResponse[] = [];
    for (const path of paths) host.answer(path, (_, response) => void held.push(response));
    const release = () => {
      for (const response of held.splice(0)) response.writeHead(404).end();
    };
    t.after(release);
    return { held, release };
  }

  const page = (client: TestClient, headers: Headers = fromAnotherNetwork()): Promise<Page> =>
    createAgent({ headers }).get(authorizationUrl(bridge.url, client, pkce().challenge));

  /** A request of a client that is known when the answer is `invalid_grant`. */
  const token = (client: Pick<TestClient, 'client_id'>, headers: Headers = fromAnotherNetwork()): Promise<JsonAnswer> =>
    tokenRequest(bridge.url, { grant_type: 'refresh_token', refresh_token: 'x', client_id: client.client_id }, headers);

  async function logIn(client: TestClient, headers: Headers = fromAnotherNetwork()): Promise<Tokens> {
    const { code, verifier } = await login(bridge.url, client, { browser: createAgent({ headers }) });
    return tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier), headers));
  }

  function assertUnavailable(answer: JsonAnswer | Page, retryAfter: number, what?: string): void {
    const { status, headers } = answer;
    assert.deepEqual([status, headers.get('retry-after')], [503, String(retryAfter)], what);
  }

  it('#36 slow documents of one network leave the clients of others alone', async (t) => {
    const slow = Array.from({ length: 32 }, () => publish());
    const { held, release } = slowDown(
      t,
      slow.map(({ path }) => path),
    );
    const attacker = fromAnotherNetwork();
    const answers = slow.map(({ client }) => token(client, attacker));
    await until(() => held.length > 0, { what: 'a slow fetch' });
    const { client } = publish();
    const tokens = await logIn(client);
    tokensOf(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token), fromAnotherNetwork()));
    assert.equal(held.length, 4);
    release();
    for (const answer of await Promise.all(answers)) assertRefused(answer, 'temporarily_unavailable', 503);
  });

  it('#36 a refresh goes on with the copy of a document while all fetches are taken', async (t) => {
    const { client, fetched } = publish();
    const attackers = Array.from({ length: 8 }, fromAnotherNetwork);
    const address = attackers[0] ?? {};
    let tokens = await logIn(client, address);
    bridge.advance(301);
    const slow = Array.from({ length: 32 }, () => publish());
    const { held, release } = slowDown(
      t,
      slow.map(({ path }) => path),
    );
    const answers = slow.map((each, index) => token(each.client, attackers[index % 8]));
    await until(() => held.length === 32, { what: '32 slow fetches' });
    for (const headers of [address, fromAnotherNetwork()])
      tokens = tokensOf(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token), headers));
    assert.equal((await page(client)).status, 200);
    assert.equal(fetched(), 1);
    const fresh = publish().client;
    assertUnavailable(await token(fresh), 5);
    assertUnavailable(await page(fresh), 5);
    release();
    await Promise.all(answers);
    tokensOf(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token), address));
    assert.equal(fetched(), 2);
  });

  it('#36 a network has 60 documents fetched in five minutes, then 429, and known clients go on', async () => {
    const [used, seen] = [publish(), publish()];
    let tokens = await logIn(used.client);
    assert.equal((await page(seen.client)).status, 200);
    const attacker = fromAnotherNetwork();
    const neighbour = { 'x-forwarded-for': String(attacker['x-forwarded-for']).replace('::1', ':ffff::2') };
    for (let index = 0; index < 60; index++) assertRefused(await token(publish().client, attacker), 'invalid_grant');
    const fresh = publish();
    for (const headers of [attacker, neighbour]) {
      const limited = await token(fresh.client, headers);
      assertRefused(limited, 'temporarily_unavailable', 429);
      const limitedPage = await page(fresh.client, headers);
      for (const answer of [limited, limitedPage]) {
        assert.equal(answer.status, 429);
        const retryAfter = Number(answer.headers.get('retry-after'));
        assert.ok(retryAfter > 0 && retryAfter <= 300);
      }
    }
    assert.equal(fresh.fetched(), 0);
    // Fresh copies, stale copies, and copies of clients in use that are too old.
    for (const { client } of [used, seen]) assert.equal((await page(client, attacker)).status, 200);
    bridge.advance(301);
    assertRefused(await token(seen.client, attacker), 'invalid_grant');
    assert.equal(seen.fetched(), 1);
    tokens = tokensOf(await tokenRequest(bridge.url, refreshing(used.client, tokens.refresh_token), attacker));
    assert.equal(used.fetched(), 2);
    bridge.advance(DAY + 1);
    tokensOf(await tokenRequest(bridge.url, refreshing(used.client, tokens.refresh_token), attacker));
    assert.equal(used.fetched(), 3);
    assertRefused(await token(seen.client, attacker), 'temporarily_unavailable', 429);
    assert.equal((await page(fresh.client)).status, 200, 'another network');
  });

  it('#36 a document that cannot be fetched is asked for once in 30 seconds, and is no guess', async () => {
    for (const status of [404, 500]) {
      const { client, path, fetched, serve } = publish();
      host.answer(path, (_, response) => void response.writeHead(status).end());
      const headers = fromAnotherNetwork();
      // More than the failures that an address may cause.
      for (let round = 0; round < 10; round++)
        for (const answer of await atOnce(31, () => token(client, headers))) assertUnavailable(answer, 30);
      assertUnavailable(await page(client, headers), 30);
      assert.equal(fetched(), 1);
      serve();
      bridge.advance(20);
      assertUnavailable(await token(client), 30);
      bridge.advance(10);
      assertRefused(await token(client), 'invalid_grant');
      assert.equal(fetched(), 2);
    }
  });

  it('#36 a document that is not valid is explained, and asked for once in 30 seconds', async () => {
    const { client, path, fetched } = publish();
    for (const [document, description] of [
      ['{', /names itself/],
      [{ client_id: 'https://other.example/x' }, /names itself/],
      [{ client_id: client.client_id, redirect_uris: ['http://other.example/'] }, /redirect_uris\.0/],
    ] as const) {
      host.serve(path, document);
      const before = fetched();
      for (const answer of [await token(client), await token(client)])
        assert.match(String(answer.body.error_description), description);
      const shown = await page(client);
      assert.equal(shown.status, 400);
      assert.match(shown.text, description);
      assert.equal(fetched(), before + 1);
      bridge.advance(30);
    }
  });

  it('#36 the answer is the same for whatever reason a document cannot be fetched; the log has the reason', async () => {
    const closed: Server = createServer();
    await new Promise<void>((resolve) => closed.listen(0, PUBLIC, resolve));
    const { port: closedPort } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const { port } = new URL(host.origin);
    const answering = (status: number, headers: Headers = {}, body = '') => {
      const { path, client } = publish();
      host.answer(path, (_, response) => void response.writeHead(status, headers).end(body));
      return client.client_id;
    };
    const json = { 'content-type': 'application/json' };
    const causes: Record<string, readonly [clientId: string, reason: RegExp]> = {
      'a name that there is not': [`https://unknown.example:${port}/x`, /ENOTFOUND unknown\.example/],
      'a private name': [`https://inside.example:${port}/x`, /inside\.example is not on the public internet/],
      'a private address': [`https://${PRIVATE}:${port}/x`, /127\.0\.0\.2 is not on the public internet/],
      'the metadata service of a cloud': ['https://169.254.169.254/x', /169\.254\.169\.254 is not/],
      'a port that is closed': [`https://client.example:${closedPort}/x`, /ECONNREFUSED/],
      'another certificate': [`https://elsewhere.example:${port}/x`, /altnames/],
      'not found': [answering(404), /answered 404/],
      'a failure': [answering(500), /answered 500/],
      'a redirect': [answering(302, { location: `https://${PRIVATE}/` }), /answered 302/],
      'another type': [answering(200, { 'content-type': 'text/html' }, '<html>'), /is text\/html/],
      'too much': [answering(200, json, JSON.stringify('x'.repeat(6000))), /is larger than/],
    };
    const answers = new Set<string>();
    for (const [what, [client_id, reason]] of Object.entries(causes)) {
      const before = bridge.log().length;
      for (const accept of ['text/html', 'application/json']) {
        const headers = { ...fromAnotherNetwork(), accept };
        const shown = await page({ client_id, redirectUri: REDIRECT } as TestClient, headers);
        assertUnavailable(shown, 30, what);
        const reference = shown.headers.get('x-request-id');
        assert.ok(reference);
        // The page is sealed anew each time, for the button of the other language; the length of the seal tells nothing either.
        const sealed = /(?<=name="language:\w+" value=")[^"]+/;
        answers.add(shown.html.replaceAll(reference, '').replace(sealed, (value) => `${value.length} characters`));
      }
      const answer = await token({ client_id });
      assertUnavailable(answer, 30, what);
      assert.deepEqual(answer.body, {
        error: 'temporarily_unavailable',
        error_description: 'the document at client_id cannot be fetched',
      });
      const logged = bridge.log().slice(before);
      const lines = logged.split('\n').filter((line) => line.includes('request.failed'));
      assert.equal(lines.length, 3, what);
      for (const line of lines) {
        assert.match(line, reason, what);
        assert.match(line, /"level":"info"/);
      }
    }
    assert.equal(answers.size, 2, 'a page and an answer as JSON, whatever the reason');
  });

  it('#36 a client that somebody logged in with is not evicted by documents that strangers name', async () => {
    const [used, unused] = [publish(), publish()];
    const tokens = await logIn(used.client);
    assert.equal((await page(unused.client)).status, 200);
    for (let round = 0; round < 25; round++)
      for (const answer of await atOnce(20, () => token(publish().client))) assertRefused(answer, 'invalid_grant');
    tokensOf(await tokenRequest(bridge.url, refreshing(used.client, tokens.refresh_token), fromAnotherNetwork()));
    assert.equal(used.fetched(), 1);
    assert.equal((await page(unused.client)).status, 200);
    assert.equal(unused.fetched(), 2);
  });

  it('#36 key sets are fetched, kept and refused in the same way', async (t) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keySet = { keys: [{ ...(await exportJWK(publicKey)), kid: 'key', alg: 'ES256' }] };
    /** A client with a key set, and a request that it signs. */
    const keyed = () => {
      const path = `/keys-${randomBytes(8).toString('hex')}.json`;
      const { client } = publish({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${host.origin}${path}` });
      const send = async (parameters: Record<string, string | undefined>, headers: Headers = fromAnotherNetwork()) => {
        const now = bridge.now();
        const client_assertion = await new SignJWT({ jti: randomBytes(8).toString('hex'), iat: now, exp: now + 60 })
          .setProtectedHeader({ alg: 'ES256', kid: 'key' })
          .setIssuer(client.client_id)
          .setSubject(client.client_id)
          .setAudience(bridge.url)
          .sign(privateKey);
        const form = { ...parameters, client_assertion_type: ASSERTION_TYPE, client_assertion };
        return tokenRequest(bridge.url, form, headers);
      };
      host.serve(path, keySet);
      return { path, client, send, fetched: () => timesFetched(path) };
    };
    const guess = { grant_type: 'refresh_token', refresh_token: 'x' };

    const known = keyed();
    const { code, verifier } = await login(bridge.url, known.client, {
      browser: createAgent({ headers: fromAnotherNetwork() }),
    });
    let tokens = tokensOf(await known.send(redemption(known.client, code, verifier)));

    // A failure is the same 503, and is remembered.
    const failing = keyed();
    host.answer(failing.path, (_, response) => void response.writeHead(404).end());
    for (let index = 0; index < 3; index++) {
      const answer = await failing.send(guess);
      assertUnavailable(answer, 30);
      assert.equal(answer.body.error_description, 'the document at jwks_uri cannot be fetched');
    }
    assert.equal(failing.fetched(), 1);

    // Slow ones of one network leave others alone.
    bridge.advance(301);
    const networks = Array.from({ length: 8 }, fromAnotherNetwork);
    const slow = Array.from({ length: 32 }, keyed);
    for (const { client } of slow) assertRefused(await token(client), 'invalid_client');
    const another = keyed();
    const { held, release } = slowDown(
      t,
      slow.map(({ path }) => path),
    );
    const ofOne = slow.slice(0, 8).map(({ send }) => send(guess, networks[0]));
    await until(() => held.length === 4, { what: 'four slow fetches' });
    assertRefused(await another.send(guess), 'invalid_grant');
    release();
    for (const answer of await Promise.all(ofOne)) assert.equal(answer.status, 503);

    // While all fetches are taken, the stale copy serves.
    bridge.advance(60);
    const ofAll = slow.map(({ send }, index) => send(guess, networks[index % 8]));
    await until(() => held.length === 32, { what: '32 slow fetches' });
    assertUnavailable(await keyed().send(guess), 5);
    tokens = tokensOf(await known.send(refreshing(known.client, tokens.refresh_token)));
    assert.equal(known.fetched(), 1);
    release();
    for (const answer of await Promise.all(ofAll)) assert.equal(answer.status, 503);

    // The budget is spent by documents and key sets together; the keys of a client in use are not bound by it.
    const attacker = fromAnotherNetwork();
    for (let index = 0; index < 30; index++) assertRefused(await keyed().send(guess, attacker), 'invalid_grant');
    assertRefused(await keyed().send(guess, attacker), 'temporarily_unavailable', 429);
    bridge.advance(DAY + 1);
    tokensOf(await known.send(refreshing(known.client, tokens.refresh_token), attacker));
    assert.equal(known.fetched(), 2);
  });
});
