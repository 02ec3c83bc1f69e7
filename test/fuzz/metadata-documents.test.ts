// Metadata documents and key sets of any structure, from a real host: a client that names itself, or an error of OAuth.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { createClientDocuments } from '../../src/oauth/clients/metadata-documents.ts';
import { OAuthError } from '../../src/protocol/oauth-error.ts';
import { createGuardedFetch, type GuardedFetch } from '../../src/security/guarded-fetch.ts';
import { createAgent } from '../support/agent.ts';
import { type RecordedEvent, useBridge } from '../support/bridge.ts';
import { pkce, register, tokenRequest } from '../support/oauth.ts';
import { type DocumentHost, startDocumentHost } from '../threats/document-host.ts';
import {
  BEHIND_A_PROXY,
  becameMarkup,
  DESCRIPTION,
  fromElsewhere,
  holds,
  json,
  mayRedirectTo,
  mutatedObject,
  mutatedUri,
  pollutedPrototype,
  redirectUri,
  text,
} from './strangers.ts';

const MAX_DOCUMENT = 5 * 1024; // bytes
const asJson = (value: unknown) => JSON.stringify(value);
const one = (...values: unknown[]) => fc.constantFrom(...values.map(asJson));
/** Stands in a document for its own address, which is known only when the host runs. */
const SELF = 'https://self.example/';

const document = mutatedObject(
  {
    client_id: fc.constant(asJson(SELF)),
    redirect_uris: fc.array(redirectUri, { minLength: 1, maxLength: 3 }).map(asJson),
    client_name: one('An app', '道具'),
    token_endpoint_auth_method: one('none', 'private_key_jwt', 'client_secret_post'),
    grant_types: one(['authorization_code', 'refresh_token']),
    jwks_uri: one('https://app.example/jwks'),
    client_secret: undefined,
    client_secret_expires_at: undefined,
    client_uri: undefined,
    jwks: undefined,
    scope: undefined,
    contacts: undefined,
  },
  fc.oneof(
    { weight: 4, arbitrary: json },
    { weight: 3, arbitrary: fc.array(fc.oneof(redirectUri, mutatedUri), { maxLength: 3 }).map(asJson) },
    { weight: 2, arbitrary: fc.oneof(mutatedUri, fc.constantFrom(SELF, `${SELF}x`)).map(asJson) },
  ),
);
/** The body of an answer: a document, or bytes around it that no document has. */
const body = fc.oneof(
  { weight: 10, arbitrary: document },
  { weight: 1, arbitrary: json },
  { weight: 1, arbitrary: fc.tuple(document, fc.nat()).map(([all, length]) => all.slice(0, length % all.length)) },
  { weight: 1, arbitrary: fc.tuple(text, document, text).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.tuple(document, fc.nat(6000)).map(([all, length]) => all + ' '.repeat(length)) },
);
const answer = fc.record({
  status: fc.oneof(
    { weight: 8, arbitrary: fc.constant(200) },
    { weight: 1, arbitrary: fc.constantFrom(201, 204, 301, 404, 500) },
  ),
  type: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom('application/json', 'application/json; charset=utf-8', 'application/x+json'),
    },
    { weight: 1, arbitrary: fc.constantFrom('text/html', 'application/jsonx', 'json', 'text/json') },
  ),
  headers: fc.record(
    {
      'cache-control': fc.constantFrom(
        'no-store',
        'max-age=99999999999999',
        'max-age=-1',
        'max-age=0',
        'max-age="1"',
        ',,',
      ),
      age: fc.constantFrom('', 'x', '-1', '1e99', '99999999999'),
      location: fc.constantFrom('https://127.0.0.2/', 'x'),
      'content-encoding': fc.constantFrom('identity', 'gzip', 'x'),
    },
    { requiredKeys: [] },
  ),
});
type Answer = typeof answer extends fc.Arbitrary<infer T> ? T : never;

