// The authorization response: every answer, success or error, carries `iss` and `state` (RFC 9207 section 2, OAuth 2.1
// sections 4.1.2 and 4.1.2.1, design decision 14). That nothing can be added to the address is in
// test/threats/redirects.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as oauth from 'oauth4webapi';
import { authorizationResponseUrl } from '../../src/oauth/authorization-response.ts';
import { useBridge } from '../support/bridge.ts';
import { authorizeInBrowser, register } from '../support/oauth.ts';
import { strictClient } from './strict-client.ts';

const ISSUER = 'https://bridge.example';

describe('the address of an authorization response', () => {
  const address = (redirectUri: string, state?: string) =>
    authorizationResponseUrl(ISSUER, { redirectUri, ...(state !== undefined && { state }) }, { code: 'c' });

  it('is the redirect URI, byte for byte, and the answer behind it', () => {
    const answer = `code=c&state=s&iss=${encodeURIComponent(ISSUER)}`;
    assert.equal(address('https://app.example/cb', 's'), `https://app.example/cb?${answer}`);
    assert.equal(address('https://APP.example/a//b?x=%7E', 's'), `https://APP.example/a//b?x=%7E&${answer}`);
    assert.equal(address('cursor://app/cb', 's'), `cursor://app/cb?${answer}`);
  });

  it('has no state when the client sent none', () => {
    assert.equal(new URL(address('https://app.example/cb')).searchParams.has('state'), false);
  });

  it('keeps whatever the client sent as state, as text', () => {
    for (const state of ['a&code=evil', '#x', 'é\u{1f600}', 'a+b c%20']) {
      const { searchParams } = new URL(address('https://app.example/cb', state));
      assert.equal(searchParams.get('state'), state);
      assert.deepEqual(searchParams.getAll('code'), ['c']);
    }
  });

  it('of an error has its code and description, and no code of ours', () => {
    const target = { redirectUri: 'https://app.example/cb', state: 's' };
    const url = authorizationResponseUrl(ISSUER, target, { error: 'access_denied', description: 'why' });
    assert.deepEqual(Object.fromEntries(new URL(url).searchParams), {
      error: 'access_denied',
      error_description: 'why',
      state: 's',
      iss: ISSUER,
    });
  });
});

describe('a strict client', () => {
  const bridge = useBridge({ store: 'sqlite' });
  const strict = strictClient(bridge);

  it('gets errors with iss and state as well', async () => {
    const { client } = await strict.register();
    const failing = (error: string) => (thrown: unknown) =>
      thrown instanceof oauth.AuthorizationResponseError && thrown.error === error;
    await assert.rejects(
      strict.authorize(client, { scope: 'read:user', resource: 'https://elsewhere.example' }),
      failing('invalid_target'),
    );
    await assert.rejects(
      strict.authorize(client, { scope: 'read:user', resource: `${bridge.url}/mcp` }, 'deny'),
      failing('access_denied'),
    );
  });
});

describe('an authorization response', () => {
  const bridge = useBridge({ store: 'sqlite' });

  it('to an app is a page whose button opens the app: no app is opened without a click', async () => {
    const client = await register(bridge.url, { redirect_uris: ['cursor://app/callback'] });
    for (const [consent, key] of [
      ['allow', 'code'],
      ['deny', 'error'],
    ] as const) {
      const { answer } = await authorizeInBrowser(bridge.url, client, { consent });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.equal(answer.headers.get('location'), null);
      assert.equal(answer.headers.get('refresh'), null);
      assert.doesNotMatch(answer.html, /http-equiv/);
      const { searchParams, protocol } = answer.buttonLink ?? new URL('about:blank');
      assert.equal(protocol, 'cursor:');
      assert.ok(searchParams.has(key));
      assert.equal(searchParams.get('state'), 'state-of-the-client');
      assert.equal(searchParams.get('iss'), bridge.url);
    }
  });

  it('to any other client is a redirect that no cache keeps', async () => {
    const client = await register(bridge.url, { redirect_uris: ['https://app.example/callback?x=y'] });
    const { answer } = await authorizeInBrowser(bridge.url, client);
    assert.equal(answer.status, 302);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.ok(answer.headers.get('location')?.startsWith('https://app.example/callback?x=y&code='));
  });
});
