// Registrations with metadata of any structure: taken and stored as they are answered, or refused in RFC 7591's terms.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { z } from 'zod';
import { createAgent } from '../support/agent.ts';
import { onBothStores, type RecordedEvent, useBridge } from '../support/bridge.ts';
import { pkce } from '../support/oauth.ts';
import {
  BEHIND_A_PROXY,
  becameMarkup,
  DESCRIPTION,
  fitsInABody,
  fromElsewhere,
  holds,
  json,
  MARK,
  mayRedirectTo,
  mutatedObject,
  mutatedUri,
  objectText,
  pollutedPrototype,
  redirectUri,
  text,
} from './strangers.ts';

/** The members of client metadata that this server keeps (RFC 7591 section 2). */
const KEPT = [
  ...['redirect_uris', 'token_endpoint_auth_method', 'grant_types', 'response_types', 'application_type'],
  ...['client_name', 'client_uri', 'logo_uri', 'tos_uri', 'policy_uri', 'scope', 'contacts', 'jwks', 'jwks_uri'],
  ...['software_id', 'software_version'],
];
const asJson = (value: unknown) => JSON.stringify(value);
const one = (...values: unknown[]) => fc.constantFrom(...values.map(asJson));
const uris = fc.array(redirectUri, { minLength: 1, maxLength: 4 }).map(asJson);
const key = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' };

const GOOD = {
  redirect_uris: uris,
  client_name: one('An app', 'Ein Gerät', '道具', 'a"b<c>'),
  token_endpoint_auth_method: one('none', 'client_secret_basic', 'client_secret_post'),
  grant_types: one(['authorization_code', 'refresh_token'], ['authorization_code']),
  response_types: one(['code']),
  scope: one('repo', 'read:user openid'),
};
const metadata = mutatedObject(
  { ...GOOD, ...Object.fromEntries(KEPT.filter((name) => !(name in GOOD)).map((name) => [name, undefined])) },
  fc.oneof(
    { weight: 3, arbitrary: json },
    { weight: 3, arbitrary: fc.array(fc.oneof(redirectUri, mutatedUri), { maxLength: 3 }).map(asJson) },
    { weight: 2, arbitrary: fc.oneof(redirectUri, mutatedUri).map(asJson) },
    { weight: 1, arbitrary: one('private_key_jwt', 'tls_client_auth', 'native', 'web') },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...Object.keys(key), 'd', 'use', MARK), text).map(asJson) },
    { weight: 1, arbitrary: json.map((strange) => `{"keys":[${asJson(key).slice(0, -1)},"kid":${strange}}]}`) },
    { weight: 1, arbitrary: json.map((strange) => `{"keys":${strange}}`) },
  ),
);
const information = z.looseObject({
  client_id: z.string(),
  redirect_uris: z.array(z.string()).min(1),
  registration_access_token: z.string(),
  registration_client_uri: z.string(),
});

onBothStores('a registration', (store) => {
  const bridge = useBridge({ store, quiet: true, env: BEHIND_A_PROXY });

  const post = (body: string) =>
    fetch(`${bridge.url}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...fromElsewhere() },
      body,
    });

  /** Client metadata without what the server adds. */
  const metadataOf = (answer: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(answer).filter(([name]) => !/^(?:client_id|client_secret|registration_)(?!name)/.test(name)),
    );

  /** Fails unless the client is stored as it was answered, and a person can be asked about it. */
  async function checkTaken(sent: string, body: unknown): Promise<void> {
    const client = information.parse(body);
    const kept = metadataOf(client);
    assert.deepEqual(
      Object.keys(kept).filter((name) => !KEPT.includes(name)),
      [],
    );
    const { redirect_uris: asked } = z.looseObject({ redirect_uris: z.unknown() }).parse(JSON.parse(sent));
    assert.deepEqual(client.redirect_uris, asked);
    for (const uri of client.redirect_uris) assert.ok(mayRedirectTo(uri), `${uri} was taken`);

    const authorization = `Bearer ${client.registration_access_token}`;
    const read = await fetch(client.registration_client_uri, { headers: { authorization } });
    assert.deepEqual(metadataOf(z.looseObject({}).parse(await read.json())), kept, 'as stored');
    const again = await post(asJson(kept));
    assert.equal(again.status, 201);
    assert.deepEqual(metadataOf(z.looseObject({}).parse(await again.json())), kept, 'as registered again');

    const parameters = new URLSearchParams({
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: client.redirect_uris[0] ?? '',
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    });
    const page = await createAgent({ headers: fromElsewhere() }).get(`${bridge.url}/authorize?${parameters}`);
    assert.equal(page.status, 200, page.text);
    assert.equal(page.form('/consent').method, 'POST');
    assert.equal(becameMarkup(page.html), false, page.html);
  }

  holds(
    '#8 and #22 metadata of any structure is stored as it is answered, with good redirect URIs alone, or refused',
    100,
    [fc.oneof({ weight: 12, arbitrary: metadata }, { weight: 1, arbitrary: json })],
    async (sent) => {
      fitsInABody(sent);
      (bridge.events as RecordedEvent[]).length = 0;
      const answer = await post(sent);
      const head = [...answer.headers].join('\n');
      assert.equal(head.includes(MARK), false, head);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      const body = z.record(z.string(), z.unknown()).parse(await answer.json());
      assert.equal(pollutedPrototype(), false);
      if (answer.status === 201) await checkTaken(sent, body);
      else {
        assert.equal(answer.status, 400, asJson(body));
        assert.match(String(body.error), /^invalid_(?:redirect_uri|client_metadata|request)$/);
        assert.match(String(body.error_description), DESCRIPTION);
        assert.deepEqual(bridge.eventsOf('client.registered'), []);
      }
      assert.deepEqual(
        bridge.eventsOf('request.failed').filter(({ expected }) => !expected),
        [],
      );
    },
  );

  holds(
    '#8 one redirect URI that no client may have refuses the registration, whatever stands beside it',
    150,
    [fc.array(redirectUri, { maxLength: 2 }), mutatedUri],
    async (good, strange) => {
      const sent = asJson({ redirect_uris: [...good, strange], token_endpoint_auth_method: 'none' });
      const answer = await post(sent);
      const body = z.record(z.string(), z.unknown()).parse(await answer.json());
      if (!mayRedirectTo(strange)) assert.deepEqual([answer.status, body.error], [400, 'invalid_redirect_uri']);
      else if (answer.status === 201) assert.deepEqual(body.redirect_uris, [...good, strange]);
    },
  );

  holds(
    '#8 metadata as it should be is taken',
    10,
    [fc.record(GOOD).map((members) => objectText(Object.entries(members)))],
    async (sent) => {
      const answer = await post(sent);
      const body: unknown = await answer.json();
      assert.equal(answer.status, 201, asJson(body));
      await checkTaken(sent, body);
    },
  );
});
