// The consent page: one sentence first, each scope once and in words, the buttons always in view, and nothing that a stranger
// writes makes it lie, run, load or leave.
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { axeViolations } from '../support/axe.ts';
import { useBridge } from '../support/bridge.ts';
import { type Browser, launchBrowser, type PageOptions } from '../support/browser.ts';
import { authorizationUrl, connect, pkce, register } from '../support/oauth.ts';
import { startNativeClient } from './native-client.ts';
import { openPage } from './open-page.ts';
import { ALLOW, passGithub, press } from './tour.ts';

const MANY =
  'openid profile email offline_access read:user repo public_repo read:org user:email workflow delete_repo admin:org gist notifications project write:packages delete:packages codespace read:audit_log admin:gpg_key bridge:admin';
/** A window, a telephone, and a window of 1280 by 1024 at 400 %. */
const VIEWPORTS = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
  { width: 320, height: 256 },
];

/** Names that a stranger may choose. */
export const HOSTILE = {
  'that runs from right to left': 'שלום Claude عميل',
  'that is markup': '<img src=x onerror=alert(1)><a href="https://evil.example">Allow</a>',
  'that is a sentence': 'GitHub” has verified this app. It is safe and it'.repeat(4).slice(0, 200),
  'that is one long word': 'W'.repeat(200),
  'of emoji and marks': `👩‍👩‍👧‍👦🇯🇵 Z${'\u0351'.repeat(50)}algo`,
  'of nothing visible': '\u200b\u2800\u3164 \ufeff',
} as const;

