// Threat 41: on http, cookies know no ports. The server of another port of this host begins a login itself, plants its cookies
// in the person's browser, and sends that browser to GitHub, which asks nothing about an app that the person allowed before.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { clientsFile } from '../oauth/clients-file.ts';
import { createAgent, type Page } from '../support/agent.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { authorizationUrl, login, passGithub, pkce, register, type TestClient } from '../support/oauth.ts';

onBothStores('a login that another local server planted', (store) => {
  const CLIENTS_FILE = clientsFile([
    { client_id: 'editor', token_endpoint_auth_method: 'none', redirect_uris: ['http://127.0.0.1:33418/'] },
  ]);
  const bridge = useBridge({ store, env: { CLIENTS_FILE } });
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

  it('#41 gets no code of a client that the person connected before at this address, whose id everybody knows', async () => {
    const [person, attacker] = [createAgent(), createAgent()];
    const editor = { ...client, client_id: 'editor', redirectUri: 'http://127.0.0.1:33418/' };
    await login(bridge.url, editor, { browser: person });
    const consent = await attacker.get(authorizationUrl(bridge.url, editor, pkce().challenge));
    const toGithub = await attacker.submit(consent.form('/consent'), { button: 'allow' });
    for (const cookie of attacker.jar.all().filter(({ domain }) => domain === host())) person.jar.put(cookie);
    assert.ok(toGithub.location);
    const page = await person.follow(await person.get(toGithub.location));
    assertNoCode(page);
    assert.ok(page.form('/connect'));
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
    // With the cookie of another login's page, under the name of this one's.
    const own = await visited();
    const nameOf = (of: Page) => `bridge-connect-${Object.fromEntries(of.form('/connect').fields).request}`;
    const genuine = own.victim.jar.get(nameOf(own.page));
    assert.ok(genuine);
    own.victim.jar.put({ ...genuine, name: nameOf(page) });
    assertNoCode(await own.victim.submit(form, { button: 'connect' }));
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
