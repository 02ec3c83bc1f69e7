// The real browser of the tests: headless Chromium, and pages with a record of their problems: errors on the console,
// violations of the Content-Security-Policy, requests to other origins.

import type { Browser, BrowserContext, ConsoleMessage, Page, Request } from 'playwright-core';
import { chromium } from 'playwright-core';
import { chromium as findChromium } from './system.ts';

export type { Browser } from 'playwright-core';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts headless Chromium; the caller closes it. It ends with this process in any case. */
export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: findChromium(), headless: true, args: ARGS });
}

export type PageOptions = {
  /** As in Accept-Language; `en-US` by default. */
  locale?: string;
  colorScheme?: 'light' | 'dark';
  viewport?: { width: number; height: number };
  javaScriptEnabled?: boolean;
};

export type ObservedPage = {
  page: Page;
  /** Has the page's cookies, which no other page of `newPage` shares. */
  context: BrowserContext;
  consoleErrors: string[];
  cspViolations: string[];
  /** Addresses that a page fetched from another origin than its own; going to another page is not counted. */
  thirdPartyRequests: string[];
  /** All three lists, each entry with its kind: `assert.deepEqual(observed.problems(), [])`. */
  problems(): string[];
  close(): Promise<void>;
};

/** Opens a page in a new profile, and starts its record. */
export async function newPage(browser: Browser, options: PageOptions = {}): Promise<ObservedPage> {
  const { locale = 'en-US', colorScheme = 'light', viewport = { width: 1280, height: 800 } } = options;
  const { javaScriptEnabled = true } = options;
  const context = await browser.newContext({ locale, colorScheme, viewport, javaScriptEnabled });
  const page = await context.newPage();
  const record = observe(page);
  return {
    page,
    context,
    ...record,
    problems: () => [
      ...record.consoleErrors.map((text) => `console error: ${text}`),
      ...record.cspViolations.map((text) => `CSP violation: ${text}`),
      ...record.thirdPartyRequests.map((url) => `third-party request: ${url}`),
    ],
    close: () => context.close(),
  };
}

type Observations = Pick<ObservedPage, 'consoleErrors' | 'cspViolations' | 'thirdPartyRequests'>;

function observe(page: Page): Observations {
  const record: Observations = { consoleErrors: [], cspViolations: [], thirdPartyRequests: [] };
  const visited = new Set<string>();
  page.on('request', (request) => {
    if (isPageLoad(request)) visited.add(request.url());
    else if (isThirdParty(request)) record.thirdPartyRequests.push(request.url());
  });
  page.on('pageerror', (error) => record.consoleErrors.push(`uncaught ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    if (message.text().includes('Content Security Policy')) record.cspViolations.push(message.text());
    else if (message.type() === 'error' && !isNoFaultOfPage(message, visited))
      record.consoleErrors.push(`${message.text()} (${message.location().url})`);
  });
  return record;
}

function isPageLoad(request: Request): boolean {
  return request.isNavigationRequest() && request.frame().parentFrame() === null;
}

function isThirdParty(request: Request): boolean {
  const url = new URL(request.url());
  return url.protocol.startsWith('http') && url.origin !== new URL(request.frame().url()).origin;
}

/**
 * Chromium logs each 4xx as an error. Two of them are no problem: that of the page itself, because an error page may be
 * what is tested, and that of /favicon.ico, which Chromium requests by itself.
 */
function isNoFaultOfPage(message: ConsoleMessage, visited: ReadonlySet<string>): boolean {
  const { url } = message.location();
  const isStatus = message.text().startsWith('Failed to load resource');
  return isStatus && (visited.has(url) || new URL(url).pathname === '/favicon.ico');
}
