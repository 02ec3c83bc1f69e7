// MCP Inspector's web interface in Chromium, as a person uses it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Browser, Page } from 'playwright-core';
import { newPage } from '../support/browser.ts';
import { freePort } from '../support/ports.ts';
import { logInOn } from './chromium.ts';
import { type Connected, exercise, profileLoginOf, type Row, versionOf } from './client.ts';
import type { Demo } from './demo.ts';
import { end, environment, programOf, start } from './programs.ts';

interface Kind {
  readonly transport: 'http' | 'sse';
  /** Of the protocol. `modern` takes no older server. */
  readonly era: 'legacy' | 'auto' | 'modern';
}
const KINDS: readonly (Kind & { name: string })[] = [
  { name: 'Streamable HTTP', transport: 'http', era: 'legacy' },
  { name: 'Streamable HTTP, protocol 2026-07-28', transport: 'http', era: 'modern' },
  { name: 'SSE', transport: 'sse', era: 'legacy' },
];

export function inspectorWeb(browser: Browser): Row[] {
  return KINDS.map((kind) => ({
    client: 'MCP Inspector web',
    version: versionOf('@modelcontextprotocol/inspector'),
    transport: kind.name,
    run: (demo) => exercise(demo, connectInspectorWeb(demo, browser, kind)),
  }));
}

export interface InspectorWeb extends Connected {
  readonly page: Page;
  /** The authorization requests, in order; under load some come twice. */
  readonly asked: readonly URLSearchParams[];
  /** The person logs in where the Inspector has sent the page. */
  logIn(): Promise<void>;
  /** Disconnects, and connects again. */
  connect(): Promise<void>;
}

export async function connectInspectorWeb(
  demo: Demo,
  browser: Browser,
  kind: Kind,
  path = kind.transport === 'sse' ? '/sse' : '/mcp',
): Promise<InspectorWeb> {
  const home = mkdtempSync(join(tmpdir(), 'bridge-inspector-web-'));
  const port = await freePort();
  const target = ['--server-url', `${demo.url}${path}`];
  const program = start(
    programOf('mcp-inspector'),
    ['--web', ...target, '--transport', kind.transport, '--protocol-era', kind.era],
    {
      ...environment(home),
      CLIENT_PORT: String(port),
      MCP_SANDBOX_PORT: String(await freePort()),
      MCP_APP_ORIGIN_PORT: String(await freePort()),
      MCP_AUTO_OPEN_ENABLED: 'false',
      MCP_INSPECTOR_SECRET_STORE: 'memory',
    },
  );
  const observed = await newPage(browser);
  const { page } = observed;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(await addressPrinted(program.stdout, `http://127.0.0.1:${port}`));
  const asked: URLSearchParams[] = [];
  page.on('framenavigated', (frame) => {
    if (frame.url().startsWith(`${demo.url}/authorize?`)) asked.push(new URL(frame.url()).searchParams);
  });
  const clientId = () => asked.at(-1)?.get('client_id') ?? '';
  const logIn = async () => {
    await page.waitForURL(`${demo.url}/authorize?**`);
    await logInOn(page, 'octocat');
  };
  const connect = async () => {
    // The checkbox itself is hidden under a picture of a switch.
    await page.getByRole('switch', { name: /Connect or disconnect/ }).dispatchEvent('click');
    await logIn();
    await page.getByText('Connected', { exact: true }).waitFor();
    await page.getByText('Tools', { exact: true }).click();
  };
  await connect();
  return {
    page,
    asked,
    logIn,
    async connect() {
      await page.getByRole('button', { name: 'Disconnect from server' }).click();
      await page.getByText('Disconnected', { exact: true }).waitFor();
      await connect();
    },
    clientId,
    // Not how often it went to /authorize: under load it sometimes goes there twice before the page is shown.
    logins: () => demo.eventsOf(clientId()).filter(({ event }) => event === 'login.completed').length,
    async toolNames() {
      const names = page.getByRole('main').getByText(/^[a-z]+(?:_[a-z]+)+$/);
      await names.first().waitFor();
      return names.allTextContents();
    },
    profileLogin: () => callGetUserProfile(page),
    async close() {
      await observed.close();
      await end(program);
      rmSync(home, { recursive: true });
    },
  };
}

/** The result is in an editor that renders only the visible lines, so it is copied with the Copy button. */
async function callGetUserProfile(page: Page): Promise<string> {
  const results = page.getByRole('heading', { name: 'Results' });
  if (await results.isVisible()) await page.getByRole('button', { name: 'Close results' }).click();
  const execute = page.getByRole('button', { name: 'Execute Tool' });
  if (!(await execute.isVisible())) await page.getByText('get_user_profile', { exact: true }).first().click();
  await execute.click();
  await results.waitFor();
  await page.getByRole('main').getByRole('button', { name: 'Copy' }).first().click();
  const copied = await page.evaluate('navigator.clipboard.readText()');
  return profileLoginOf({ content: [{ type: 'text', text: copied }] });
}

async function addressPrinted(output: NodeJS.ReadableStream | null, origin: string): Promise<string> {
  if (output === null) throw new Error('the Inspector has no output');
  for await (const line of createInterface({ input: output })) {
    const address = line.trim();
    if (address.startsWith(origin)) return address;
  }
  throw new Error('the Inspector ended before it said where it is');
}
