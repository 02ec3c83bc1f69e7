// The pages for people: what strangers supply stays text, both languages are whole, and Chromium and axe find nothing to complain about.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { messages } from '../../src/web/locale.ts';
import { createPages, type Pages } from '../../src/web/pages.ts';
import type {
  AccountView,
  AdminView,
  ConnectView,
  ConsentView,
  ErrorKind,
  ErrorView,
  LandingView,
  Locale,
  ReturnView,
  SessionView,
} from '../../src/web/views.ts';
import { axeViolations } from '../support/axe.ts';
import { type Browser, launchBrowser, newPage } from '../support/browser.ts';
import { type Listening, listen } from '../support/listen.ts';

const LOCALES: readonly Locale[] = ['en', 'ja'];
const ERROR_KINDS = Object.keys(messages('en').errors) as ErrorKind[];
/** Every view with one text in every place that a stranger, or a mistake, could fill. */
function views(text: string) {
  const session: SessionView = {
    session: text,
    clientName: text,
    redirectHost: text,
    scopes: [{ name: 'repo' }, { name: text }],
    resource: text,
    createdAt: 1_785_200_000,
    lastUsedAt: 1_785_290_000,
    expiresAt: 1_787_800_000,
  };
  const consent: ConsentView = {
    clientName: text,
    clientUri: `https://site.example/${encodeURI(text)}`,
    redirectHost: text,
    redirectKind: 'loopback',
    scopes: [{ name: 'repo' }, { name: 'read:user' }, { name: text }],
    policyScopes: [{ name: 'read:org' }],
    otherResource: text,
    bridgeHost: 'bridge.example',
    githubHost: text,
    rememberable: true,
    fields: { request: text, [text]: 'value' },
  };
  const connect: ConnectView = {
    clientName: text,
    login: text,
    redirectHost: text,
    redirectKind: 'loopback',
    bridgeHost: 'bridge.example',
    githubHost: text,
    fields: { request: text, [text]: 'value' },
  };
  const error: ErrorView = {
    kind: 'unknown_client',
    reference: text,
    description: text,
    login: text,
    retryAfter: 90,
    continueUrl: `https://client.example/callback?state=${encodeURIComponent(text)}`,
    clientName: text,
    githubHost: 'github.com',
  };
  const returning: ReturnView = {
    clientName: text,
    url: `cursor://app/callback?state=${encodeURIComponent(text)}`,
    success: true,
  };
  const landing: LandingView = {
    issuer: 'http://localhost:8000',
    bridgeHost: text,
    githubHost: 'github.com',
    mcpUrl: `http://localhost:8000/mcp${text}`,
    sseUrl: `http://localhost:8000/sse${text}`,
    tools: [{ name: text, title: text, scopes: [text] }],
    simulated: true,
  };
  const account: AccountView = {
    person: { login: text, name: text, admin: true },
    sessions: [session, session],
    notice: 'disconnected',
    csrf: text,
    githubHost: 'github.com',
    githubSettingsUrl: 'https://github.com/settings/applications',
  };
  const admin: AdminView = {
    query: text,
    people: [{ login: text, id: 1, sessions: [session, session] }],
    more: true,
    notice: 'disconnected',
    csrf: text,
  };
  return { consent, connect, error, returning, landing, account, admin };
}

const pages = createPages();

/** Every page, and those of its forms that look different. */
function rendered(locale: Locale, text: string, from: Pages = pages): Record<string, string> {
  const { consent, connect, error, returning, landing, account, admin } = views(text);
  const { person: _, ...stranger } = account;
  return {
    consent: from.consent(locale, consent),
    'consent of a verified website': from.consent(locale, {
      ...consent,
      redirectKind: 'https',
      verifiedDomain: 'site.example',
    }),
    'consent of an app': from.consent(locale, { ...consent, redirectKind: 'app', redirectHost: 'cursor://app' }),
    connect: from.connect(locale, connect),
    ...Object.fromEntries(ERROR_KINDS.map((kind) => [`error ${kind}`, from.error(locale, { ...error, kind })])),
    returning: from.returning(locale, returning),
    'returning without access': from.returning(locale, { ...returning, success: false }),
    landing: from.landing(locale, landing),
    account: from.account(locale, account),
    'account of a stranger': from.account(locale, { ...stranger, sessions: [] }),
    'account without apps': from.account(locale, { ...account, sessions: [] }),
    admin: from.admin(locale, admin),
    'admin without people': from.admin(locale, { ...admin, people: [] }),
  };
}

/** The markup alone: tags with the names of their attributes. */
function markup(html: string): string[] {
  return (html.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/="[^"]*"/g, ''));
}

