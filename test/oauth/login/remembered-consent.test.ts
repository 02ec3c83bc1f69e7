// Remembered consents: never where any program can answer (RFC 8252 section 8.6), and only for the very same request of
// the very same person (design decision 11). More is in test/threats/browser-binding.test.ts (#6); which ends of a
// session forget them is in ../session-ending.test.ts.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { consentKey, isRememberable } from '../../../src/oauth/login/remembered-consent.ts';
import type { AuthorizationRequest } from '../../../src/store/records.ts';
import { type Agent, createAgent } from '../../support/agent.ts';
import { useBridge } from '../../support/bridge.ts';
import { authorizationUrl, passGithub, pkce, register, returnToClient, type TestClient } from '../../support/oauth.ts';

const REDIRECT_URI = 'https://app.example/callback';

describe('a consent', () => {
  const request: AuthorizationRequest = {
    clientId: 'client',
    clientName: 'An app',
    refreshable: true,
    redirectUri: REDIRECT_URI,
    redirectUriSent: true,
    codeChallenge: 'x',
    scope: ['repo', 'gist'],
    resource: 'https://bridge.example/mcp',
  };

  it('may be remembered for an https redirect alone', () => {
    assert.equal(isRememberable(request), true);
    for (const redirectUri of [
      'http://127.0.0.1/cb',
      'http://localhost:1/cb',
      'https://localhost/cb',
      'cursor://app/cb',
    ])
      assert.equal(isRememberable({ redirectUri }), false, redirectUri);
  });

  it('is for a client, its name, redirect URI, resource and set of scopes; each of them makes another', () => {
    const keys = [
      request,
      { ...request, clientId: 'other' },
      { ...request, clientName: 'Another app' },
      { ...request, redirectUri: `${REDIRECT_URI}/other` },
      { ...request, resource: 'https://other.example' },
      { ...request, scope: ['repo'] },
      { ...request, scope: ['repo', 'gist', 'user'] },
    ].map(consentKey);
    assert.equal(new Set(keys).size, keys.length);
  });

  it('#47 is another for another recipient', () => {
    const recipient = { address: 'https://one.example/mcp', credential: 'github' } as const;
    const keys = [
      request,
      { ...request, recipient },
      { ...request, recipient: { ...recipient, address: 'https://one.example/other' } },
      { ...request, recipient: { ...recipient, credential: 'identity' as const } },
    ].map(consentKey);
    assert.equal(new Set(keys).size, keys.length);
  });

  it('is the same whatever the order of the scopes, the state and the challenge', () => {
    const again = { ...request, scope: ['gist', 'repo'], state: 's', nonce: 'n', codeChallenge: 'y' };
    assert.equal(consentKey(again), consentKey(request));
  });
});

describe('a remembered consent', () => {
  const bridge = useBridge({ store: 'sqlite' });
  let client: TestClient;
  let browser: Agent;
  before(async () => {
    client = await register(bridge.url, { redirect_uris: [REDIRECT_URI] });
    browser = createAgent();
    const page = await ask();
    const toGithub = await browser.submit(page.form('/consent'), { button: 'allow', fields: { remember: '1' } });
    await returnToClient(browser, await passGithub(browser, toGithub, 'octocat'));
  });

  const ask = (parameters: Record<string, string> = {}, by = browser) =>
    by.get(authorizationUrl(bridge.url, client, pkce().challenge, parameters));

  it('lets the next login of this client skip the page, and tells so', async () => {
    const page = await ask();
    assert.equal(page.status, 302);
    assert.equal(page.location?.origin, bridge.github.url);
    assert.deepEqual(bridge.eventsOf('consent.shown').at(-1), { clientId: client.client_id, remembered: true });
    const answer = await returnToClient(browser, await passGithub(browser, page, 'octocat'));
    assert.match(answer.location?.search ?? '', /[?&]code=mgc_/);
  });

  it('does not count for more, for prompt=consent, nor in another browser', async () => {
    assert.equal((await ask({ scope: 'gist' })).status, 200);
    assert.equal((await ask({ prompt: 'consent' })).status, 200);
    assert.equal((await ask({}, createAgent())).status, 200);
  });

  it('does not count for somebody else, who is asked on coming back, and whose GitHub token is revoked', async () => {
    // The same browser at the bridge, in which somebody else has signed in at GitHub.
    const shared = createAgent();
    for (const cookie of browser.jar.all()) if (cookie.domain === new URL(bridge.url).hostname) shared.jar.put(cookie);
    const toGithub = await ask({}, shared);
    assert.equal(toGithub.status, 302);
    const page = await returnToClient(shared, await passGithub(shared, toGithub, 'hubot'));
    assert.equal(page.status, 200, 'the consent page, not a code');
    assert.equal(page.form('/consent').method, 'POST');
    await bridge.bridge.revocations.idle();
    assert.deepEqual(bridge.github.liveTokens({ account: 'hubot' }), []);
  });
});
