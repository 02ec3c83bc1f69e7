// Client metadata documents: the client id is the address of the client's own metadata (OAuth Client ID Metadata Document,
// draft-ietf-oauth-client-id-metadata-document). When they are fetched is tested in document-cache.test.ts; over the network,
// with hostile hosts, in test/threats/client-documents.test.ts and metadata-documents.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClientDocuments } from '../../../src/oauth/clients/metadata-documents.ts';
import { EventBus } from '../../../src/observe/events.ts';
import { OAuthError } from '../../../src/protocol/oauth-error.ts';
import { createRateLimits } from '../../../src/security/rate-limits.ts';

const URL_OF_CLIENT = 'https://client.example/oauth.json';
const ADDRESS = '192.0.2.1';
const DOCUMENT = {
  client_id: URL_OF_CLIENT,
  client_name: 'An app',
  redirect_uris: ['https://client.example/callback'],
};

/** Documents from a host that the test plays. */
function documentsOf(body: unknown) {
  const { documents: limit } = createRateLimits({ registrationsPerHour: 1, keyPrefix: 't:' }, new EventBus());
  const fetch = { json: async () => ({ body, headers: {} }), close: async () => {} };
  const rules = { redirectSchemes: [], grantTypes: ['authorization_code', 'refresh_token'] };
  return createClientDocuments({ fetch, limit, now: () => 1_800_000_000 }, rules);
}

const refusal = (description: RegExp) => (error: unknown) =>
  error instanceof OAuthError && error.code === 'invalid_client' && description.test(error.description);

describe('a client metadata document', () => {
  it('is named by an https URL with a path, spelled as URLs normalise', () => {
    const documents = documentsOf(DOCUMENT);
    for (const id of [URL_OF_CLIENT, 'https://client.example/a?b=c']) assert.ok(documents.isDocumentId(id), id);
    for (const id of [
      'http://client.example/oauth.json',
      'https://client.example',
      'https://client.example/',
      'https://client.example/a#b',
      'https://user@client.example/a',
      'https://client.example/a/../b',
      'https://CLIENT.example/a',
      `https://client.example/${'x'.repeat(1024)}`,
      'AAAAAAAAAAAAAAAAAAAAAA',
    ])
      assert.equal(documents.isDocumentId(id), false, id);
  });

  it('is a public client unless it says how it authenticates', async () => {
    const client = await documentsOf(DOCUMENT).fetch(URL_OF_CLIENT, ADDRESS);
    assert.equal(client.clientId, URL_OF_CLIENT);
    assert.equal(client.origin, 'document');
    assert.equal(client.metadata.token_endpoint_auth_method, 'none');
  });

  for (const [what, body, description] of [
    ['is no JSON', undefined, /names itself/],
    ['is no object', [], /names itself/],
    ['names another client_id', { ...DOCUMENT, client_id: `${URL_OF_CLIENT}?x` }, /names itself/],
    ['holds a secret', { ...DOCUMENT, client_secret: 'x' }, /client_secret/],
    ['would use a secret', { ...DOCUMENT, token_endpoint_auth_method: 'client_secret_post' }, /client secret/],
  ] as const)
    it(`is refused when it ${what}`, async () => {
      await assert.rejects(documentsOf(body).fetch(URL_OF_CLIENT, ADDRESS), refusal(description));
    });
});

describe('the key set of a client', () => {
  it('is a list of keys at its jwks_uri, and nothing else is', async () => {
    const keys = [{ kty: 'EC', kid: '1' }];
    assert.deepEqual(await documentsOf({ keys }).fetchJwks('https://client.example/jwks', ADDRESS), { keys });
    for (const body of [undefined, {}, { keys: 'x' }, { keys: [{}] }])
      await assert.rejects(documentsOf(body).fetchJwks('https://client.example/jwks', ADDRESS), refusal(/key set/));
  });
});