describe('a document of a stranger', () => {
  let host: DocumentHost;
  let guarded: GuardedFetch;
  let served = 0;
  before(async () => {
    host = await startDocumentHost();
    guarded = createGuardedFetch(host.fetch);
  });
  const bridge = useBridge(() => ({ store: 'sqlite', quiet: true, env: BEHIND_A_PROXY, fetch: host.fetch }));
  after(async () => {
    await guarded.close();
    await host.close();
  });

  /** Serves an answer at an address of its own. @returns the address, and the text that is served there */
  function serve(content: string, { status, type, headers }: Answer): { url: string; content: string } {
    const path = `/${++served}`;
    const url = `${host.origin}${path}`;
    const own = content.replaceAll(SELF, url);
    host.answer(path, (_request, response) => {
      response.writeHead(status, { ...headers, 'content-type': type }).end(own);
    });
    return { url, content: own };
  }

  /** What a promise gives. Fails when it is rejected with anything but an error of OAuth. */
  async function valueOrRefusal<T>(promise: Promise<T>): Promise<T | undefined> {
    try {
      return await promise;
    } catch (error) {
      assert.ok(error instanceof OAuthError, String(error));
      assert.match(error.code, /^(?:invalid_(?:client|client_metadata|redirect_uri)|temporarily_unavailable)$/);
      assert.match(error.description, DESCRIPTION);
      return undefined;
    } finally {
      assert.equal(pollutedPrototype(), false);
    }
  }

  holds(
    '#12 and #22 is a client that names itself, with good redirect URIs and without a secret, or an error of OAuth',
    80,
    [body, answer],
    async (sent, how) => {
      (bridge.events as RecordedEvent[]).length = 0;
      const { url, content } = serve(sent, how);
      const client = await valueOrRefusal(
        bridge.bridge.services.clients.find(url, fromElsewhere()['x-forwarded-for'] ?? ''),
      );
      const page = await createAgent({ headers: fromElsewhere() }).get(
        `${bridge.url}/authorize?${new URLSearchParams({
          response_type: 'code',
          client_id: url,
          redirect_uri: client?.metadata.redirect_uris[0] ?? 'https://app.example/',
          code_challenge: pkce().challenge,
          code_challenge_method: 'S256',
        })}`,
      );
      assert.equal(becameMarkup(page.html), false, page.html);
      assert.ok((client === undefined ? [400, 503] : [200]).includes(page.status), page.text);
      assert.deepEqual(
        bridge.eventsOf('request.failed').filter(({ expected }) => !expected),
        [],
      );
      if (client === undefined) return;
      assert.equal(how.status, 200);
      assert.match(how.type, /^application\/(?:x\+)?json(?:;|$)/);
      assert.ok(Buffer.byteLength(content) <= MAX_DOCUMENT, 'too long');
      const said = z
        .looseObject({ client_id: z.string(), redirect_uris: z.array(z.string()) })
        .parse(JSON.parse(content));
      assert.deepEqual([said.client_id, client.clientId, client.origin], [url, url, 'document']);
      assert.equal(
        Object.keys(said).some((name) => name.startsWith('client_secret')),
        false,
      );
      assert.equal(client.secretHash, undefined);
      assert.match(client.metadata.token_endpoint_auth_method, /^(?:none|private_key_jwt)$/);
      assert.deepEqual(client.metadata.redirect_uris, said.redirect_uris);
      for (const uri of client.metadata.redirect_uris) assert.ok(mayRedirectTo(uri), `${uri} was taken`);
    },
  );

  const key = { kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'AA', alg: 'ES256' };
  const strangeKey = mutatedObject({
    ...Object.fromEntries(Object.entries(key).map(([name, value]) => [name, one(value)])),
    ...{ kid: undefined, use: undefined, key_ops: undefined, n: undefined, e: undefined, d: undefined, x5c: undefined },
  });
  const keySet = fc.oneof(
    { weight: 4, arbitrary: fc.array(strangeKey, { maxLength: 4 }).map((keys) => `{"keys":[${keys.join()}]}`) },
    { weight: 1, arbitrary: json.map((keys) => `{"keys":${keys}}`) },
    { weight: 1, arbitrary: json },
  );
  const assertionHeader = mutatedObject({
    alg: one('ES256', 'RS256', 'EdDSA'),
    kid: undefined,
    crit: undefined,
    jwk: undefined,
  });

  holds(
    '#12 and #22 is a key set, or no assertion is believed by it',
    20,
    [keySet, answer, assertionHeader],
    async (sent, how, header) => {
      (bridge.events as RecordedEvent[]).length = 0;
      const { url } = serve(sent, how);
      const limit = { consume: async () => {}, giveBack: async () => {} };
      const rules = { redirectSchemes: [], grantTypes: ['authorization_code'] };
      const documents = createClientDocuments({ fetch: guarded, limit, now: bridge.now }, rules);
      const set = await valueOrRefusal(documents.fetchJwks(url, '192.0.2.1'));
      for (const each of set?.keys ?? []) assert.equal(typeof each.kty, 'string');

      const { client_id } = await register(bridge.url, {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks_uri: url,
      });
      const claims = { iss: client_id, sub: client_id, aud: bridge.url, exp: bridge.now() + 60, jti: url };
      const parts = [header, asJson(claims), 'x'.repeat(64)].map((part) => Buffer.from(part).toString('base64url'));
      const { status, body: answered } = await tokenRequest(
        bridge.url,
        {
          grant_type: 'authorization_code',
          client_id,
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: parts.join('.').slice(0, 8192),
        },
        fromElsewhere(),
      );
      assert.match(`${status} ${answered.error}`, /^(?:401 invalid_client|503 temporarily_unavailable)$/);
      assert.deepEqual(
        bridge.eventsOf('request.failed').filter(({ expected }) => !expected),
        [],
      );
    },
  );
});