describe('the consent page', () => {
  let browser: Browser;
  const bridge = useBridge({ store: 'sqlite' });
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  async function consent(
    t: TestContext,
    metadata: Record<string, unknown>,
    scope = 'read:user',
    options: PageOptions = {},
  ): Promise<Page> {
    const { page } = await openPage(t, browser, options);
    const client = await register(bridge.url, metadata);
    await page.goto(authorizationUrl(bridge.url, client, pkce().challenge, { scope }));
    return page;
  }
  const main = (page: Page) => page.locator('main').innerText();

  it('says first who wants what through whom', async (t) => {
    const page = await consent(t, { client_name: 'Claude Code' });
    const [first = '', second] = (await main(page)).split('\n').filter((line) => line.trim().length > 1);
    const { host } = new URL(bridge.url);
    assert.match(first, new RegExp(`^“Claude Code” wants to use your GitHub.* account through ${host}$`));
    assert.equal(second, 'The app chose this name itself. It is not verified.');
    assert.equal(await page.locator('.initial').innerText(), 'C');
  });

  it('lists each scope once, in three groups and one line', async (t) => {
    const page = await consent(t, { client_name: 'Claude Code' }, MANY);
    const legends = await page.locator('fieldset legend').allInnerTexts();
    assert.deepEqual(legends, ['Delete or administer', 'Change', 'Read']);
    const inGroup = async (kind: string) => (await page.locator(`fieldset.${kind} code`).allInnerTexts()).sort();
    assert.deepEqual(await inGroup('dangerous'), [
      'admin:gpg_key',
      'admin:org',
      'bridge:admin',
      'delete:packages',
      'delete_repo',
    ]);
    assert.deepEqual(await inGroup('read'), ['read:audit_log', 'read:org', 'user:email']);
    const line = page.locator('.identity');
    assert.match(
      await line.innerText(),
      /^Know who you are: .*email address.* Stay connected until you disconnect it\./,
    );
    const shown = await page.locator('main code:not(.all)').allInnerTexts();
    assert.deepEqual(shown.toSorted(), MANY.split(' ').toSorted());
  });

  for (const viewport of VIEWPORTS)
    for (const colorScheme of ['light', 'dark'] as const)
      it(`has its buttons in view at ${viewport.width}x${viewport.height}, however much is asked (${colorScheme})`, async (t) => {
        const page = await consent(t, { client_name: 'Claude Code' }, MANY, { viewport, colorScheme });
        for (const place of [0, 700, 100_000]) {
          await page.evaluate(`scrollTo(0, ${place})`);
          for (const value of ['allow', 'deny'])
            assert.equal(await page.evaluate(inView(`.decision button[value=${value}]`)), true, `${value} at ${place}`);
        }
        assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false);
        assert.deepEqual(await axeViolations(page), []);
        // The keyboard reaches every box, and the bar covers none of them.
        await page.evaluate('scrollTo(0, 0)');
        // The choice of the language comes before the form.
        await page.keyboard.press('Tab');
        const boxes = await page.getByRole('checkbox').count();
        for (let reached = 0; reached < boxes; reached++) {
          await page.keyboard.press('Tab');
          assert.equal(await page.evaluate(FOCUS_IS_SEEN), true, `box ${reached}`);
        }
        await page.keyboard.press('Tab');
        assert.equal(await page.evaluate('document.activeElement.value'), 'deny');
      });

  it('gives what stays ticked, says so to the app, and marks what is new when the app asks again', async (t) => {
    const { page } = await openPage(t, browser);
    const client = await startNativeClient(bridge.url, 'Editor');
    t.after(client.close);
    const begin = async () => {
      const login = client.begin({ scope: 'read:user repo gist' });
      await page.goto(login.url);
      return login;
    };
    const login = await begin();
    assert.equal(await page.getByText('New', { exact: true }).count(), 0, 'the first time nothing is marked');
    await page.getByRole('checkbox', { name: /all your repositories/ }).uncheck();
    await press(page, ALLOW);
    assert.doesNotMatch(new URL(page.url()).search, /repo/);
    await passGithub(page, 'octocat');
    assert.equal((await login.tokens()).scope, 'read:user gist');
    await begin();
    const marked = await page.locator('label', { has: page.getByText('New', { exact: true }) }).allInnerTexts();
    assert.equal(marked.length, 1);
    assert.match(marked[0] ?? '', /all your repositories/);
  });

  it('warns quietly of a program on this computer, and loudly when another website led here', async (t) => {
    const { page } = await openPage(t, browser);
    const { client } = await connect(bridge.url, { metadata: { client_name: 'Editor' } });
    const url = authorizationUrl(bridge.url, client, pkce().challenge);
    await page.goto(url);
    assert.equal(await page.locator('.caution').count(), 0);
    assert.match(await main(page), /Allow this only if you started it yourself, just now\./);
    // The simulated GitHub is another website.
    await page.goto(bridge.github.url.replace('127.0.0.1', 'localhost'));
    await page.evaluate(`location.href = ${JSON.stringify(url)}`);
    await page.waitForURL(/\/authorize/);
    assert.match(await page.locator('.caution').innerText(), /^Another website brought you here/);
  });

  for (const [what, client_name] of Object.entries(HOSTILE))
    for (const locale of ['en-US', 'ja-JP'])
      it(`is not deceived by a name ${what} (${locale})`, async (t) => {
        const page = await consent(t, { client_name }, 'read:user repo', {
          locale,
          viewport: { width: 390, height: 844 },
        });
        assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false);
        assert.equal(await page.locator('main a, main img').count(), 0);
        assert.deepEqual(await axeViolations(page), []);
        const sentence = await page.locator('h1').innerText();
        assert.doesNotMatch(sentence, /[\u200b\u202a-\u202e\u2066-\u2069]/);
        assert.ok(sentence.length < 180, sentence);
        if (what === 'of nothing visible') assert.match(sentence, /^An app without a name|^名前のないアプリ/);
        else assert.match(sentence, /^[“「][^“”「」]+[”」]/);
        assert.equal(await page.evaluate(inView('button[value=allow]')), true);
      });
});

/** Whether an element is seen whole, and nothing covers its middle. */
function inView(selector: string): string {
  return `(() => {
    const element = document.querySelector(${JSON.stringify(selector)});
    const { top, bottom, left, right } = element.getBoundingClientRect();
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth && element.parentElement.contains(hit);
  })()`;
}

const FOCUS_IS_SEEN = `(() => {
  const { top, bottom } = document.activeElement.getBoundingClientRect();
  return document.activeElement.type === 'checkbox' && top >= 0 && bottom <= document.querySelector('.decision').getBoundingClientRect().top;
})()`;
