// Client metadata documents: the client id is the address of the client's own metadata (OAuth Client ID Metadata Document,
// draft-ietf-oauth-client-id-metadata-document; caching by RFC 9111). Over the network, with hostile hosts, they are
// tested in test/threats/client-documents.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClientDocuments } from '../../../src/oauth/clients/metadata-documents.ts';
import { OAuthError } from '../../../src/protocol/oauth-error.ts';
import { type FetchedJson, FetchRefused } from '../../../src/security/guarded-fetch.ts';

const URL_OF_CLIENT = 'https://client.example/oauth.json';
const DOCUMENT = {
  client_id: URL_OF_CLIENT,
  client_name: 'An app',
  redirect_uris: ['https://client.example/callback'],
};

/** Documents from a host that the test plays, and a clock that it moves. */
function documentsOf(answer: (url: string) => unknown | Promise<unknown>, headers: FetchedJson['headers'] = {}) {
  const fetched: string[] = [];
  let now = 1_800_000_000;
  const documents = createClientDocuments({
    fetch: {
      async json(url) {
        fetched.push(url);
        return { body: await answer(url), headers };
      },
      close: async () => {},
    },
    rules: { redirectSchemes: [], grantTypes: ['authorization_code', 'refresh_token'] },
    now: () => now,
  });
  const advance = (seconds: number) => {
    now += seconds;
  };
  return { documents, fetched, advance };
}

const refusal = (description: RegExp) => (error: unknown) =>
  error instanceof OAuthError && error.code === 'invalid_client' && description.test(error.description);

describe('a client metadata document', () => {
  it('is named by an https URL with a path, spelled as URLs normalise', () => {
    const { documents } = documentsOf(() => DOCUMENT);
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
    const client = await documentsOf(() => DOCUMENT).documents.fetch(URL_OF_CLIENT);
    assert.equal(client.clientId, URL_OF_CLIENT);
    assert.equal(client.origin, 'document');
    assert.equal(client.metadata.token_endpoint_auth_method, 'none');
  });

  for (const [what, body, description] of [
    ['is no object', [], /name itself/],
    ['names another client_id', { ...DOCUMENT, client_id: `${URL_OF_CLIENT}?x` }, /name itself/],
    ['holds a secret', { ...DOCUMENT, client_secret: 'x' }, /client_secret/],
    ['would use a secret', { ...DOCUMENT, token_endpoint_auth_method: 'client_secret_post' }, /client secret/],
  ] as const)
    it(`is refused when it ${what}`, async () => {
      await assert.rejects(documentsOf(() => body).documents.fetch(URL_OF_CLIENT), refusal(description));
    });

  it('is fetched once for all who ask at once, and kept as long as HTTP says', async () => {
    const { documents, fetched, advance } = documentsOf(() => DOCUMENT, { 'cache-control': 'max-age=600', age: '100' });
    await Promise.all(Array.from({ length: 10 }, () => documents.fetch(URL_OF_CLIENT)));
    advance(499);
    await documents.fetch(URL_OF_CLIENT);
    assert.equal(fetched.length, 1);
    advance(1);
    await documents.fetch(URL_OF_CLIENT);
    assert.equal(fetched.length, 2);
  });

  it('serves stale for a day while its host does not answer, and never after its host refused it', async () => {
    let failure: Error | undefined;
    const { documents, advance } = documentsOf(() => {
      if (failure !== undefined) throw failure;
      return DOCUMENT;
    });
    await documents.fetch(URL_OF_CLIENT);
    failure = new FetchRefused('does not answer', { unreachable: true });
    advance(86_399);
    assert.equal((await documents.fetch(URL_OF_CLIENT)).clientId, URL_OF_CLIENT);
    advance(1);
    await assert.rejects(documents.fetch(URL_OF_CLIENT), refusal(/does not answer/));

    failure = undefined;
    await documents.fetch(URL_OF_CLIENT);
    advance(301);
    failure = new FetchRefused('answered 404', { status: 404 });
    await assert.rejects(documents.fetch(URL_OF_CLIENT), refusal(/404/));
    failure = new FetchRefused('does not answer', { unreachable: true });
    await assert.rejects(documents.fetch(URL_OF_CLIENT), refusal(/does not answer/));
  });

  it('waits with 503 when 32 others are being fetched, because strangers choose what is fetched', async () => {
    const release = Promise.withResolvers<void>();
    const { documents, fetched } = documentsOf(async (url) => {
      await release.promise;
      return { ...DOCUMENT, client_id: url };
    });
    const others = Array.from({ length: 32 }, (_, index) => documents.fetch(`${URL_OF_CLIENT}?${index}`));
    await assert.rejects(documents.fetch(URL_OF_CLIENT), (error) => {
      assert.ok(error instanceof OAuthError);
      assert.deepEqual(
        { status: error.status, headers: error.headers },
        { status: 503, headers: { 'Retry-After': '5' } },
      );
      return true;
    });
    release.resolve();
    await Promise.all(others);
    await documents.fetch(URL_OF_CLIENT);
    assert.equal(fetched.length, 33);
  });
});

describe('the key set of a client', () => {
  it('is a list of keys at its jwks_uri, and nothing else is', async () => {
    const keys = [{ kty: 'EC', kid: '1' }];
    assert.deepEqual(await documentsOf(() => ({ keys })).documents.fetchJwks('https://client.example/jwks'), { keys });
    for (const body of [{}, { keys: 'x' }, { keys: [{}] }])
      await assert.rejects(
        documentsOf(() => body).documents.fetchJwks('https://client.example/jwks'),
        refusal(/key set/),
      );
  });
});
