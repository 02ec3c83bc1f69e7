// Threat 13: registrations that fill the store: large ones, many, and ones that stay for ever.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createAgent } from '../support/agent.ts';
import { bridgeFor, onBothStores, useBridge } from '../support/bridge.ts';
import {
  authorizationUrl,
  getJson,
  type JsonAnswer,
  logIn,
  pkce,
  postJson,
  register,
  type TestClient,
} from '../support/oauth.ts';
import { assertRefused, atOnce, overriding } from './attack.ts';

const REDIRECT = 'https://client.example/cb';
const DAY = 86_400;

onBothStores('registration limits', (store) => {
  const bridge = useBridge({ store });

  const registering = (metadata: Record<string, unknown>, headers: Record<string, string> = {}, url = bridge.url) =>
    postJson(`${url}/register`, { redirect_uris: [REDIRECT], ...metadata }, headers);

  it('#13 a registration larger than any client needs is refused, and nothing of it is kept', async () => {
    const before = (await bridge.dumpStore()).length;
    const uris = (count: number) => Array.from({ length: count }, (_, index) => `${REDIRECT}/${index}`);
    for (const [what, metadata] of Object.entries({
      '5,000 redirect URIs': { redirect_uris: uris(5000) },
      '21 redirect URIs': { redirect_uris: uris(21) },
      'a redirect URI of 2,049 characters': { redirect_uris: [REDIRECT.padEnd(2049, 'x')] },
      'redirect URIs that are long together': { redirect_uris: uris(20).map((uri) => uri.padEnd(2000, 'x')) },
      'a name of 200 KB': { client_name: 'x'.repeat(200_000) },
      'a name of 201 characters': { client_name: 'x'.repeat(201) },
      'a scope of 2,001 characters': { scope: 'x'.repeat(2001) },
      'eleven contacts': { contacts: Array(11).fill('a@client.example') },
      'eleven keys': { jwks: { keys: Array(11).fill({ kty: 'EC' }) } },
      'a key of 20 KB': { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x'.repeat(20_000) }] } },
      'a logo of 2,100 characters': { logo_uri: REDIRECT.padEnd(2100, 'x') },
      'many grant types': { grant_types: Array(11).fill('authorization_code') },
      'a body over the limit': { unknown: 'x'.repeat(70_000) },
    })) {
      const answer = await registering(metadata);
      assert.ok(answer.status === 400 || answer.status === 413, `${what}: ${answer.status}`);
      assert.equal(answer.body.client_id, undefined, what);
    }
    const grown = (await bridge.dumpStore()).length - before;
    assert.ok(grown < 64 * 1024, `the store grew by ${grown} bytes`);
  });

  it('#13 members that are no client metadata are not kept', async () => {
    const marker = 'a marker that nobody else writes';
    const answer = await registering({
      unknown: marker,
      software_statement: marker,
      client_id: marker,
      client_secret: marker,
      registration_access_token: marker,
      jwks: { keys: [{ kty: 'EC', deep: { marker } }] },
    });
    assert.equal(answer.status, 201);
    assert.ok(!JSON.stringify(answer.body).includes(marker));
    assert.ok((await bridge.dumpStore()).includes(String(answer.body.client_id)));
    // Names that could change the prototype of an object: the whole registration is refused.
    assert.equal((await registering({ ['__proto__']: { marker } })).status, 400);
    assert.equal((await registering({ constructor: { prototype: { marker } } })).status, 201);
    assert.equal((await bridge.dumpStore()).includes(marker), false);
  });

  it('#13 deeply nested keys do not make the registration fail with an error of the server', async () => {
    for (const depth of [100, 5000, 30_000]) {
      const deep = '['.repeat(depth) + ']'.repeat(depth);
      const body = `{"redirect_uris":["${REDIRECT}"],"jwks":{"keys":[{"kty":"EC","x":${deep}}]}}`;
      const answer = await fetch(`${bridge.url}/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      assert.ok(answer.status === 201 || answer.status === 413, `depth ${depth}: ${answer.status}`);
    }
  });

  const clientOf = (answer: JsonAnswer) => ({ ...answer.body, redirectUri: REDIRECT }) as unknown as TestClient;
  const isKnown = async (client: TestClient, url = bridge.url) =>
    (
      await getJson(`${url}/register/${client.client_id}`, {
        authorization: `Bearer ${client.registration_access_token}`,
      })
    ).status === 200;

  it('#13 one address can register so often an hour, and cannot pretend to be another one', async (t) => {
    const limited = await bridgeFor(t, { store, env: { REGISTRATIONS_PER_HOUR: '5' } });
    const attempts = await atOnce(20, (index) =>
      registering({}, { 'x-forwarded-for': `203.0.113.${index}` }, limited.url),
    );
    assert.equal(attempts.filter(({ status }) => status === 429).length, 15);
    const refused = await registering({}, {}, limited.url);
    assert.equal(refused.status, 429);
    const seconds = Number(refused.headers.get('retry-after'));
    assert.ok(seconds > 3000 && seconds <= 3600, String(seconds));
    assert.equal(refused.body.error, 'temporarily_unavailable');
    assert.match(String(refused.body.error_description), /REGISTRATIONS_PER_HOUR.*REGISTRATIONS_UNLIMITED/);
  });

  it('#13 behind a proxy each network has its own share: an IPv4 address, and a /64 of IPv6', async (t) => {
    const limited = await bridgeFor(t, {
      store,
      env: { REGISTRATIONS_PER_HOUR: '3', TRUSTED_PROXIES: '127.0.0.1' },
    });
    const from = async (address: string) => (await registering({}, { 'x-forwarded-for': address }, limited.url)).status;
    const statuses = async (addresses: string[]) => {
      const all: number[] = [];
      for (const address of addresses) all.push(await from(address));
      return all;
    };
    // In each row, four addresses of one /64 or one IPv4 address, written in different ways.
    for (const network of [
      ['2001:db8::1', '2001:db8::2:3', '2001:DB8:0:0:ffff::', '2001:db8:0:0:1:2:3:4'],
      ['2001:db8:1:2::1', '2001:db8:1:2:3::', '2001:db8:1:2:a:b:c:d', '2001:db8:1:2::'],
      ['2001:db8:0:1::1', '2001:db8:0:1::2', '2001:db8:0:1:0:0:0:3', '2001:db8:0:1:4::'],
      ['203.0.113.7', '::ffff:203.0.113.7', '::ffff:cb00:7107', '203.0.113.7'],
      // Only the last entry was written by the trusted proxy; a client can invent those before it.
      ['198.51.100.1, 203.0.113.8', '198.51.100.2, 203.0.113.8', '198.51.100.3,203.0.113.8', '203.0.113.8'],
    ])
      assert.deepEqual(await statuses(network), [201, 201, 201, 429], network.join(' '));
    assert.equal(await from('2001:db8:1:3::1'), 201);
    assert.equal(await from('203.0.113.9'), 201);
  });

  it('#13 a registration that nobody uses is dropped after 90 days; one in use stays', async () => {
    const [unused, used] = [await register(bridge.url), await register(bridge.url)];
    bridge.advance(60 * DAY);
    await logIn(bridge.url, used);
    assert.equal(await isKnown(unused), true);
    bridge.advance(31 * DAY);
    assert.equal(await isKnown(unused), false);
    assert.equal(await isKnown(used), true);
    const page = await createAgent().get(authorizationUrl(bridge.url, unused, pkce().challenge));
    assert.equal(page.status, 400);
    bridge.advance(61 * DAY);
    assert.equal(await isKnown(used), false);
  });

  it('#13 a flood from many addresses drops the oldest unused registrations, and none in use', async (t) => {
    const LIMIT = 10;
    const flooded = await bridgeFor(t, {
      store,
      wrapStore: (inner) =>
        overriding(inner, {
          clients: overriding(inner.clients, { add: (client, ttl) => inner.clients.add(client, ttl, LIMIT) }),
        }),
    });
    const used = await register(flooded.url);
    await logIn(flooded.url, used);
    const first = clientOf(await registering({}, {}, flooded.url));
    const flood = await atOnce(30, () => registering({}, {}, flooded.url));
    for (const answer of flood) assert.equal(answer.status, 201);
    assert.equal(await isKnown(first, flooded.url), false);
    assert.equal(await isKnown(used, flooded.url), true);
    const kept = await Promise.all(flood.map((answer) => isKnown(clientOf(answer), flooded.url)));
    assert.equal(kept.filter(Boolean).length, LIMIT);
  });

  it('#13 authorization requests, which the store keeps too, have a limit of their own by address', async (t) => {
    const limited = await bridgeFor(t, { store });
    const client = await register(limited.url);
    const ask = () => createAgent().get(authorizationUrl(limited.url, client, pkce().challenge));
    const pages = await atOnce(620, ask);
    assert.equal(pages.filter(({ status }) => status === 200).length, 600);
    const page = await ask();
    assert.equal(page.status, 429);
    assert.ok(Number(page.headers.get('retry-after')) > 0);
    const signIn = await fetch(`${limited.url}/account/sign-in`, {
      method: 'POST',
      headers: { origin: limited.url },
      redirect: 'manual',
    });
    assert.equal(signIn.status, 429);
  });

  it('#13 no request makes the store keep longer texts than its parameters may have', async () => {
    const client = await register(bridge.url);
    const before = (await bridge.dumpStore()).length;
    for (const name of ['state', 'nonce', 'scope', 'prompt', 'login_hint', 'ui_locales', 'resource']) {
      const body = new URLSearchParams(new URL(authorizationUrl(bridge.url, client, pkce().challenge)).search);
      body.set(name, 'x'.repeat(8193));
      const page = await createAgent().request(`${bridge.url}/authorize`, { method: 'POST', body });
      assert.equal(page.status, 400, name);
    }
    const grown = (await bridge.dumpStore()).length - before;
    assert.ok(grown < 8192, `the store grew by ${grown} bytes`);
    assertRefused(await registering({ redirect_uris: [] }), 'invalid_redirect_uri');
  });
});
