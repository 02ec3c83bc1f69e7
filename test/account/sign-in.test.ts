// Signing in to the account page: a login of its own purpose, which ends in a cookie and never at a client; GitHub's token
// serves to learn who it is, and is revoked at once. Forged forms and cookies are in test/threats/browser-binding.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAgent } from '../support/agent.ts';
import { useBridge } from '../support/bridge.ts';
import { authorizationUrl, authorizeInBrowser, passGithub, pkce, register, returnToClient } from '../support/oauth.ts';
import { beginSignIn, signIn } from './sign-in.ts';

describe('signing in to the account page', () => {
  const bridge = useBridge({ store: 'sqlite' });

  it('asks GitHub for who it is and no more, without a consent page', async () => {
    const toGithub = await beginSignIn(bridge, createAgent());
    assert.equal(toGithub.status, 303);
    assert.equal(toGithub.headers.get('cache-control'), 'no-store');
    const { origin, searchParams } = toGithub.location ?? new URL('about:blank');
    assert.equal(origin, bridge.github.url);
    assert.equal(searchParams.get('scope'), 'read:user');
  });

  it('ends at the account page, in a cookie that only this server reads, and leaves no token at GitHub', async () => {
    const { browser, page } = await signIn(bridge, 'monalisa');
    assert.equal(page.url.href, `${bridge.url}/account`);
    assert.ok(page.text.includes('monalisa'));
    const cookie = browser.jar.get('bridge-account');
    assert.ok(cookie);
    assert.deepEqual({ httpOnly: cookie.httpOnly, sameSite: cookie.sameSite }, { httpOnly: true, sameSite: 'lax' });
    assert.equal(cookie.value.includes('monalisa'), false);
    await bridge.bridge.revocations.idle();
    assert.deepEqual(bridge.github.liveTokens({ account: 'monalisa' }), []);
    assert.deepEqual((await bridge.bridge.directory.search('monalisa')).sessions, [], 'no session begins');
    assert.deepEqual(bridge.eventsOf('login.completed'), []);
  });

  it('never reaches a client, also when a client’s login is under way in the same browser', async () => {
    const client = await register(bridge.url, { redirect_uris: ['https://app.example/callback'] });
    const browser = createAgent();
    const consent = await browser.get(authorizationUrl(bridge.url, client, pkce().challenge));
    const toGithub = await browser.submit(consent.form('/consent'), { button: 'allow' });
    const back = await passGithub(browser, await beginSignIn(bridge, browser), 'octocat');
    const answer = await browser.follow(back);
    assert.equal(answer.status, 303);
    assert.equal(answer.location?.href, `${bridge.url}/account`);
    assert.match(
      (await returnToClient(browser, await passGithub(browser, toGithub, 'octocat'))).location?.href ?? '',
      /^https:\/\/app\.example\/callback\?code=/,
      'and the client’s login goes on',
    );
  });

  it('is no sign-in when a client’s login comes back', async () => {
    const { browser } = await authorizeInBrowser(bridge.url, await register(bridge.url));
    assert.equal(browser.jar.get('bridge-account'), undefined);
    assert.ok((await browser.get(`${bridge.url}/account`)).form('/account/sign-in'));
  });

  it('that fails at GitHub is a page, with nowhere to carry an error to', async () => {
    const browser = createAgent();
    bridge.github.fault({ kind: 'status', status: 502, path: '/login/oauth/access_token' });
    const page = await returnToClient(
      browser,
      await passGithub(browser, await beginSignIn(bridge, browser), 'octocat'),
    );
    assert.equal(page.status, 503);
    assert.equal(page.buttonLink, undefined);
    assert.equal(bridge.eventsOf('login.failed').at(-1)?.clientId, '');
  });

  it('lasts an hour, or until the person signs out', async () => {
    const { browser, page } = await signIn(bridge, 'octocat');
    const out = await browser.submit(page.form('/account/sign-out'));
    assert.equal(out.location?.href, `${bridge.url}/account?notice=signed_out`);
    assert.ok((await browser.follow(out)).form('/account/sign-in'));

    const other = await signIn(bridge, 'octocat');
    bridge.advance(3590);
    assert.ok((await other.browser.get(`${bridge.url}/account`)).form('/account/sign-out'));
    bridge.advance(10);
    assert.ok((await other.browser.get(`${bridge.url}/account`)).form('/account/sign-in'));
  });
});
