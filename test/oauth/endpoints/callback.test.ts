// The way back from GitHub: a code for the client, `access_denied` for the person's Cancel, an explaining page for
// everything else (OAuth 2.1 section 4.1.2, design decision 14). Which browser may come back is in
// test/threats/browser-binding.test.ts, what each failure of GitHub becomes in test/github/trouble.test.ts, a login to
// the account page in test/account/sign-in.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useBridge } from '../../support/bridge.ts';
import { authorizeInBrowser, login, register } from '../../support/oauth.ts';

const REDIRECT_URI = 'https://app.example/callback';

describe('the callback', () => {
  const bridge = useBridge({ store: 'sqlite' });

  it('answers the client with code, state and iss', async () => {
    const client = await register(bridge.url);
    const { answer, response } = await authorizeInBrowser(bridge.url, client);
    assert.ok(answer.location?.href.startsWith(`${client.redirectUri}?`));
    assert.equal(response.get('state'), 'state-of-the-client');
    assert.equal(response.get('iss'), bridge.url);
    assert.match(response.get('code') ?? '', /^mgc_/);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  });

  it('tells who logged in, to which client, with which scopes', async () => {
    const client = await register(bridge.url);
    await login(bridge.url, client, { login: 'hubot', parameters: { scope: 'gist openid' } });
    const { person, grant, ...rest } = bridge.eventsOf('login.completed').at(-1) ?? {};
    assert.deepEqual(rest, {
      clientId: client.client_id,
      githubId: bridge.github.account('hubot').id,
      githubLogin: 'hubot',
      scope: ['gist', 'openid'],
    });
    assert.match(`${person} ${grant}`, /^[\w-]{16} [\w-]{16}$/);
  });

  it('goes back to the client at once when the person cancels at GitHub', async () => {
    const client = await register(bridge.url, { redirect_uris: [REDIRECT_URI] });
    const { answer, response } = await authorizeInBrowser(bridge.url, client, { login: 'monalisa', github: 'cancel' });
    assert.equal(answer.status, 302);
    assert.equal(response.get('error'), 'access_denied');
    assert.equal(response.get('state'), 'state-of-the-client');
    assert.equal(response.get('iss'), bridge.url);
  });

  it('explains any other failure on a page that stays, with a button that takes the error to the client', async () => {
    const client = await register(bridge.url, { redirect_uris: [REDIRECT_URI] });
    bridge.github.fault({ kind: 'status', status: 502, path: '/login/oauth/access_token' });
    const { answer } = await authorizeInBrowser(bridge.url, client, { parameters: { ui_locales: 'ja' } });
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get('retry-after'), '30');
    assert.equal(answer.headers.get('content-language'), 'ja', 'in the language that the client asked for');
    assert.equal(answer.headers.get('refresh'), null);
    const { href, searchParams } = answer.buttonLink ?? new URL('about:blank');
    assert.ok(href.startsWith(`${REDIRECT_URI}?`));
    assert.equal(searchParams.get('error'), 'temporarily_unavailable');
    assert.equal(searchParams.get('state'), 'state-of-the-client');
    assert.equal(searchParams.get('iss'), bridge.url);
    const { clientId, error } = bridge.eventsOf('login.failed').at(-1) ?? {};
    assert.deepEqual({ clientId, error }, { clientId: client.client_id, error: 'temporarily_unavailable' });
  });

  it('leads nowhere without a state of a login under way', async () => {
    for (const query of [
      '',
      '?code=x',
      '?code=x&state=x',
      '?code=x&state=AAAAAAAAAAAAAAAAAAAAAA.x&error=access_denied',
    ]) {
      const response = await fetch(`${bridge.url}/github/callback${query}`, { redirect: 'manual' });
      assert.equal(response.status, 400, query);
      assert.equal(response.headers.get('location'), null);
      assert.equal(response.headers.get('cache-control'), 'no-store');
    }
  });
});
