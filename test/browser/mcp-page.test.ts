// The address of an MCP server, opened in a browser, is a page that says what this is and how to connect. Clients never get it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { axeViolations } from '../support/axe.ts';
import { useBridge } from '../support/bridge.ts';
import { type Browser, launchBrowser } from '../support/browser.ts';
import { UPSTREAMS_FILE } from '../support/mcp-servers.ts';
import { openPage } from './open-page.ts';
import { press } from './tour.ts';

describe('the address of an MCP server in a browser', () => {
  let browser: Browser;
  const bridge = useBridge({ store: 'sqlite', env: { UPSTREAMS_FILE } });
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  for (const locale of ['en-US', 'ja-JP'])
    for (const path of ['/mcp', '/mcp/', '/mcp/notes'])
      it(`says what ${path} is and how to connect (${locale})`, async (t) => {
        const { page } = await openPage(t, browser, { locale, viewport: { width: 320, height: 640 } });
        const response = await page.goto(`${bridge.url}${path}`);
        assert.equal(response?.status(), 200);
        const address = `${bridge.url}${path.replace(/\/$/, '')}`;
        assert.equal(await page.locator('.address code').first().innerText(), address);
        assert.match(
          await page.locator('.notice').first().innerText(),
          /^You have opened the address|^MCP サーバーのアドレス/,
        );
        assert.ok((await page.locator('.clients').innerText()).includes('Claude Code'));
        const commands = await page.locator('.clients code').allTextContents();
        assert.ok(
          commands.some((text) => text.endsWith(` ${address}`)),
          'a command leads to this server',
        );
        assert.equal((await page.locator('#tools').count()) > 0, path !== '/mcp/notes');
        assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false);
        assert.deepEqual(await axeViolations(page), []);
        await press(page, page.locator('.notice a'));
        assert.equal(page.url(), `${bridge.url}/`);
      });

  const BROWSER = 'text/html,application/xhtml+xml,*/*;q=0.8';
  const requests: [string, Record<string, string>][] = [
    ['asks for a stream', { accept: 'text/event-stream' }],
    ['asks for anything', { accept: '*/*' }],
    ['asks for a stream, or a page', { accept: 'text/html, text/event-stream' }],
    ['has a token', { accept: BROWSER, authorization: 'Bearer x' }],
    ['speaks MCP', { accept: BROWSER, 'mcp-protocol-version': '2025-06-18' }],
    ['resumes a session', { accept: BROWSER, 'mcp-session-id': 'x' }],
  ];
  for (const [what, headers] of requests)
    it(`stays 401 for a client that ${what}`, async () => {
      for (const path of ['/mcp', '/mcp/notes']) {
        const response = await fetch(`${bridge.url}${path}`, { headers });
        assert.equal(response.status, 401, path);
        assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer /);
      }
    });

  it('is no page for a POST', async () => {
    const posted = await fetch(`${bridge.url}/mcp`, { method: 'POST', headers: { accept: BROWSER } });
    assert.equal(posted.status, 401);
  });
});
