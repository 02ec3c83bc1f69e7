// The language that a person chose lasts over the whole flow: on pages that have an address, and on those that answer a form, where
// nothing is done twice. Nothing that a stranger sends as a language does harm.
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { axeViolations } from '../support/axe.ts';
import { useBridge } from '../support/bridge.ts';
import { type Browser, launchBrowser } from '../support/browser.ts';
import { authorizationUrl, pkce, register } from '../support/oauth.ts';
import { openPage } from './open-page.ts';
import { ALLOW, CONNECT, passGithub, press, signInAs, TOUR_BRIDGE } from './tour.ts';

describe('the language of the pages', () => {
  let browser: Browser;
  const bridge = useBridge(TOUR_BRIDGE);
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  const open = async (t: TestContext, locale = 'en-US') =>
    (await openPage(t, browser, { locale, javaScriptEnabled: false })).page;
  const language = (page: Page) => page.locator('html').getAttribute('lang');
  const heading = (page: Page) => page.locator('h1').innerText();
  const choose = (page: Page, name: string) => press(page, page.getByRole('button', { name, exact: true }));
  const app = () =>
    register(bridge.url, { client_name: 'Cursor', redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback'] });

  it('is chosen once, and lasts from the consent page over GitHub to the app, before ui_locales and the browser', async (t) => {
    const page = await open(t);
    await page.goto(authorizationUrl(bridge.url, await app(), pkce().challenge, { ui_locales: 'en' }));
    assert.equal(await language(page), 'en');
    assert.equal(
      await page.getByRole('button', { name: 'Cancel' }).count(),
      1,
      'the one for the Enter key is not seen',
    );
    await choose(page, '日本語');
    assert.match(await heading(page), /^「Cursor」が、/);
    await press(page, ALLOW);
    await press(page, page.getByRole('button', { name: signInAs('octocat') }));
    if (!(await page.locator(CONNECT).isVisible()))
      await press(page, page.getByRole('button', { name: /^Authorize / }));
    assert.equal(await heading(page), 'アプリをこの GitHub アカウントと連携しますか？');
    await choose(page, 'English');
    assert.equal(await heading(page), 'Connect the app to this GitHub account?');
    await choose(page, '日本語');
    await press(page, CONNECT);
    assert.equal(await heading(page), 'アクセスを許可しました');
    const link = await page.locator('main a').getAttribute('href');
    await choose(page, 'English');
    assert.equal(await heading(page), 'Access granted');
    assert.equal(await page.locator('main a').getAttribute('href'), link);
  });

  it('is that of the browser on the page that the form of another site opens, without a Lax cookie, and the chosen one after it', async (t) => {
    const page = await open(t);
    await page.goto(bridge.url);
    await choose(page, '日本語');
    const request = new URL(authorizationUrl(bridge.url, await app(), pkce().challenge)).searchParams;
    await page.goto(bridge.github.url);
    await page.evaluate(`(() => {
      const form = document.createElement('form');
      Object.assign(form, { method: 'post', action: ${JSON.stringify(`${bridge.url}/authorize`)} });
      for (const [name, value] of ${JSON.stringify([...request])})
        form.append(Object.assign(document.createElement('input'), { name, value }));
      document.body.append(form);
      form.submit();
    })()`);
    await page.waitForURL(`${bridge.url}/authorize`);
    assert.equal(await language(page), 'en');
    await press(page, ALLOW);
    await passGithub(page, 'octocat');
    assert.equal(await heading(page), 'アクセスを許可しました');
  });

  it('leaves the boxes of the consent page as they are', async (t) => {
    const page = await open(t);
    await page.goto(authorizationUrl(bridge.url, await app(), pkce().challenge, { scope: 'repo delete_repo' }));
    await page.locator('[name="scope:delete_repo"]').uncheck();
    await choose(page, '日本語');
    await choose(page, 'English');
    assert.deepEqual(
      await Promise.all(['repo', 'delete_repo'].map((name) => page.locator(`[name="scope:${name}"]`).isChecked())),
      [true, false],
    );
  });

  it('is asked for on an error page, which stays the same error', async (t) => {
    const page = await open(t);
    const { redirectUri } = await app();
    await page.goto(`${bridge.url}/authorize?client_id=gone&redirect_uri=${encodeURIComponent(redirectUri)}`);
    const reference = await page.locator('main code.all').last().innerText();
    await choose(page, '日本語');
    assert.equal(await heading(page), 'このサーバーに登録のないアプリです');
    assert.equal(await page.locator('main code.all').last().innerText(), reference);
    await page.goto(`${bridge.url}/no-such-page`);
    assert.equal(await heading(page), 'ページが見つかりません');
  });

  it('leads back to the address of a page that has one', async (t) => {
    const page = await open(t);
    for (const path of ['/', '/?a=b', '/mcp', '/account', '/account?notice=signed_out', '/account/sessions?query=x']) {
      if (path.startsWith('/account/sessions')) {
        await page.goto(`${bridge.url}/account`);
        await press(page, page.locator('main form button').first());
        await passGithub(page, 'octocat');
      }
      await page.goto(`${bridge.url}${path}`);
      assert.equal(await language(page), 'en', path);
      await choose(page, '日本語');
      assert.equal(page.url(), `${bridge.url}${path}`);
      assert.equal(await language(page), 'ja', path);
      await choose(page, 'English');
    }
  });

  it('is that of ui_locales on every error of a request, also in a form', async (t) => {
    const page = await open(t);
    for (const query of ['', 'client_id=gone&', 'client_id=a&client_id=b&']) {
      await page.goto(`${bridge.url}/authorize?${query}ui_locales=ja`);
      assert.equal(await language(page), 'ja', query);
    }
    await page.goto(authorizationUrl(bridge.url, await app(), pkce().challenge, { ui_locales: 'ja' }));
    bridge.advance(901);
    await press(page, ALLOW);
    assert.equal(await heading(page), 'このサインインは終了しています');
  });

  it('does no harm by a hostile name, and neither does a hostile host', async (t) => {
    const hostile = '\u202e"><script>alert(1)</script> ../../ja __proto__ x'.concat('-ja'.repeat(50));
    const { page, context } = await openPage(t, browser, { viewport: { width: 320, height: 640 } });
    await context.setExtraHTTPHeaders({ 'accept-language': `${'x,'.repeat(900)};;q=,ja;q=9` });
    await context.addCookies([{ name: 'bridge-language', value: '__proto__', url: bridge.url }]);
    const client = await register(bridge.url, {
      client_name: 'שלום مرحبا GitHub',
      redirect_uris: [`https://${'github.com.'.repeat(20)}evil.example/callback`],
    });
    await page.goto(authorizationUrl(bridge.url, client, pkce().challenge, { ui_locales: hostile.slice(0, 190) }));
    assert.equal(await language(page), 'en');
    // The domain that counts is at the end.
    assert.match(await page.locator('dd.host').first().innerText(), /^….*evil\.example$/);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false);
    assert.deepEqual(await axeViolations(page), []);
    await choose(page, '日本語');
    assert.match(await page.locator('dd.host').first().innerText(), /^….*evil\.example$/);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false);
  });
});
