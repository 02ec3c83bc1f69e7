// A third language that is written from right to left: one file and one entry in a list, as a developer adds it, and its pages begin at
// the right by themselves. That every page mirrors as a whole is in tour.test.ts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { type Browser, launchBrowser } from '../support/browser.ts';

const LIST = 'const MESSAGES = { en, ja }';
const ARABIC = `import { en } from './en.ts';
export const ar = {
  ...en,
  language: 'العربية',
  connectedAs: 'تم الاتصال باسم {login}',
  returning: { ...en.returning, success: 'تم منح الوصول' },
};`;

// Before the modules are loaded that the hooks change.
registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.endsWith('/locales/ar.ts')) return next(specifier, context);
    return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true };
  },
  load(url, context, next) {
    if (url.endsWith('/locales/ar.ts')) return { format: 'module', source: ARABIC, shortCircuit: true };
    if (!url.endsWith('/src/web/locale.ts')) return next(url, context);
    const text = readFileSync(new URL(url), 'utf8');
    assert.ok(text.includes(LIST));
    const source = text.replace(
      LIST,
      "import { ar } from '../../templates/locales/ar.ts';\nconst MESSAGES = { en, ja, ar }",
    );
    return { format: 'module-typescript', source, shortCircuit: true };
  },
});
const { useBridge } = await import('../support/bridge.ts');
const { authorizationUrl, pkce, register } = await import('../support/oauth.ts');
const { openPage } = await import('./open-page.ts');
const { ALLOW, passGithub, press, TOUR_BRIDGE } = await import('./tour.ts');

describe('a language from right to left', () => {
  let browser: Browser;
  const bridge = useBridge(TOUR_BRIDGE);
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  const direction = (page: Page) => page.locator('html').getAttribute('dir');
  const left = async (page: Page, target: string) => (await page.locator(target).boundingBox())?.x ?? Number.NaN;

  it('makes every page begin at the right, and the others stay as they are', async (t) => {
    const { page } = await openPage(t, browser, { javaScriptEnabled: false });
    await page.goto(bridge.url);
    assert.equal(await direction(page), 'ltr');
    assert.ok((await left(page, '.brand')) < (await left(page, '.languages')));
    await press(page, page.getByRole('button', { name: 'العربية' }));
    assert.equal(await direction(page), 'rtl');
    assert.ok((await left(page, '.brand')) > (await left(page, '.languages')));
    await page.goto(`${bridge.url}/no-such-page`);
    assert.equal(await direction(page), 'rtl');
    const metadata = await (await fetch(`${bridge.url}/.well-known/oauth-authorization-server`)).text();
    assert.match(metadata, /"ui_locales_supported":\["en","ja","ar"\]/);
  });

  it('keeps what is written from left to right as it is: the sign before a user name, and code', async (t) => {
    const { page } = await openPage(t, browser, { locale: 'ar' });
    const app = await register(bridge.url, { client_name: 'Cursor', redirect_uris: ['cursor://app/callback'] });
    await page.goto(authorizationUrl(bridge.url, app, pkce().challenge));
    await press(page, ALLOW);
    await passGithub(page, 'octocat');
    assert.equal(await page.locator('h1').innerText(), 'تم منح الوصول');
    const isolated = page.locator('main strong bdi');
    assert.equal(await isolated.innerText(), '@octocat');
    await page.goto(bridge.url);
    assert.equal(await page.evaluate("getComputedStyle(document.querySelector('pre')).direction"), 'ltr');
  });
});
