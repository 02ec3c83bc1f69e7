// A login in Chromium: the consent page, GitHub's pages, and back to a client that listens on this machine. People cancel, click
// twice, go back, reload, or come too late.
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { useBridge } from '../support/bridge.ts';
import { type Browser, launchBrowser, type ObservedPage, type PageOptions } from '../support/browser.ts';
import { authorizationUrl, callTool, pkce, redemption, register, tokenRequest, tokensOf } from '../support/oauth.ts';
import { ARRIVED, type NativeClient, startNativeClient } from './native-client.ts';
import { openPage } from './open-page.ts';
import { ALLOW, AUTHORIZE, CANCEL, CONNECT, click, passGithub, press, signInAs } from './tour.ts';

let browser: Browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());
const open = (t: TestContext, options?: PageOptions) => openPage(t, browser, options);

describe('a whole login in the browser', () => {
  const bridge = useBridge({ store: 'sqlite' });
  let client: NativeClient;
  before(async () => {
    client = await startNativeClient(bridge.url, 'Example Client');
  });
  after(() => client.close());

  it('goes from consent through GitHub to the client, whose tokens work', async (t) => {
    const { page } = await open(t);
    const login = client.begin();
    await page.goto(login.url);
    const shown = await page.locator('main').innerText();
    assert.match(shown, /“Example Client”/);
    assert.ok(shown.includes(new URL(client.client.redirectUri).host), 'it says where the answer goes');
    assert.match(shown, /Know who you are: .*your profile.*\s+read:user/);
    assert.match(shown, /Allow this only if you started it yourself, just now\./);

    await click(page, ALLOW);
    assert.equal(new URL(page.url()).origin, bridge.github.url);
    await press(page, page.getByRole('button', { name: signInAs('monalisa') }));
    await press(page, page.getByRole('button', { name: AUTHORIZE }));
    const asked = await page.locator('main').innerText();
    for (const words of ['Example Client', '@monalisa', new URL(client.client.redirectUri).host])
      assert.ok(asked.includes(words), words);
    await click(page, CONNECT);
    assert.equal(await page.locator('p').innerText(), ARRIVED);

    const answer = await login.answer();
    assert.equal(answer.get('iss'), bridge.url);
    const { access_token } = await login.tokens();
    const { result } = await callTool(bridge.url, access_token, 'get_user_profile');
    assert.equal(result?.structuredContent?.login, 'monalisa');
  });

  // The second click comes before the page of the first one is shown.
  for (const cookies of ['kept', 'lost'] as const)
    it(`goes on after a second click on Allow when the cookies of the first answer were ${cookies}`, async (t) => {
      const { page } = await open(t);
      const login = client.begin();
      await page.goto(login.url);
      await page.mouse.move(1, 1);
      await page.locator(ALLOW).hover(); // waits until the button takes clicks
      const box = await page.locator(ALLOW).boundingBox();
      assert.ok(box !== null);
      const click = () => page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
      const locations: (string | undefined)[] = [];
      await page.route(`${bridge.url}/consent`, async (route) => {
        const request = route.request();
        if (locations.length > 0) return route.continue();
        if (cookies === 'kept') locations.push((await route.fetch({ maxRedirects: 0 })).headers().location);
        else {
          const [method, headers, body] = [request.method(), await request.allHeaders(), request.postData()];
          const response = await fetch(request.url(), { method, headers, body, redirect: 'manual' });
          locations.push(response.headers.get('location') ?? undefined);
        }
        await click();
      });
      const sent = page.waitForRequest((request) => request.url() === locations[0]);
      await click();
      await sent;
      await page.waitForURL((url) => url.origin === bridge.github.url);
      await passGithub(page, 'octocat');
      assert.match((await login.tokens()).access_token, /^eyJ/);
    });
});

