// MCP Inspector's web interface in Chromium, as a person uses it.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Browser, Page } from 'playwright-core';
import { tools } from '../../src/mcp/tools/index.ts';
import { newPage } from '../support/browser.ts';
import { freePort } from '../support/ports.ts';
import { logInOn } from './chromium.ts';
import { type Connected, exercise, profileLoginOf, type Row, versionOf } from './client.ts';
import { Demo } from './demo.ts';
import { end, environment, programOf, start } from './programs.ts';

interface Kind {
  readonly transport: 'http' | 'sse';
  /** Of the protocol. `modern` takes no older server. */
  readonly era: 'legacy' | 'auto' | 'modern';
}
/** Seconds that an access token lives where nothing is to expire. */
const LONG = 600;
const KINDS: readonly (Kind & { name: string })[] = [
  { name: 'Streamable HTTP', transport: 'http', era: 'legacy' },
  { name: 'Streamable HTTP, protocol 2026-07-28', transport: 'http', era: 'modern' },
  { name: 'SSE', transport: 'sse', era: 'legacy' },
];

export function inspectorWeb(browser: Browser): Row[] {
  const version = versionOf('@modelcontextprotocol/inspector');
  const administrators: Row = {
    client: 'MCP Inspector web: every form',
    version,
    transport: 'Streamable HTTP',
    run: () => Demo.during((demo) => openEveryTool(demo, browser), { ADMIN_GITHUB_USERS: 'octocat' }, LONG),
  };
  const everybodys = KINDS.map((kind): Row => {
    const run = (demo: Demo) => exercise(demo, connectInspectorWeb(demo, browser, kind));
    return { client: 'MCP Inspector web', version, transport: kind.name, run };
  });
  return [...everybodys, administrators];
}

/**
 * Opens the form of every built-in tool, those of administrators among them.
 * @throws when the Inspector warns of a schema: at the tool, or on the console
 */
async function openEveryTool(demo: Demo, browser: Browser): Promise<string> {
  const { page, warnings, ...inspector } = await connectInspectorWeb(demo, browser, {
    transport: 'http',
    era: 'legacy',
  });
  try {
    assert.deepEqual((await inspector.toolNames()).sort(), tools.map(({ name }) => name).sort());
    const main = page.getByRole('main');
    for (const { name, description } of tools) {
      await main.getByText(name, { exact: true }).first().click();
      await main.getByText(description, { exact: true }).waitFor();
      assert.deepEqual(await page.getByTestId('schema-findings').allInnerTexts(), [], name);
    }
    assert.deepEqual(warnings, []);
    return `opens the forms of all ${tools.length} tools, and warns of nothing`;
  } finally {
    await inspector.close();
  }
}

export interface InspectorWeb extends Connected {
  readonly page: Page;
  /** The authorization requests, in order; under load some come twice. */
  readonly asked: readonly URLSearchParams[];
  /** What it wrote to the console as a warning or an error, but for files that it could not load, as without the internet. */
  readonly warnings: readonly string[];
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
  const warnings: string[] = [];
  page.on('console', (message) => {
    const isLoad = message.text().startsWith('Failed to load resource');
    if (!isLoad && /^(?:warning|error)$/.test(message.type())) warnings.push(message.text());
  });
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
    warnings,
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
      // The mark of a tool whose schema other clients may refuse.
      const marks = await page.getByRole('img', { name: 'Schema portability' }).all();
      assert.deepEqual(await Promise.all(marks.map((mark) => mark.getAttribute('aria-label'))), []);
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
