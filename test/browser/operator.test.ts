// The operator's name, logo, links and colour, in the whole flow: on every page, in the metadata, and in the MCP server's title.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { axeViolations } from '../support/axe.ts';
import { useBridge } from '../support/bridge.ts';
import { type Browser, launchBrowser, newPage } from '../support/browser.ts';
import { authorizationUrl, connect, getJson, pkce, register } from '../support/oauth.ts';
import { openPage } from './open-page.ts';

const folder = mkdtempSync(join(tmpdir(), 'bridge-logo-'));
const LOGO = join(folder, 'logo.svg');
writeFileSync(
  LOGO,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 32" width="96" height="32">
<script>document.title = 'the logo ran'; fetch('https://evil.example/')</script>
<image href="https://evil.example/x.png" width="9" height="9"/><rect width="96" height="32" rx="8" fill="#6b2fb3"/></svg>`,
);
const NAME = 'Acme & Søn <b>株式会社</b>';

describe('the operator', () => {
  let browser: Browser;
  const bridge = useBridge({
    store: 'sqlite',
    env: {
      OPERATOR_NAME: NAME,
      OPERATOR_URL: 'https://acme.example/?a=1&b="2"'.replaceAll('"', '%22'),
      OPERATOR_LOGO: LOGO,
      OPERATOR_SUPPORT_URL: 'mailto:help@acme.example',
      OPERATOR_PRIVACY_URL: 'https://acme.example/privacy',
      OPERATOR_TERMS_URL: 'https://acme.example/terms',
      OPERATOR_COLOR: '#6b2fb3',
    },
  });
  before(async () => {
    browser = await launchBrowser();
  });
  after(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  for (const colorScheme of ['light', 'dark'] as const)
    it(`stands on every page by one name, with logo, links and colour (${colorScheme})`, async (t) => {
      const { page } = await openPage(t, browser, { colorScheme, viewport: { width: 390, height: 844 } });
      const client = await register(bridge.url, { client_name: 'Example' });
      const addresses = [
        bridge.url,
        authorizationUrl(bridge.url, client, pkce().challenge),
        `${bridge.url}/account`,
        `${bridge.url}/no-such-page`,
        `${bridge.url}/authorize?client_id=unknown`,
      ];
      for (const address of addresses) {
        await page.goto(address);
        assert.ok((await page.title()).endsWith(`· ${NAME}`), address);
        assert.equal(await page.locator('.brand').innerText(), NAME);
        const footer = page.locator('footer');
        assert.equal(
          await footer.getByRole('link', { name: NAME }).getAttribute('href'),
          'https://acme.example/?a=1&b=%222%22',
        );
        for (const [label, href] of [
          ['Help', 'mailto:help@acme.example'],
          ['Privacy', 'https://acme.example/privacy'],
          ['Terms', 'https://acme.example/terms'],
        ] as const)
          assert.equal(await footer.getByRole('link', { name: label }).getAttribute('href'), href);
        assert.ok((await footer.innerText()).includes(new URL(bridge.url).host), 'the host is beside the name');
        const seen = "(({ complete, naturalWidth }) => complete && naturalWidth > 0)(document.querySelector('.logo'))";
        assert.equal(await page.evaluate(seen), true, 'the logo is seen');
        assert.deepEqual(await axeViolations(page), [], address);
      }
      const accent = await page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')");
      assert.equal(accent === '#6b2fb3', colorScheme === 'light');
    });

  it('has a logo that runs nothing and loads nothing, even when it is opened', async (t) => {
    const { page } = await openPage(t, browser);
    await page.goto(bridge.url);
    const address = await page.locator('.logo').getAttribute('src');
    assert.ok(address);
    const { page: alone, close } = await newPage(browser);
    t.after(close);
    const failures: string[] = [];
    alone.on('requestfailed', (request) => failures.push(`${request.url()} ${request.failure()?.errorText}`));
    await alone.goto(new URL(address, bridge.url).href, { waitUntil: 'networkidle' });
    assert.notEqual(await alone.title(), 'the logo ran');
    assert.deepEqual(failures, ['https://evil.example/x.png csp']);
  });

  it('offers its help on an error page', async (t) => {
    const { page } = await openPage(t, browser);
    await page.goto(`${bridge.url}/authorize?client_id=unknown`);
    const help = page.locator('main').getByRole('link', { name: `Contact ${NAME}` });
    assert.equal(await help.getAttribute('href'), 'mailto:help@acme.example');
  });

  it('is named in the metadata, and is the title of the MCP server', async () => {
    const wellKnown = `${bridge.url}/.well-known`;
    for (const document of ['oauth-authorization-server', 'openid-configuration'])
      assert.partialDeepStrictEqual((await getJson(`${wellKnown}/${document}`)).body, {
        op_policy_uri: 'https://acme.example/privacy',
        op_tos_uri: 'https://acme.example/terms',
        service_documentation: bridge.url,
      });
    assert.partialDeepStrictEqual((await getJson(`${wellKnown}/oauth-protected-resource/mcp`)).body, {
      resource_name: NAME,
      resource_policy_uri: 'https://acme.example/privacy',
      resource_tos_uri: 'https://acme.example/terms',
    });
    assert.equal((await getJson(bridge.url, { accept: 'application/json' })).body.name, NAME);
    const { tokens } = await connect(bridge.url);
    const response = await fetch(`${bridge.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tokens.access_token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
      }),
    });
    assert.ok((await response.text()).includes(`"title":${JSON.stringify(NAME)}`));
  });
});
