// The connect endpoint: what the person decides after GitHub, on http (design decision 11). Who may not decide is in
// test/threats/cookie-planting.test.ts.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { type Agent, createAgent, type Page } from '../../support/agent.ts';
import { CLIENT_ID, onBothStores, useBridge } from '../../support/bridge.ts';
import { CookieJar } from '../../support/cookies.ts';
import {
  authorizationUrl,
  login,
  passGithub,
  pkce,
  redemption,
  register,
  returnToClient,
  type TestClient,
  tokenRequest,
  tokensOf,
} from '../../support/oauth.ts';
import { until } from '../../support/until.ts';

const TOKEN_MANAGEMENT = `/api/v3/applications/${CLIENT_ID}/token`;

onBothStores('the page that connects', (store) => {
  const bridge = useBridge({ store });
  let client: TestClient;
  before(async () => {
    client = await register(bridge.url, { client_name: 'An app' });
  });

  async function atPage(browser: Agent, person = 'octocat'): Promise<{ page: Page; verifier: string }> {
    const { verifier, challenge } = pkce();
    const consent = await browser.get(authorizationUrl(bridge.url, client, challenge));
    const toGithub = await browser.submit(consent.form('/consent'), { button: 'allow' });
    return { page: await browser.follow(await passGithub(browser, toGithub, person)), verifier };
  }

  it('names the client, the account and where the answer goes, and holds no code', async () => {
    const { page } = await atPage(createAgent());
    assert.equal(page.status, 200);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    for (const words of ['An app', '@octocat', 'localhost:45001']) assert.ok(page.text.includes(words), words);
    assert.doesNotMatch(page.html, /mgc_/);
    assert.equal(bridge.eventsOf('login.completed').length, 0, 'not yet');
  });

  it('gives the client its code on Connect, the same on a second click', async () => {
    const browser = createAgent();
    const { page, verifier } = await atPage(browser);
    const answers = [];
    for (let click = 0; click < 2; click++)
      answers.push((await browser.submit(page.form('/connect'), { button: 'connect' })).location);
    const [first, second] = answers;
    assert.equal(first?.searchParams.get('code'), second?.searchParams.get('code'));
    assert.equal(first?.searchParams.get('state'), 'state-of-the-client');
    assert.equal(first?.searchParams.get('iss'), bridge.url);
    bridge.advance(50 + 300); // to the last seconds of the page, and of the code after it
    tokensOf(await tokenRequest(bridge.url, redemption(client, first?.searchParams.get('code') ?? '', verifier)));
    assert.equal(bridge.eventsOf('login.completed').length, 1);
  });

  it('is not shown again for this person, client and redirect URI in this browser', async () => {
    const browser = createAgent();
    await login(bridge.url, client, { browser });
    assert.match((await atPage(browser)).page.location?.search ?? '', /code=mgc_/);
    const elsewhere = { ...client, redirectUri: client.redirectUri.replace('45001', '45002') };
    const consent = await browser.get(authorizationUrl(bridge.url, elsewhere, pkce().challenge));
    const toGithub = await browser.submit(consent.form('/consent'), { button: 'allow' });
    assert.ok((await browser.follow(await passGithub(browser, toGithub, 'octocat'))).form('/connect'));
  });

  it('lets the person use another account: the session ends, its token is revoked, GitHub asks for one', async () => {
    const browser = createAgent();
    const { page } = await atPage(browser, 'hubot');
    bridge.github.clearCalls();
    const toGithub = await browser.submit(page.form('/connect'), { button: 'another' });
    assert.equal(toGithub.status, 303);
    assert.equal(toGithub.location?.searchParams.get('prompt'), 'select_account');
    const { reason, by } = bridge.eventsOf('grant.ended').at(-1) ?? {};
    assert.deepEqual({ reason, by }, { reason: 'declined', by: 'person' });
    await until(() => bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT).length === 1, {
      what: 'the revocation at GitHub',
    });
    const answer = await returnToClient(browser, await passGithub(browser, toGithub, 'hubot'));
    assert.match(answer.location?.search ?? '', /code=mgc_/);
    assert.equal(bridge.eventsOf('login.completed').at(-1)?.githubLogin, 'hubot');
    // Back to the first page: that login is over.
    const told = bridge.eventsOf('login.completed').length;
    for (const button of ['connect', 'another'])
      assert.equal((await browser.submit(page.form('/connect'), { button })).status, 400, button);
    assert.equal(bridge.eventsOf('login.completed').length, told);
  });

  it('waits five minutes; then the session is over, and its token is revoked', async () => {
    const browser = createAgent({ jar: new CookieJar(() => bridge.now() * 1000) });
    const { page } = await atPage(browser, 'monalisa');
    bridge.advance(301);
    const late = await browser.submit(page.form('/connect'), { button: 'connect' });
    assert.equal(late.status, 400);
    assert.equal(late.location, undefined);
    assert.match(late.text, /This sign-in is over/, 'not that it is another browser');
    bridge.github.clearCalls();
    bridge.advance(3600);
    await bridge.bridge.maintain();
    await until(() => bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT).length > 0, {
      what: 'the revocation at GitHub',
    });
  });

  it('takes no other decision', async () => {
    const browser = createAgent();
    const { page } = await atPage(browser);
    const answer = await browser.submit(page.form('/connect'), { fields: { decision: 'perhaps' } });
    assert.equal(answer.status, 400);
    assert.match(answer.text, /decision must be connect or another/);
  });
});
