// Threat 42: a page of a stranger asks for a double click and, between the two clicks, lets the consent page appear under the
// pointer, so that the second click presses Allow.
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { openPage } from '../browser/open-page.ts';
import { ALLOW, AUTHORIZE, CONNECT, signInAs } from '../browser/tour.ts';
import { useBridge } from '../support/bridge.ts';
import { type Browser, launchBrowser } from '../support/browser.ts';
import { authorizationUrl, pkce, register, type TestClient } from '../support/oauth.ts';

describe('a click that was meant for another page', () => {
  const bridge = useBridge({ store: 'sqlite' });
  let browser: Browser;
  let client: TestClient;
  before(async () => {
    browser = await launchBrowser();
    client = await register(bridge.url, { redirect_uris: [`${bridge.github.url}/nothing-here`] });
  });
  after(() => browser.close());

  /** The consent page, below the pointer of a person who has not moved it, and the forms that were sent from it. */
  async function consentPage(t: TestContext) {
    const { page } = await openPage(t, browser);
    const sent: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().startsWith(bridge.url)) sent.push(request.postData() ?? '');
    });
    await page.goto(authorizationUrl(bridge.url, client, pkce().challenge));
    return { page, sent };
  }

  /** Clicks where a button is, at once, as the second click of a double click comes. */
  async function clickAtOnce(page: Page, button: string): Promise<void> {
    await page.locator(button).scrollIntoViewIfNeeded();
    const box = await page.locator(button).boundingBox();
    assert.ok(box !== null);
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  }

  it('#42 does not press Allow, which works as soon as the pointer has been on the page for a moment', async (t) => {
    const { page, sent } = await consentPage(t);
    await clickAtOnce(page, ALLOW);
    await page.locator(ALLOW).hover(); // waits until the button takes clicks
    assert.deepEqual(sent, []);
    await page.mouse.down();
    const posted = page.waitForRequest(`${bridge.url}/consent`);
    await page.mouse.up();
    assert.match((await posted).postData() ?? '', /decision=allow/);
  });

  it('#42 presses Cancel, which does no harm', async (t) => {
    const { page, sent } = await consentPage(t);
    const posted = page.waitForRequest(`${bridge.url}/consent`);
    await clickAtOnce(page, '.decision [value=deny]');
    await posted;
    assert.match(sent[0] ?? '', /decision=deny/);
  });

  it('#42 is no matter for the keyboard', async (t) => {
    const { page } = await consentPage(t);
    await page.locator(ALLOW).focus();
    const posted = page.waitForRequest(`${bridge.url}/consent`);
    await page.keyboard.press('Enter');
    assert.match((await posted).postData() ?? '', /decision=allow/);
  });

  it('#42 does not follow the button that leads to a client or opens an app', async (t) => {
    const { page } = await consentPage(t);
    await page.goto(authorizationUrl(bridge.url, client, pkce().challenge, { prompt: 'none' }));
    const before = page.url();
    const gone: string[] = [];
    page.on('framenavigated', (frame) => gone.push(frame.url()));
    await clickAtOnce(page, 'a.button');
    await page.locator('a.button').hover();
    assert.deepEqual([page.url(), gone], [before, []]);
    await page.mouse.down();
    const followed = page.waitForRequest((request) => request.url().startsWith(client.redirectUri));
    await page.mouse.up();
    await followed;
  });

  it('#42 does not press Connect', async (t) => {
    const { page, sent } = await consentPage(t);
    // By the keyboard, so that the pointer is not on the pages.
    for (const button of [
      page.locator(ALLOW),
      page.getByRole('button', { name: signInAs('octocat') }),
      page.getByRole('button', { name: AUTHORIZE }),
    ]) {
      const loaded = page.waitForEvent('load');
      await button.press('Enter');
      await loaded;
    }
    sent.length = 0;
    await clickAtOnce(page, CONNECT);
    await page.locator(CONNECT).hover();
    assert.deepEqual(sent, []);
  });
});
