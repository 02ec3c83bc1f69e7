// Threat 41: on http, cookies know no ports. The server of another port of this host begins a login itself, plants its cookies
// in the person's browser, and sends that browser to GitHub, which asks nothing about an app that the person allowed before.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { createAgent, type Page } from '../support/agent.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { authorizationUrl, login, passGithub, pkce, register, type TestClient } from '../support/oauth.ts';

onBothStores('a login that another local server planted', (store) => {
  const bridge = useBridge({ store });
  let client: TestClient;
  before(async () => {
    client = await register(bridge.url, { client_name: 'Planted', redirect_uris: ['http://localhost:45999/steal'] });
  });

  const host = () => new URL(bridge.url).hostname;

  /** The attacker's own cookies for the host, and the address of GitHub that goes with them. */
  async function begun() {
    const attacker = createAgent();
    // The attacker may have connected the client with an account of its own.
    await login(bridge.url, client, { browser: attacker, login: 'hubot' });
    const consent = await attacker.get(authorizationUrl(bridge.url, client, pkce().challenge));
    const toGithub = await attacker.submit(consent.form('/consent'), { button: 'allow' });
    const cookies = attacker.jar.all().filter(({ domain }) => domain === host());
    assert.ok(toGithub.location);
    return { attacker, cookies, github: toGithub.location };
  }

  /** The person, who uses another client, comes to GitHub with the planted cookies. */
  async function visited() {
    const { attacker, cookies, github } = await begun();
    const victim = createAgent();
    await login(bridge.url, await register(bridge.url), { browser: victim });
    for (const cookie of cookies) victim.jar.put(cookie);
    const back = await victim.get(github);
    assert.equal(back.location?.pathname, '/github/callback', 'GitHub asks nothing');
    return { attacker, victim, page: await victim.follow(back) };
  }

  function assertNoCode(page: Page): void {
    assert.equal(page.location, undefined);
    assert.doesNotMatch(page.html, /mgc_/);
  }

  it('#41 gets no code: the person is shown the client, the account and the address first', async () => {
    const { page } = await visited();
    assertNoCode(page);
    assert.ok(page.form('/connect'));
    for (const words of ['Planted', '@octocat', 'localhost:45999']) assert.ok(page.text.includes(words), words);
  });

  it('#41 cannot be confirmed by whoever has the cookies of the browser, for it takes the form', async () => {
    const { attacker, victim, page } = await visited();
    // The person's browser sends all its cookies to every port of the host.
    for (const cookie of victim.jar.all()) attacker.jar.put(cookie);
    const form = page.form('/connect');
    const fields = Object.fromEntries(form.fields);
    for (const wrong of [{ login: '' }, { login: 'x' }, { login: undefined }, { request: 'A'.repeat(22) }])
      assertNoCode(await attacker.submit(form, { button: 'connect', fields: { ...fields, ...wrong } }));
  });

  it('#41 cannot be confirmed in another browser, or by a form of another page', async () => {
    const { victim, page } = await visited();
    const form = page.form('/connect');
    assertNoCode(await createAgent().submit(form, { button: 'connect' }));
    for (const headers of [
      { 'sec-fetch-site': 'same-site', origin: 'http://localhost:45999' },
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { 'sec-fetch-site': undefined, origin: 'http://localhost:45999' },
    ]) {
      const answer = await victim.submit(form, { button: 'connect', headers });
      assert.equal(answer.status, 403);
      assertNoCode(answer);
    }
  });
});

onBothStores('a login on https', (store) => {
  const PUBLIC_URL = 'https://bridge.example';
  const bridge = useBridge({
    store,
    env: { PUBLIC_URL },
    app: { callbackUrls: [`${PUBLIC_URL}/github/callback`] },
  });

  it('#41 goes to the client at once, because no other server can plant a cookie of the prefix __Host-', async () => {
    const browser = createAgent({ routes: { [PUBLIC_URL]: bridge.url } });
    const client = await register(bridge.url);
    const consent = await browser.get(authorizationUrl(PUBLIC_URL, client, pkce().challenge));
    const toGithub = await browser.submit(consent.form('/consent'), { button: 'allow' });
    const answer = await browser.follow(await passGithub(browser, toGithub, 'octocat'));
    assert.match(answer.location?.search ?? '', /[?&]code=mgc_/);
  });
});
