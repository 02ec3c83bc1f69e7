// use-mcp in Chromium: discovery, registration, the token requests and MCP itself all come from the page, across origins.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { newPage } from '../support/browser.ts';
import { type Listening, listen } from '../support/listen.ts';
import { until } from '../support/until.ts';
import { logInOn } from './chromium.ts';
import { type Connected, exercise, profileLoginOf, type Row, versionOf } from './client.ts';
import type { Demo } from './demo.ts';
import { environment, programOf } from './programs.ts';

const PAGE = fileURLToPath(new URL('use-mcp-page', import.meta.url));
const TYPES: Record<string, string> = { '.js': 'text/javascript', '.html': 'text/html; charset=utf-8' };

export function pageOfUseMcp(browser: Browser): Row[] {
  return (['http', 'sse'] as const).map((transport) => ({
    client: 'use-mcp in Chromium',
    version: versionOf('use-mcp'),
    transport: transport === 'sse' ? 'SSE' : 'Streamable HTTP',
    run: (demo) => exercise(demo, connectUseMcp(demo, browser, transport)),
  }));
}

export async function connectUseMcp(
  demo: Demo,
  browser: Browser,
  transport: 'http' | 'sse',
  path = transport === 'sse' ? '/sse' : '/mcp',
): Promise<Connected & { page: Page; settled(): Promise<void> }> {
  const built = await build();
  const app = await serve(built);
  const observed = await newPage(browser);
  const { page } = observed;
  const asked: URLSearchParams[] = [];
  const begun = lastAuthorizationOf(page);
  page.on('popup', (popup) => void logInPopUp(popup, begun, asked).catch(() => {}));
  const query = new URLSearchParams({ url: `${demo.url}${path}`, transport });
  await page.goto(`${app.url}/?${query}`);
  return {
    page,
    settled: () => settled(page),
    clientId: () => asked.at(-1)?.get('client_id') ?? '',
    logins: () => asked.length,
    async toolNames() {
      await settled(page);
      return page.getByRole('listitem').allTextContents();
    },
    async profileLogin() {
      await settled(page);
      await page.getByRole('button', { name: 'Call' }).click();
      const result = page.locator('#result:not(:empty)');
      await result.waitFor();
      return profileLoginOf(JSON.parse(await result.innerText()));
    },
    async close() {
      await observed.close();
      await app.close();
      rmSync(built, { recursive: true });
    },
  };
}

/**
 * The address of the authorization that the page waits for. One attempt of use-mcp begins two, in the same pop-up: its transport
 * begins one at the 401, and use-mcp another, with another code verifier. Whoever logs in to the first is too quick.
 */
function lastAuthorizationOf(page: Page): () => Promise<string> {
  let isWaiting = false;
  page.on('domcontentloaded', () => {
    isWaiting = false;
  });
  page.on('console', (message) => {
    if (message.text().includes('Waiting for callback')) isWaiting = true;
  });
  return async () => {
    await until(() => isWaiting, { what: 'use-mcp to wait for its callback' });
    return await page.evaluate(() => {
      const key = Object.keys(localStorage).find((name) => name.endsWith('_last_auth_url')) ?? '';
      return localStorage.getItem(key) ?? '';
    });
  };
}

async function logInPopUp(popup: Page, begun: () => Promise<string>, asked: URLSearchParams[]): Promise<void> {
  await popup.waitForURL(await begun());
  asked.push(new URL(popup.url()).searchParams);
  await logInOn(popup, 'octocat');
}

async function settled(page: Page): Promise<void> {
  const state = page.locator('#state').filter({ hasText: /^(ready|failed)$/ });
  await state.waitFor();
  assert.equal(await state.innerText(), 'ready', await page.locator('#error').innerText());
}

async function build(): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'bridge-use-mcp-'));
  const args = [programOf('vite'), 'build', PAGE, '--outDir', outDir, '--emptyOutDir', '--logLevel', 'error'];
  await promisify(execFile)(process.execPath, args, { env: environment(outDir) });
  return outDir;
}

/** Every path that is no file shows the application. */
function serve(directory: string): Promise<Listening> {
  return listen((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const file = pathname.startsWith('/assets/') && !pathname.includes('..') ? pathname : '/index.html';
    response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
    response.end(readFileSync(join(directory, file)));
  });
}