function unescaped(html: string): string {
  return html
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

describe('pages', () => {
  const HOSTILE = `</dd></title><script>alert(1)</script><img src=x onerror=alert(1)>"' onfocus='x' autofocus x="<%= it %>&amp;{name}\`x\``;

  for (const locale of LOCALES) {
    test(`keep hostile text as text (${locale})`, () => {
      const harmless = rendered(locale, 'Harmless');
      for (const [name, html] of Object.entries(rendered(locale, HOSTILE)))
        assert.deepEqual(markup(html), markup(harmless[name] ?? ''), name);
    });

    test(`leave nothing unfilled (${locale})`, () => {
      for (const [name, html] of Object.entries(rendered(locale, 'Harmless')))
        assert.doesNotMatch(html, /undefined|\[object|NaN|Invalid Date|\{\w+\}(?!<)|<%/, name);
    });

    test(`need no script, style, image or other host of their own (${locale})`, () => {
      for (const [name, html] of Object.entries(rendered(locale, 'Harmless'))) {
        assert.doesNotMatch(html, /<script|<style|<img|\sstyle=|\son\w+=/, name);
        const [stylesheet, icon, ...more] = html.match(/<link [^>]*>/g) ?? [];
        assert.equal(stylesheet, `<link rel="stylesheet" href="${pages.stylesheet.path}">`, name);
        assert.match(icon ?? '', /^<link rel="icon" href="data:image\/svg\+xml,/, name);
        assert.deepEqual(more, [], name);
        assert.match(html, new RegExp(`<html lang="${locale}">`), name);
        assert.equal(html.match(/<h1>/g)?.length, 1, name);
      }
    });
  }

  test('write raw nothing but templates of their own and the body of the layout', () => {
    const folder = new URL('../../templates/', import.meta.url);
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.eta')))
      for (const [, raw] of readFileSync(new URL(file, folder), 'utf8').matchAll(/<%[-_]?~\s*(.*?)%>/g))
        assert.match(raw ?? '', /^(?:include\('@\w+'|it\.body )/, file);
  });

  test('show the name of an app without what deceives the eye, quoted, and the host beside it', () => {
    const clientName = `\u202eGit\u200bHub\u0000\u2066 Security\n\n${'x'.repeat(500)}`;
    const html = pages.consent('en', {
      ...views('x').consent,
      clientName,
      redirectHost: 'evil.example',
      redirectKind: 'https',
    });
    assert.match(html, /“<bdi>GitHub Security x{43}…<\/bdi>”/);
    assert.match(html, /<dd class="big host"><bdi>evil\.example<\/bdi>/);
    assert.match(html, /Not verified/);
    assert.doesNotMatch(html, /[\u200b\u202a-\u202e\u2066-\u2069\0]/);
  });

  test('ask for consent: warn of what cannot be checked, and let Enter cancel', () => {
    const { consent } = views('x');
    for (const redirectKind of ['loopback', 'app'] as const)
      assert.match(pages.consent('en', { ...consent, redirectKind }), /class="caution"/);
    const https = pages.consent('en', { ...consent, redirectKind: 'https', rememberable: false });
    assert.doesNotMatch(https, /class="caution"|name="remember"/);
    assert.match(https, /<form method="post" action="\/consent"/);
    assert.deepEqual(https.match(/name="decision" value="\w+"/g), [
      'name="decision" value="deny"',
      'name="decision" value="allow"',
    ]);
    assert.match(https, /<input type="hidden" name="request" value="x">/);
  });

  test('mark scopes that can change things, and name those they have no words for', () => {
    const { consent } = views('x');
    const changes = (name: string) =>
      pages.consent('en', { ...consent, scopes: [{ name }], policyScopes: [] }).includes('class="pill"');
    for (const name of [
      'repo',
      'delete_repo',
      'admin:org',
      'workflow',
      'write:packages',
      'delete:packages',
      'user',
      'codespace',
      'gist',
    ])
      assert.equal(changes(name), true, name);
    for (const name of [
      'read:user',
      'user:email',
      'read:org',
      'read:audit_log',
      'openid',
      'offline_access',
      'repo_of_another_kind',
    ])
      assert.equal(changes(name), false, name);
    const unknown = pages.consent('en', { ...consent, scopes: [{ name: 'constructor' }], policyScopes: [] });
    assert.ok(unknown.includes(messages('en').unknownScope));
    assert.match(unknown, /<code>constructor<\/code>/);
  });

  test('carry the answer to an app by a link, byte for byte', () => {
    const url = "cursor://anysphere.cursor-mcp/oauth/callback?code=a&state='%22;x&iss=https%3A%2F%2Fbridge.example";
    const html = pages.returning('en', { clientName: 'Cursor', url, success: true });
    assert.equal(unescaped(/<a class="button primary" href="([^"]*)">/.exec(html)?.[1] ?? ''), url);
  });

  for (const url of [
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'not an address',
    ' cursor://x',
  ])
    test(`follow no ${JSON.stringify(url)}`, () => {
      const back = pages.returning('en', { clientName: 'x', url, success: true });
      assert.doesNotMatch(back, /<a /);
      assert.ok(back.includes(messages('en').returning.blocked));
      const error = pages.error('en', { ...views('x').error, continueUrl: url });
      assert.doesNotMatch(error, /class="button/);
    });

  test('tell how to get out of a forgotten registration, in the clients that people use', () => {
    const html = pages.error('en', views('x').error);
    for (const words of [
      'Claude Code',
      'VS Code',
      'Cursor',
      'ChatGPT',
      'MCP Inspector',
      '<code>rm -rf ~/.mcp-auth</code>',
      'openmcp-client',
    ])
      assert.ok(html.includes(words), words);
  });

  test('give every client a command, a link or a file that leads to this server', () => {
    const base = { ...views('x').landing, issuer: 'https://bridge.example', mcpUrl: 'https://bridge.example/mcp' };
    const html = unescaped(pages.landing('en', base));
    for (const words of [
      'claude mcp add --transport http github https://bridge.example/mcp',
      'npx mcp-remote https://bridge.example/mcp',
    ])
      assert.ok(html.includes(words), words);
    const vscode = /href="vscode:mcp\/install\?([^"]+)"/.exec(html)?.[1] ?? '';
    assert.deepEqual(JSON.parse(decodeURIComponent(vscode)), { name: 'github', type: 'http', url: base.mcpUrl });
    const cursor = URL.parse(/href="(cursor:[^"]+)"/.exec(html)?.[1] ?? '')?.searchParams.get('config') ?? '';
    assert.deepEqual(JSON.parse(Buffer.from(cursor, 'base64').toString()), { url: base.mcpUrl });
    assert.doesNotMatch(html, /runs in the cloud/);
    for (const issuer of ['http://localhost:8000', 'http://127.0.0.1:8000', 'http://[::1]:8000'])
      assert.match(pages.landing('en', { ...base, issuer }), /ChatGPT<\/bdi> runs in the cloud/);
  });

  test('have a stylesheet whose address changes with its text, and which is small', () => {
    assert.match(pages.stylesheet.path, /^\/assets\/style-[0-9a-f]{16}\.css$/);
    assert.ok(pages.stylesheet.text.length < 8192);
    assert.doesNotMatch(pages.stylesheet.text, /@import|url\(/);
  });
});

describe('in Chromium', () => {
  /** Pointer targets lower than 44 CSS pixels; a checkbox counts with its label. */
  const LOW_TARGETS = `[...document.querySelectorAll('button, .button, summary, .check, input[type=search]')]
    .filter((element) => element.getBoundingClientRect().height < 44).map((element) => element.outerHTML)`;
  const LONG = 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch';
  let browser: Browser;
  let server: Listening;

  before(async () => {
    browser = await launchBrowser();
    server = await listen((request, response) => {
      const [, locale, name] = decodeURIComponent(request.url ?? '').split('/');
      response.setHeader(
        'content-security-policy',
        "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
      );
      if (request.url === pages.stylesheet.path)
        response.setHeader('content-type', 'text/css').end(pages.stylesheet.text);
      else {
        const html = rendered(locale === 'ja' ? 'ja' : 'en', LONG)[name ?? ''];
        response.writeHead(html === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
      }
    });
  });
  after(async () => {
    await browser.close();
    await server.close();
  });

  // 640 px is a window of 1280 px at 200 %. Nothing but colours changes with the scheme, and colours do not with the width.
  for (const locale of LOCALES)
    for (const [colorScheme, ...widths] of [
      ['light', 1280, 640, 320],
      ['dark', 320],
    ] as const)
      test(`every page is clean: ${locale}, ${colorScheme}, ${widths.join(', ')} px`, async (t) => {
        const observed = await newPage(browser, { locale, colorScheme });
        t.after(observed.close);
        const { page } = observed;
        // One error page is built like the other.
        const names = Object.keys(rendered(locale, LONG)).filter(
          (name) => !name.startsWith('error') || /unknown_client|not_allowed/.test(name),
        );
        for (const name of names) {
          await page.goto(`${server.url}/${locale}/${encodeURIComponent(name)}`);
          await page.evaluate('document.querySelectorAll("details").forEach((one) => { one.open = true; })');
          for (const width of widths) {
            await page.setViewportSize({ width, height: 640 });
            const isWider = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
            assert.equal(isWider, false, `${name} scrolls sideways at ${width} px`);
            assert.deepEqual(await page.evaluate(LOW_TARGETS), [], name);
          }
          // What axe judges does not change with the width, but for the size of targets.
          assert.deepEqual(await axeViolations(page), [], name);
        }
        assert.deepEqual(observed.problems(), []);
      });

  test('the Enter key in the consent form cancels', async (t) => {
    const observed = await newPage(browser, { javaScriptEnabled: false });
    t.after(observed.close);
    await observed.page.goto(`${server.url}/en/consent`);
    const posted = observed.page.waitForRequest((request) => request.method() === 'POST');
    await observed.page.locator('input[name=remember]').press('Enter');
    assert.match((await posted).postData() ?? '', /decision=deny/);
  });
});
