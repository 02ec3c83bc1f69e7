// The authorization endpoint: a problem is a page, whose button takes it to the client once client and redirect URI are known
// to belong together, with `iss` and `state` (OAuth 2.1 section 4.1.2.1, RFC 7636 section 4.4.1, RFC 8707 section
// 2, OpenID Connect Core section 3.1.2.6). More is in test/threats/redirects.test.ts and test/threats/codes.test.ts.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createAgent } from '../../support/agent.ts';
import { useBridge } from '../../support/bridge.ts';
import { authorizationUrl, authorizeInBrowser, pkce, register, type TestClient } from '../../support/oauth.ts';

const REDIRECT_URI = 'https://app.example/callback';

describe('an authorization request', () => {
  const bridge = useBridge({ store: 'sqlite' });
  let client: TestClient;
  before(async () => {
    client = await register(bridge.url, { redirect_uris: [REDIRECT_URI] });
  });

  const ask = (parameters: Record<string, string | undefined>, of = client) =>
    createAgent().get(authorizationUrl(bridge.url, of, pkce().challenge, parameters));

  it('shows the consent page, by GET and by POST alike', async () => {
    const url = new URL(authorizationUrl(bridge.url, client, pkce().challenge));
    for (const page of [
      await createAgent().get(url),
      await createAgent().request(`${bridge.url}/authorize`, { method: 'POST', body: url.searchParams }),
    ]) {
      assert.equal(page.status, 200);
      assert.equal(page.form('/consent').method, 'POST');
    }
  });

  it('may leave out redirect_uri when the client registered one alone', async () => {
    assert.equal((await ask({ redirect_uri: undefined })).status, 200);
    const several = await register(bridge.url, { redirect_uris: [REDIRECT_URI, 'https://app.example/other'] });
    const page = await ask({ redirect_uri: undefined }, several);
    assert.equal(page.status, 400);
    assert.match(page.text, /redirect_uri is missing/);
  });

  const pages: readonly [what: string, parameters: Record<string, string | undefined>, said: RegExp][] = [
    ['names no client', { client_id: undefined }, /client_id is missing/],
    ['names an unknown client', { client_id: 'forgotten' }, /no client of this id is registered/],
    ['names a redirect URI that is not registered', { redirect_uri: `${REDIRECT_URI}/` }, /not one that the client/],
  ];
  for (const [what, parameters, said] of pages)
    it(`is a page, and goes nowhere, when it ${what}, whatever else is wrong`, async () => {
      const page = await ask({ ...parameters, response_type: 'token', code_challenge: undefined });
      assert.equal(page.status, 400);
      assert.equal(page.location, undefined);
      assert.equal(page.headers.get('refresh'), null);
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
      assert.match(page.text, said);
    });

  it('is a page when it repeats a parameter', async () => {
    const page = await createAgent().get(`${authorizationUrl(bridge.url, client, pkce().challenge)}&client_id=x`);
    assert.equal(page.status, 400);
    assert.match(page.text, /client_id is repeated/);
  });

  const errors: readonly [error: string, what: string, parameters: Record<string, string | undefined>][] = [
    ['invalid_request', 'names no response_type', { response_type: undefined }],
    ['unsupported_response_type', 'asks for a token', { response_type: 'token' }],
    ['unsupported_response_type', 'asks for an ID token as well', { response_type: 'code id_token' }],
    ['invalid_request', 'asks for a fragment', { response_mode: 'fragment' }],
    ['request_not_supported', 'brings a request object', { request: 'eyJ' }],
    ['request_uri_not_supported', 'names a request object', { request_uri: 'urn:x' }],
    ['invalid_request', 'has no challenge', { code_challenge: undefined }],
    ['invalid_request', 'has a plain challenge', { code_challenge_method: 'plain' }],
    ['invalid_request', 'does not say how its challenge was made', { code_challenge_method: undefined }],
    ['invalid_request', 'has a challenge that S256 cannot give', { code_challenge: 'too short' }],
    ['invalid_target', 'names a resource that is not here', { resource: 'https://elsewhere.example/mcp' }],
    ['interaction_required', 'wants no page', { prompt: 'none' }],
    ['invalid_request', 'wants no page and one', { prompt: 'none login' }],
    ['invalid_request', 'has a max_age that is no number', { max_age: '-1' }],
  ];
  for (const [error, what, parameters] of errors)
    it(`is a page with a button that takes ${error} to the client when it ${what}`, async () => {
      const page = await ask(parameters);
      assert.equal(page.status, 400);
      assert.equal(page.location, undefined);
      assert.equal(page.headers.get('cache-control'), 'no-store');
      assert.deepEqual(page.headers.getSetCookie(), [], 'no login begins');
      const { href, searchParams } = page.buttonLink ?? new URL('about:blank');
      assert.ok(href.startsWith(`${REDIRECT_URI}?`), href);
      assert.equal(searchParams.get('error'), error);
      assert.ok(searchParams.get('error_description'));
      assert.equal(searchParams.get('state'), 'state-of-the-client');
      assert.equal(searchParams.get('iss'), bridge.url);
      assert.equal(searchParams.get('code'), null);
    });

  it('cannot name another resource server when RESOURCES does not', async () => {
    const resource = 'https://elsewhere.example.com/mcp';
    const { response } = await authorizeInBrowser(bridge.url, client, { parameters: { resource } });
    assert.equal(response.get('error'), 'invalid_target');
  });

  it('has GitHub ask for the account anew with max_age=0, as with prompt=login', async () => {
    for (const [parameters, expected] of [
      [{ max_age: '0' }, 'select_account'],
      [{ prompt: 'login' }, 'select_account'],
      [{ max_age: '1' }, null],
    ] as const) {
      const browser = createAgent();
      const page = await browser.get(authorizationUrl(bridge.url, client, pkce().challenge, parameters));
      const toGithub = await browser.submit(page.form('/consent'), { button: 'allow' });
      assert.equal(toGithub.location?.searchParams.get('prompt') ?? null, expected, JSON.stringify(parameters));
    }
  });
});

describe('a client that is not registered', () => {
  const bridge = useBridge({ store: 'sqlite' });
  const authorize = (accept: string) => {
    const forgotten = { client_id: 'forgotten', redirectUri: REDIRECT_URI } as TestClient;
    return fetch(authorizationUrl(bridge.url, forgotten, pkce().challenge), {
      headers: { accept },
      redirect: 'manual',
    });
  };

  it('gets a page when a browser asks', async () => {
    for (const accept of ['text/html,application/xhtml+xml,*/*;q=0.8', '*/*']) {
      const response = await authorize(accept);
      assert.equal(response.status, 400);
      assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
      assert.match(response.headers.get('vary') ?? '', /\bAccept\b/);
    }
  });

  it('gets invalid_client when it looks ahead itself, as mcp-remote does before it opens a browser', async () => {
    const response = await authorize('application/json');
    assert.equal(response.status, 400);
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.deepEqual(await response.json(), {
      error: 'invalid_client',
      error_description: 'invalid_client: no client of this id is registered',
    });
  });
});
