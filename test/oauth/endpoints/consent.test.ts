// The consent endpoint: the person's decision, taken from our page alone (RFC 9700 section 4.13, design decision 11).
// Forged and repeated forms are in test/threats/browser-binding.test.ts.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createAgent } from '../../support/agent.ts';
import { useBridge } from '../../support/bridge.ts';
import { CookieJar } from '../../support/cookies.ts';
import { authorizationUrl, passGithub, pkce, register, type TestClient } from '../../support/oauth.ts';

const REDIRECT_URI = 'https://app.example/callback';

describe('the consent endpoint', () => {
  const bridge = useBridge({ store: 'sqlite' });
  let client: TestClient;
  before(async () => {
    client = await register(bridge.url, { redirect_uris: [REDIRECT_URI] });
  });

  async function consentPage() {
    // With the clock of the bridge, so that cookies expire as they do in a browser.
    const browser = createAgent({ jar: new CookieJar(() => bridge.now() * 1000) });
    const page = await browser.get(authorizationUrl(bridge.url, client, pkce().challenge));
    return { browser, form: page.form('/consent') };
  }

  it('sends the person who allows to GitHub, with 303', async () => {
    const { browser, form } = await consentPage();
    const page = await browser.submit(form, { button: 'allow' });
    assert.equal(page.status, 303);
    assert.equal(page.location?.origin, bridge.github.url);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.deepEqual(bridge.eventsOf('consent.allowed').at(-1), { clientId: client.client_id });
  });

  it('tells the client when the person declines, and leaves GitHub alone', async () => {
    const { browser, form } = await consentPage();
    bridge.github.clearCalls();
    const { location } = await browser.submit(form, { button: 'deny' });
    assert.ok(location);
    assert.ok(location.href.startsWith(`${REDIRECT_URI}?`));
    assert.equal(location.searchParams.get('error'), 'access_denied');
    assert.equal(location.searchParams.get('state'), 'state-of-the-client');
    assert.equal(location.searchParams.get('iss'), bridge.url);
    assert.deepEqual(bridge.github.calls, []);
    assert.deepEqual(bridge.eventsOf('consent.denied').at(-1), { clientId: client.client_id });
    assert.equal((await browser.submit(form, { button: 'allow' })).status, 400, 'the login is over');
  });

  it('takes no decision but allow and deny, and the login goes on', async () => {
    const { browser, form } = await consentPage();
    for (const decision of ['ALLOW', '', undefined]) {
      const page = await browser.submit(form, { button: 'allow', fields: { decision } });
      assert.equal(page.status, 400);
      assert.match(page.text, /decision must be allow or deny/);
    }
    assert.equal((await browser.submit(form, { button: 'allow' })).status, 303);
  });

  it('refuses with 403 a form that another site sent', async () => {
    const { browser, form } = await consentPage();
    const page = await browser.submit(form, { button: 'allow', headers: { 'sec-fetch-site': 'cross-site' } });
    assert.equal(page.status, 403);
    const old = { 'sec-fetch-site': undefined, origin: 'https://evil.example' };
    assert.equal((await browser.submit(form, { button: 'allow', headers: old })).status, 403);
  });

  it('takes no decision after fifteen minutes, but asks again at any time: nobody must hurry', async () => {
    for (const [button, seconds] of [
      ['allow', 901],
      ['deny', 7 * 86400],
    ] as const) {
      const { browser, form } = await consentPage();
      bridge.advance(seconds);
      const page = await browser.submit(form, { button });
      assert.equal(page.status, 400);
      assert.equal(page.location, undefined);
      assert.match(page.text, /This sign-in is over.*start again/, 'not that cookies are missing');
      // The server writes the end of cookies by the machine's clock, which is behind that of this browser.
      const later = createAgent();
      const again = async () => (await later.submit(page.form('/authorize'))).form('/consent');
      assert.equal((await later.submit(await again(), { button: 'allow' })).location?.origin, bridge.github.url);
      const { location } = await later.submit(await again(), { button: 'deny' });
      assert.equal(location?.searchParams.get('state'), 'state-of-the-client');
    }
  });

  it('takes the form of a request as long as one may be, whose sealed field is longer than any parameter', async () => {
    const [browser, state] = [createAgent(), '{"to":""}'.padEnd(4096, '""')];
    const query = new URL(authorizationUrl(bridge.url, client, pkce().challenge)).searchParams;
    query.set('state', state);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const consentForm = async () => {
      const body = query.toString();
      return (await browser.request(`${bridge.url}/authorize`, { method: 'POST', headers, body })).form('/consent');
    };
    const denied = await browser.submit(await consentForm(), { button: 'deny' });
    assert.ok(denied.location?.searchParams.get('state') === state);
    const toGithub = await browser.submit(await consentForm(), { button: 'allow' });
    const connect = await browser.follow(await passGithub(browser, toGithub, 'octocat'));
    const { location } = await browser.submit(connect.form('/connect'), { button: 'connect' });
    assert.ok(location?.searchParams.get('state') === state);
  });

  it('offers nothing to repeat for what was decided before', async () => {
    const { browser, form } = await consentPage();
    await browser.submit(form, { button: 'deny' });
    const page = await browser.submit(form, { button: 'allow' });
    assert.equal(page.status, 400);
    assert.throws(() => page.form('/authorize'));
  });

  it('takes no body but a form', async () => {
    const { browser, form } = await consentPage();
    const page = await browser.request(form.action, {
      method: 'POST',
      from: form.page,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(Object.fromEntries([...form.fields, ['decision', 'allow']])),
    });
    assert.equal(page.status, 400);
  });
});