describe('a login in the browser', () => {
  const bridge = useBridge({ store: 'sqlite' });
  let client: NativeClient;
  before(async () => {
    client = await startNativeClient(bridge.url, 'Example Client');
  });
  after(() => client.close());
  const heading = (page: ObservedPage['page']) => page.locator('h1').innerText();

  it('tells the client when the person cancels, and leaves GitHub alone', async (t) => {
    const { page } = await open(t);
    const login = client.begin();
    bridge.github.clearCalls();
    await page.goto(login.url);
    await press(page, CANCEL);
    const answer = await login.answer();
    assert.deepEqual([answer.get('error'), answer.get('iss')], ['access_denied', bridge.url]);
    assert.equal(await page.locator('p').innerText(), ARRIVED);
    assert.deepEqual(bridge.github.calls, []);
  });

  it('tells the client when the person cancels at GitHub', async (t) => {
    const { page } = await open(t);
    const login = client.begin();
    await page.goto(login.url);
    await press(page, ALLOW);
    await passGithub(page, 'hubot', 'cancel');
    const answer = await login.answer();
    assert.deepEqual([answer.get('error'), answer.get('iss')], ['access_denied', bridge.url]);
    assert.equal(await page.locator('p').innerText(), ARRIVED);
  });

  it('is separate from another login in the same browser, in whatever order they end', async (t) => {
    const { page, context } = await open(t);
    const tab = await context.newPage();
    const [first, second] = [client.begin(), client.begin()];
    await page.goto(first.url);
    await tab.goto(second.url);
    await press(tab, ALLOW);
    await press(tab, tab.getByRole('button', { name: signInAs('octocat') }));
    await press(page, ALLOW);
    await press(page, page.getByRole('button', { name: AUTHORIZE }));
    await press(tab, tab.getByRole('button', { name: AUTHORIZE }));
    await press(tab, CONNECT);
    await press(page, CONNECT);
    for (const login of [second, first]) assert.match((await login.tokens()).access_token, /^eyJ/);
  });

  it('says what to do when the person comes back to the consent page too late', async (t) => {
    const { page } = await open(t);
    await page.goto(client.begin().url);
    bridge.advance(15 * 60 + 1);
    await press(page, ALLOW);
    assert.equal(await heading(page), 'This sign-in is over');
    assert.match(await page.locator('main').innerText(), /go back to it and connect again/);
  });

  it('says what to do when the person comes back from GitHub too late', async (t) => {
    const { page } = await open(t);
    await page.goto(client.begin().url);
    await press(page, ALLOW);
    bridge.advance(15 * 60 + 1);
    await passGithub(page, 'octocat');
    assert.equal(await heading(page), 'This sign-in is over');
  });

  it('can be decided again after the back button, at GitHub and at the end', async (t) => {
    const { page } = await open(t);
    const login = client.begin();
    await page.goto(login.url);
    await press(page, ALLOW);
    await page.goBack();
    assert.match(await heading(page), /^“Example Client” wants to use your GitHub/);
    await press(page, ALLOW);
    await passGithub(page, 'octocat');
    await login.answer();

    while ((await page.title()) !== `Allow access to your GitHub account? · ${new URL(bridge.url).host}`)
      assert.ok(await page.goBack(), 'there is a consent page to go back to');
    await press(page, CANCEL);
    assert.equal(new URL(page.url()).searchParams.get('error'), 'access_denied');
  });

  it('accepts the form of every consent page that is still open, however often it was loaded', async (t) => {
    const { page, context } = await open(t);
    const login = client.begin();
    await page.goto(login.url);
    const tab = await context.newPage();
    await tab.goto(login.url);
    await tab.reload();
    await tab.reload();
    await press(page, ALLOW);
    assert.equal(new URL(page.url()).origin, bridge.github.url);
    await press(tab, ALLOW);
    await passGithub(tab, 'octocat');
    assert.match((await login.tokens()).access_token, /^eyJ/);
  });

  it('gives no second code when the callback is loaded again', async (t) => {
    const { page } = await open(t);
    const login = client.begin();
    await page.goto(login.url);
    await press(page, ALLOW);
    const callback = page.waitForRequest((request) => request.url().startsWith(`${bridge.url}/github/callback`));
    await passGithub(page, 'octocat');
    await login.tokens();
    await page.goto((await callback).url());
    assert.equal(await heading(page), 'You are connected');
  });

  it('refuses a browser that did not start the login', async (t) => {
    const { page } = await open(t);
    await page.goto(client.begin().url);
    await press(page, ALLOW);
    const { page: other } = await open(t);
    await other.goto(page.url());
    await passGithub(other, 'octocat');
    assert.equal(await heading(other), 'This sign-in was started in another browser');
  });

  it('works with scripts switched off', async (t) => {
    const { page } = await open(t, { javaScriptEnabled: false });
    const login = client.begin();
    await page.goto(login.url);
    await press(page, ALLOW);
    await passGithub(page, 'octocat');
    assert.match((await login.tokens()).access_token, /^eyJ/);
  });

  it('opens an app by its private-use scheme at the press of a button, and can be closed then', async (t) => {
    const { page } = await open(t);
    const app = await register(bridge.url, { client_name: 'Cursor', redirect_uris: ['cursor://app/callback'] });
    const { verifier, challenge } = pkce();
    await page.goto(authorizationUrl(bridge.url, app, challenge));
    assert.match(await page.locator('main').innerText(), /cursor:\/\/app\s+An app on this device/);
    await press(page, ALLOW);
    await passGithub(page, 'monalisa');
    assert.equal(await heading(page), 'Access granted');
    assert.match(await page.locator('main').innerText(), /you can close this page/);
    const opened = page.waitForRequest((request) => request.url().startsWith('cursor:'));
    await page.getByRole('link', { name: 'Open the app' }).press('Enter');
    const url = (await opened).url();
    const answer = new URL(url).searchParams;
    assert.deepEqual([answer.get('state'), answer.get('iss')], ['state-of-the-client', bridge.url]);
    tokensOf(await tokenRequest(bridge.url, redemption(app, answer.get('code') ?? '', verifier)));
  });

  it('explains to the person of an unknown client what to do, and names the reference of the log line', async (t) => {
    const { page } = await open(t);
    const response = await page.goto(
      authorizationUrl(bridge.url, { ...client.client, client_id: 'forgotten' }, pkce().challenge),
    );
    assert.equal(response?.status(), 400);
    assert.equal(await heading(page), 'This server does not know the app');
    const shown = await page.locator('main').innerText();
    for (const name of ['Claude Code', 'VS Code', 'Cursor', 'ChatGPT', 'MCP Inspector', 'openmcp-client'])
      assert.ok(shown.includes(name), name);
    const reference = (await page.locator('dd code.all').innerText()).trim();
    assert.match(bridge.log(), new RegExp(`"event":"request.failed"[^\n]*"reference":"${reference}"`));
  });

  it('never sends the person to an address that the client did not register', async (t) => {
    const { page } = await open(t);
    const elsewhere = { ...client.client, redirectUri: 'https://elsewhere.example/callback' };
    await page.goto(authorizationUrl(bridge.url, elsewhere, pkce().challenge));
    assert.equal(await heading(page), 'The return address doesn’t match');
    assert.equal(await page.locator('main a').count(), 0);
  });

  describe('is in Japanese', () => {
    it('by the language of the browser, also on an error page', async (t) => {
      const { page } = await open(t, { locale: 'ja-JP' });
      await page.goto(client.begin().url);
      assert.match(await heading(page), /^「Example Client」が、.*利用しようとしています$/);
      assert.equal(await page.locator('html').getAttribute('lang'), 'ja');
      assert.equal(await page.locator(ALLOW).innerText(), '許可する');
      bridge.advance(15 * 60 + 1);
      await press(page, ALLOW);
      assert.equal(await heading(page), 'このサインインは終了しています');
    });

    it('by ui_locales of the client, also after GitHub', async (t) => {
      const { page } = await open(t, { locale: 'en-US' });
      await page.goto(client.begin({ ui_locales: 'fr ja en' }).url);
      assert.match(await heading(page), /^「Example Client」が、.*利用しようとしています$/);
      await press(page, ALLOW);
      bridge.github.fault({ kind: 'status', status: 503, path: '/login/oauth/access_token', times: 20 });
      t.after(() => bridge.github.clearFaults());
      await passGithub(page, 'octocat');
      assert.equal(await heading(page), 'GitHub から応答がありません');
      assert.equal(await page.locator('html').getAttribute('lang'), 'ja');
    });

    it('by a button on the front page', async (t) => {
      const { page } = await open(t);
      await page.goto(bridge.url);
      assert.equal(await heading(page), 'GitHub for your MCP clients');
      await press(page, page.getByRole('button', { name: '日本語' }));
      assert.equal(await heading(page), 'MCP クライアントから GitHub を使う');
      await press(page, page.getByRole('button', { name: 'English' }));
      assert.equal(await heading(page), 'GitHub for your MCP clients');
    });
  });
});
