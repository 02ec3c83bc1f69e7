// Client metadata: checked once; what comes out is what is stored, answered and trusted (RFC 7591 section 2). Its limits
// as strangers meet them are in test/threats/registration-limits.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseClientMetadata } from '../../../src/oauth/clients/client-metadata.ts';
import { OAuthError } from '../../../src/protocol/oauth-error.ts';

const RULES = { redirectSchemes: ['cursor'], grantTypes: ['authorization_code', 'refresh_token'] };
const REDIRECTS = { redirect_uris: ['https://app.example/callback'] };
const KEY = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };

const parse = (members: Record<string, unknown>) => parseClientMetadata({ ...REDIRECTS, ...members }, RULES);

function problemOf(members: Record<string, unknown>): string | undefined {
  try {
    parse(members);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof OAuthError);
    assert.equal(error.status, 400);
    // RFC 6749 section 5.2 limits what a description may hold.
    assert.match(error.description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    return `${error.code}: ${error.description}`;
  }
}

describe('client metadata', () => {
  it('has the defaults of RFC 7591, and both grant types, for most clients never ask for the second', () => {
    assert.deepEqual(parse({}), {
      ...REDIRECTS,
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    });
  });

  it('loses what this server does not know, and what is empty', () => {
    const { client_name, client_uri, logo_uri, ...rest } = parse({
      client_name: '  An app ',
      client_uri: '',
      logo_uri: null,
      nonsense: true,
      grant_types: ['refresh_token', 'authorization_code', 'implicit'],
      response_types: ['code', 'token'],
    });
    assert.deepEqual([client_name, client_uri, logo_uri], ['An app', undefined, undefined]);
    assert.deepEqual(rest.grant_types, ['authorization_code', 'refresh_token']);
    assert.deepEqual(rest.response_types, ['code']);
    assert.equal('nonsense' in rest, false);
  });

  it('has no name and no scope when these are blank, so that the consent page shows the id and the defaults hold', () => {
    const { client_name, scope, ...rest } = parse({ client_name: ' \u3000', scope: '  ' });
    assert.deepEqual([client_name, scope], [undefined, undefined]);
    assert.deepEqual(parse(rest), rest);
  });

  it('is the same when it is parsed again', () => {
    const once = parse({ client_name: ' x ', scope: ' repo ', jwks: { keys: [{ ...KEY, nested: { a: 1 } }] } });
    assert.deepEqual(parse(once), once);
  });

  for (const [what, members, problem] of [
    ['has no redirect URI', { redirect_uris: [] }, /^invalid_redirect_uri: redirect_uris: at least one/],
    ['has no list of them', { redirect_uris: 'https://app.example' }, /^invalid_redirect_uri/],
    [
      'has one bad redirect URI',
      { redirect_uris: [...REDIRECTS.redirect_uris, 'http://app.example'] },
      /^invalid_redirect_uri: redirect_uris\.1 is http/,
    ],
    ['cannot use codes', { grant_types: ['refresh_token'] }, /authorization_code is needed/],
    ['wants tokens in the redirect', { response_types: ['token'] }, /code is needed/],
    ['authenticates as nobody here can', { token_endpoint_auth_method: 'tls_client_auth' }, /auth_method/],
    ['would sign without keys', { token_endpoint_auth_method: 'private_key_jwt' }, /needs jwks or jwks_uri/],
    ['has keys twice', { jwks: { keys: [KEY] }, jwks_uri: 'https://app.example/jwks' }, /exclude each other/],
    ['holds a private key', { jwks: { keys: [{ ...KEY, d: 'x' }] } }, /holds a private key/],
    ['has its keys in the clear', { jwks_uri: 'http://app.example/jwks' }, /jwks_uri/],
    ['has a name with control characters', { client_name: 'a\u0000b' }, /control characters/],
    ['has a name that reverses text', { client_name: 'a\u202eb' }, /control characters/],
    ['has a home page that is a script', { client_uri: 'javascript:alert(1)' }, /client_uri/],
  ] as const)
    it(`is refused, with the reason, when it ${what}`, () => {
      assert.match(problemOf(members) ?? '', problem);
    });

  it('is refused when it is longer than 16 KB together', () => {
    const keys = Array.from({ length: 10 }, () => ({ ...KEY, x: 'x'.repeat(2000) }));
    assert.match(problemOf({ jwks: { keys } }) ?? '', /longer than 16384/);
  });

  it('is taken or refused in OAuth’s terms, whatever it is', () => {
    const members = fc.dictionary(
      fc.constantFrom('redirect_uris', 'client_name', 'grant_types', 'jwks', 'contacts', 'scope', 'client_uri'),
      fc.anything(),
    );
    fc.assert(fc.property(members, (random) => void problemOf(random)));
  });
});
