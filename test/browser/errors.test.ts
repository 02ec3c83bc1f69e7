// Errors stay until the person leaves, and say what is true: no cookies, a limit with its end, a login that succeeded before,
// another account. After a login the person is told as whom.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { axeViolations } from '../support/axe.ts';
import { useBridge } from '../support/bridge.ts';
import { type Browser, launchBrowser } from '../support/browser.ts';
import { authorizationUrl, pkce, register } from '../support/oauth.ts';
import { type NativeClient, startNativeClient } from './native-client.ts';
import { openPage } from './open-page.ts';
import { ALLOW, AUTHORIZE, CONNECT, passGithub, press, signInAs } from './tour.ts';

const heading = (page: Page) => page.locator('h1').innerText();
const text = (page: Page) => page.locator('main').innerText();

describe('an error page', () => {
  let browser: Browser;
  let client: NativeClient;
  const bridge = useBridge({ store: 'sqlite', env: { ALLOWED_GITHUB_USERS: 'octocat' } });
  before(async () => {
    browser = await launchBrowser();
    client = await startNativeClient(bridge.url, 'Example Client');
  });
  after(async () => {
    await client.close();
    await browser.close();
  });

  it('stays until the person leaves: nothing in it, and nothing sent with it, goes on by itself', async (t) => {
    const { page } = await openPage(t, browser);
    const login = client.begin();
    await page.goto(login.url);
    await press(page, ALLOW);
    const answered = page.waitForResponse((response) => response.url().includes('/github/callback'));
    await passGithub(page, 'hubot');
    const response = await answered;
    assert.equal(response.headers().refresh, undefined);
    assert.equal(await page.locator('meta[http-equiv], script').count(), 0);
    assert.equal(await heading(page), 'This account may not sign in here');
    const back = page.getByRole('link', { name: 'Return to the app' });
    const where = new URL((await back.getAttribute('href')) ?? '').searchParams;
    assert.deepEqual([where.get('error'), where.get('iss')], ['access_denied', bridge.url]);
    assert.deepEqual(await axeViolations(page), []);
    await press(page, back);
    assert.equal((await login.answer()).get('error'), 'access_denied');
  });

  it('offers another account to one that may not sign in, which then decides for itself', async (t) => {
    const { page } = await openPage(t, browser);
    const login = client.begin();
    await page.goto(login.url);
    await press(page, ALLOW);
    await passGithub(page, 'hubot');
    assert.match(await text(page), /You signed in to GitHub.* as @hubot/);
    await press(page, page.getByRole('button', { name: /^Use another GitHub.* account$/ }));
    assert.match(await heading(page), /^“Example Client” wants to use your GitHub/);
    assert.equal(await page.locator('.caution').count(), 0, 'no other website led here');
    await press(page, ALLOW);
    assert.equal(new URL(page.url()).searchParams.get('prompt') ?? 'select_account', 'select_account');
    await press(page, page.getByRole('button', { name: 'Use a different account' }));
    await press(page, page.getByRole('button', { name: signInAs('octocat') }));
    await press(page, page.getByRole('button', { name: AUTHORIZE }));
    await press(page, CONNECT);
    assert.match((await login.tokens()).access_token, /^eyJ/);
  });

  it('offers another account on the way to the account page too', async (t) => {
    const { page } = await openPage(t, browser);
    await page.goto(`${bridge.url}/account`);
    await press(page, page.getByRole('button', { name: /^Sign in with GitHub/ }));
    await passGithub(page, 'hubot');
    await press(page, page.getByRole('button', { name: /^Use another GitHub.* account$/ }));
    await press(page, page.getByRole('button', { name: 'Use a different account' }));
    await passGithub(page, 'octocat');
    assert.equal(page.url(), `${bridge.url}/account`);
    assert.match(await text(page), /octocat/);
  });

  it('says that the browser sent no cookies, when it sent none', async (t) => {
    const { page, context } = await openPage(t, browser);
    await page.goto(client.begin().url);
    await context.clearCookies();
    await press(page, ALLOW);
    assert.equal(await heading(page), 'Your browser sent no cookies');
    assert.match(await text(page), /Allow cookies for this server/);
  });

  it('says until when GitHub limits the requests', async (t) => {
    const { page } = await openPage(t, browser);
    bridge.github.fault({
      kind: 'primary-rate-limit',
      resetAfter: 12 * 60,
      path: '/api/v3/user',
      times: Number.POSITIVE_INFINITY,
    });
    t.after(() => bridge.github.clearFaults());
    await page.goto(client.begin().url);
    await press(page, ALLOW);
    const answered = page.waitForResponse((response) => response.url().includes('/github/callback'));
    await passGithub(page, 'octocat');
    const response = await answered;
    assert.equal(await heading(page), 'GitHub limits the requests of this account');
    assert.match(await text(page), /Try again in 12 minutes\. \w{3} \d+, \d{4}, \d\d:\d\d (?:UTC|GMT)/);
    const until = Date.parse((await page.locator('main time').getAttribute('datetime')) ?? '') / 1000;
    const left = until - bridge.now();
    assert.ok(left > 11 * 60 && left <= 13 * 60, String(left));
    assert.ok(Number(response.headers()['retry-after']) > 11 * 60);
  });

  it('says that it succeeded to who goes back to a login, and as whom', async (t) => {
    const { page } = await openPage(t, browser);
    const login = client.begin();
    await page.goto(login.url);
    await press(page, ALLOW);
    const callback = page.waitForRequest((request) => request.url().includes('/github/callback'));
    await passGithub(page, 'octocat');
    await login.tokens();
    await page.goto((await callback).url());
    assert.equal(await heading(page), 'You are connected');
    assert.match(await text(page), /Connected as @octocat/);
  });

  it('says as whom an app is connected, before it opens the app', async (t) => {
    const { page } = await openPage(t, browser);
    const app = await register(bridge.url, { client_name: 'Cursor', redirect_uris: ['cursor://app/callback'] });
    await page.goto(authorizationUrl(bridge.url, app, pkce().challenge));
    await press(page, ALLOW);
    await passGithub(page, 'octocat');
    assert.match(await text(page), /^Access g[\s\S]*Connected as @octocat/);
    assert.deepEqual(await axeViolations(page), []);
  });

  it('explains the same in Japanese', async (t) => {
    const { page, context } = await openPage(t, browser, { locale: 'ja-JP' });
    const allow = async (login: string) => {
      const begun = client.begin();
      await page.goto(begun.url);
      await press(page, ALLOW);
      await passGithub(page, login);
      return begun;
    };
    await page.goto(client.begin().url);
    await context.clearCookies();
    await press(page, ALLOW);
    assert.equal(await heading(page), 'Cookie が送信されませんでした');
    assert.match(await text(page), /このサーバーの Cookie を許可してください。/);

    await allow('hubot');
    assert.equal(await heading(page), 'このアカウントではサインインできません');
    assert.match(await text(page), /@hubot としてサインインしました。/);
    assert.equal(await page.getByRole('button', { name: /^別の GitHub.* アカウントを使う$/ }).count(), 1);
    assert.equal(await page.getByRole('link', { name: 'アプリに戻る' }).count(), 1);
    await context.clearCookies();

    const path = '/api/v3/user';
    bridge.github.fault({ kind: 'primary-rate-limit', resetAfter: 12 * 60, path, times: Number.POSITIVE_INFINITY });
    t.after(() => bridge.github.clearFaults());
    await allow('octocat');
    assert.equal(await heading(page), 'GitHub のリクエスト数の上限に達しました');
    assert.match(await text(page), /12 分後にもう一度お試しください。/);
    bridge.github.clearFaults();

    const callback = page.waitForRequest((request) => request.url().includes('/github/callback'));
    const login = await allow('octocat');
    await login.tokens();
    await page.goto((await callback).url());
    assert.equal(await heading(page), '連携は完了しています');
    assert.match(await text(page), /@octocat として連携しました/);
  });
});
