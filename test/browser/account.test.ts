// The account page and the administrators' page in Chromium: they show the connected clients and disconnect them.
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { axeViolations } from '../support/axe.ts';
import { CLIENT_ID, useBridge } from '../support/bridge.ts';
import { type Browser, launchBrowser } from '../support/browser.ts';
import { callTool, connect, type Tokens } from '../support/oauth.ts';
import { openPage } from './open-page.ts';
import { passGithub, press } from './tour.ts';

describe('the account page', () => {
  let browser: Browser;
  const bridge = useBridge({ store: 'sqlite', env: { ADMIN_GITHUB_USERS: 'octocat' } });
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  const open = async (t: TestContext) => (await openPage(t, browser)).page;
  const text = (page: Page) => page.locator('main').innerText();

  async function signIn(page: Page, login: string): Promise<void> {
    await page.goto(`${bridge.url}/account`);
    await press(page, page.getByRole('button', { name: /^Sign in with GitHub/ }));
    await passGithub(page, login);
    assert.equal(page.url(), `${bridge.url}/account`);
  }

  async function connectAs(login: string, client_name: string, scope = 'read:user'): Promise<Tokens> {
    return (await connect(bridge.url, { login, metadata: { client_name }, parameters: { scope } })).tokens;
  }

  /** The HTTP status of a tool call with these tokens. */
  const call = async (tokens: Tokens) => (await callTool(bridge.url, tokens.access_token, 'get_auth_status')).status;
  const liveTokens = (account: string) => bridge.github.liveTokens({ account, clientId: CLIENT_ID }).length;

  it('shows nothing to a stranger, and the connected clients after signing in', async (t) => {
    await connectAs('monalisa', 'Notes', 'repo user:email');
    const page = await open(t);
    await page.goto(`${bridge.url}/account`);
    assert.doesNotMatch(await text(page), /Notes/);
    await signIn(page, 'monalisa');
    const shown = await text(page);
    assert.match(shown, /Signed in as @monalisa\s+山田 モナリザ/);
    assert.match(shown, /“Notes”\s+Change Read\s+now/);
    assert.doesNotMatch(shown, /Everybody’s connected apps/);
    await page.locator('.session summary').click();
    const opened = await text(page);
    assert.match(opened, /localhost:45001/);
    assert.match(opened, /Read and change all your repositories/);
  });

  it('shows 25 apps in two screens, when each was used, and the exact time behind it', async (t) => {
    const names = Array.from({ length: 25 }, (_, index) => `Client ${index + 1}`);
    for (const name of names) await connectAs('octocat', name, 'repo delete_repo');
    bridge.advance(2 * 3600);
    for (const locale of ['en-US', 'ja-JP']) {
      const { page } = await openPage(t, browser, { locale, viewport: { width: 1280, height: 800 } });
      await page.goto(`${bridge.url}/account`);
      await press(page, 'main form button');
      await passGithub(page, 'octocat');
      assert.equal(await page.locator('.session').count(), names.length);
      const end = await page.evaluate<number>(
        'document.querySelector(".sessions").getBoundingClientRect().bottom + scrollY',
      );
      assert.ok(end <= 2 * 800, `${locale}: the last app ends at ${end} px`);
      const time = page.locator('.session summary time').first();
      assert.equal(await time.innerText(), locale === 'ja-JP' ? '2 時間前' : '2 hours ago');
      assert.match((await time.getAttribute('datetime')) ?? '', /^\d{4}-\d\d-\d\dT.*Z$/);
    }
  });

  it('shows exact times in the zone that the person chose, here and to administrators, in both languages, and not where no time is', async (t) => {
    await connectAs('octocat', 'Notes');
    for (const locale of ['en-US', 'ja-JP']) {
      const { page } = await openPage(t, browser, { locale, viewport: { width: 320, height: 640 } });
      await page.goto(`${bridge.url}/account`);
      const zone = page.locator('select[name=time-zone]');
      assert.equal(await zone.count(), 0);
      await press(page, 'main form button');
      await passGithub(page, 'octocat');
      const isJapanese = locale === 'ja-JP';
      await zone.selectOption('Asia/Kathmandu');
      await press(page, page.getByRole('button', { name: isJapanese ? '変更する' : 'Change', exact: true }));
      const exact = isJapanese
        ? /^20\d\d年\d+月\d+日 \d\d:\d\d GMT\+5:45$/
        : /^\w{3} \d+, 20\d\d, \d\d:\d\d GMT\+5:45$/;
      for (const path of ['/account', '/account/sessions']) {
        await page.goto(`${bridge.url}${path}`);
        assert.equal(await page.getByLabel(isJapanese ? 'タイムゾーン' : 'Time zone').inputValue(), 'Asia/Kathmandu');
        await page.locator('.session summary').first().click();
        const times = await page.locator('.session').first().locator('dd time').all();
        assert.equal(times.length, 3);
        for (const time of times) {
          const text = await time.locator('.muted').innerText();
          assert.match(text, exact);
          const utc = new Date((await time.getAttribute('datetime')) ?? '');
          const there = new Date(utc.getTime() + (5 * 60 + 45) * 60_000).toISOString();
          assert.ok(text.includes(there.slice(11, 16)), `${text} is ${utc.toISOString()}`);
        }
        assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false, path);
        assert.deepEqual(await axeViolations(page), [], path);
      }
      await page.goto(bridge.url);
      assert.equal(await zone.count(), 0);
    }
  });

  it('disconnects one app and leaves the others', async (t) => {
    const [notes, editor] = [await connectAs('hubot', 'Notes'), await connectAs('hubot', 'Editor')];
    const page = await open(t);
    await signIn(page, 'hubot');
    await press(page, page.getByRole('button', { name: 'Disconnect “Notes”' }));
    assert.equal(await page.getByRole('status').innerText(), '“Notes” is disconnected.');
    assert.equal(await page.getByRole('heading', { name: 'Notes' }).count(), 0);
    assert.deepEqual([await call(notes), await call(editor)], [401, 200]);
    assert.ok(liveTokens('hubot') > 0);
  });

  it('disconnects all clients, at GitHub too', async (t) => {
    const [notes, editor] = [await connectAs('monalisa', 'Notes'), await connectAs('monalisa', 'Editor', 'repo')];
    const page = await open(t);
    await signIn(page, 'monalisa');
    await page.getByText('Disconnect all apps…').click();
    await press(page, page.getByRole('button', { name: 'Disconnect all' }));
    assert.equal(await page.getByRole('status').innerText(), 'All apps are disconnected.');
    assert.match(await text(page), /No app is connected to your account/);
    assert.deepEqual([await call(notes), await call(editor)], [401, 401]);
    await bridge.bridge.revocations.idle();
    assert.equal(liveTokens('monalisa'), 0);
  });

  it('refuses its forms after signing out', async (t) => {
    const tokens = await connectAs('monalisa', 'Notes');
    const { page, context } = await openPage(t, browser);
    await signIn(page, 'monalisa');
    const tab = await context.newPage();
    await tab.goto(`${bridge.url}/account`);
    await press(page, page.getByRole('button', { name: 'Sign out' }));
    assert.match(await text(page), /You are signed out here/);
    await press(tab, tab.getByRole('button', { name: 'Disconnect “Notes”' }));
    assert.equal(await tab.locator('h1').innerText(), 'This sign-in is over');
    assert.equal(await call(tokens), 200);
  });

  it('says so when the person cancels at GitHub', async (t) => {
    const page = await open(t);
    await page.goto(`${bridge.url}/account`);
    // The authorization is revoked at GitHub, so that GitHub asks again.
    await bridge.github.revokeAuthorization('hubot', CLIENT_ID);
    await press(page, page.getByRole('button', { name: /^Sign in with GitHub/ }));
    await passGithub(page, 'hubot', 'cancel');
    assert.equal(await page.locator('h1').innerText(), 'GitHub gave no access');
    assert.match(await text(page), /sign in again\./);
    assert.doesNotMatch(await text(page), /the app/i, 'no app asked');
  });

  it('shows administrators everybody, with search, and ends a session of another person', async (t) => {
    const [notes, editor] = [await connectAs('monalisa', 'Notes'), await connectAs('hubot', 'Editor')];
    const page = await open(t);
    await signIn(page, 'octocat');
    await press(page, page.getByRole('link', { name: 'Everybody’s connected apps' }));
    for (const login of ['monalisa', 'hubot']) assert.match(await text(page), new RegExp(`${login} id \\d+`));

    await page.getByRole('searchbox').fill('nobody <b>');
    await press(page, page.getByRole('button', { name: 'Search' }));
    assert.match(await text(page), /Nobody with a connected app matches “nobody <b>”/);

    await page.getByRole('searchbox').fill('MonaLisa');
    await press(page, page.getByRole('button', { name: 'Search' }));
    assert.doesNotMatch(await text(page), /hubot/);
    while ((await page.getByRole('button', { name: /^Disconnect/ }).count()) > 0)
      await press(page, page.getByRole('button', { name: /^Disconnect/ }).first());
    assert.equal(await page.getByRole('status').innerText(), '“Notes” is disconnected.');
    assert.equal(await page.getByRole('searchbox').inputValue(), 'MonaLisa');
    assert.deepEqual([await call(notes), await call(editor)], [401, 200]);
  });

  it('does not lead other people to the page of the administrators, which is 404 for them', async (t) => {
    const page = await open(t);
    await signIn(page, 'monalisa');
    const response = await page.goto(`${bridge.url}/account/sessions`);
    assert.equal(response?.status(), 404);
    assert.equal(await page.locator('h1').innerText(), 'There is nothing here');
  });
});
