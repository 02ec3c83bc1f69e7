// `npm run screenshots`: the pictures of README.md, taken from `npm run demo` itself, into docs/images.
// `npm run screenshots -- FOLDER`: every page of the tour, in both languages, themes and widths, to look at.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { LOCALES } from '../../src/web/locale.ts';
import type { Locale } from '../../src/web/views.ts';
import { startTestBridge } from '../support/bridge.ts';
import { launchBrowser } from '../support/browser.ts';
import { authorizationUrl, connect, pkce, register } from '../support/oauth.ts';
import { serveGallery } from './gallery.ts';
import { passGithub, press, TOUR_BRIDGE, tour } from './tour.ts';

const THEMES = ['light', 'dark'] as const;
/** CSS pixels: a window, and a telephone. */
const WIDTHS = [1280, 360];
/** The address of `npm run demo`. */
const DEMO = 'http://localhost:8000';

const [folder] = process.argv.slice(2);
const browser = await launchBrowser();
try {
  for (const locale of LOCALES)
    for (const theme of THEMES)
      if (folder === undefined) await picturesOfReadme(browser, locale, theme);
      else await everyPage(browser, locale, theme, folder);
} finally {
  await browser.close();
}

async function picturesOfReadme(browser: Browser, locale: string, theme: (typeof THEMES)[number]): Promise<void> {
  const into = new URL('../../docs/images/', import.meta.url).pathname;
  mkdirSync(into, { recursive: true });
  const demo = await startDemo();
  const page = await open(browser, { locale, colorScheme: theme, viewport: { width: 760, height: 960 } });
  const shoot = async (name: string, whole: boolean) => {
    await page.setViewportSize({ width: 760, height: whole ? await heightOf(page) : 960 });
    await page.screenshot({ path: join(into, `${name}.${locale}.${theme}.png`) });
  };
  try {
    await page.goto(DEMO);
    await shoot('landing', false);
    const inspector = await register(DEMO, {
      client_name: 'MCP Inspector',
      redirect_uris: ['http://localhost:6274/oauth/callback'],
    });
    await page.goto(authorizationUrl(DEMO, inspector, pkce().challenge));
    await shoot('consent', true);
    for (const [client_name, uri, scope] of [
      ['Visual Studio Code', 'http://127.0.0.1:33418/', 'read:user public_repo'],
      ['Claude Code', 'http://localhost:53817/callback', 'read:user'],
    ] as const)
      await connect(DEMO, { metadata: { client_name, redirect_uris: [uri] }, parameters: { scope } });
    await page.goto(`${DEMO}/account`);
    await press(page, 'main form button');
    await passGithub(page, 'octocat');
    await shoot('account', true);
  } finally {
    await page.context().close();
    await demo.stop();
  }
}

async function everyPage(
  browser: Browser,
  locale: Locale,
  theme: (typeof THEMES)[number],
  into: string,
): Promise<void> {
  mkdirSync(into, { recursive: true });
  const bridge = await startTestBridge(TOUR_BRIDGE);
  const page = await open(browser, { locale, colorScheme: theme });
  const shoot = async (name: string, shown: Page) => {
    for (const width of WIDTHS) {
      await shown.setViewportSize({ width, height: 900 });
      await shown.setViewportSize({ width, height: await heightOf(shown) });
      await shown.screenshot({ path: join(into, `${name}.${locale}.${theme}.${width}.png`) });
    }
  };
  const shown = await serveGallery(locale);
  try {
    for (const name of shown.names) {
      await page.goto(`${shown.url}/${name}`);
      await shoot(`gallery-${name}`, page);
    }
    await tour(bridge, page, shoot);
  } finally {
    await page.context().close();
    await bridge.stop();
    await shown.close();
  }
}

/** The height of the whole page: in a lower window the bar of the consent page would stand over its middle. */
function heightOf(page: Page): Promise<number> {
  return page.evaluate<number>('Math.max(600, document.documentElement.scrollHeight)');
}

async function open(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext(options);
  return context.newPage();
}

/** Starts `npm run demo` with a new store. */
async function startDemo(): Promise<{ stop(): Promise<void> }> {
  const data = mkdtempSync(join(tmpdir(), 'bridge-demo-'));
  const demo = spawn(process.execPath, ['demo/main.ts'], {
    cwd: new URL('../../', import.meta.url).pathname,
    env: { ...process.env, DATA_DIR: data },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(demo, 'exit');
  const ready = (async () => {
    for await (const line of createInterface({ input: demo.stdout })) if (line.includes('is ready')) return true;
    return false;
  })();
  if (!(await ready)) throw new Error('the demo did not start');
  demo.stdout.resume();
  return {
    async stop() {
      demo.kill('SIGTERM');
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}
