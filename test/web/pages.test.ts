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
    recipient: { title: `Server ${text}`, host: text, credential: 'github' },
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
    isOdd: true,
    scopes: ['repo', 'read:user', 'openid', 'delete_repo', text].map((name) => ({
      name,
      optional: name !== text,
      isNew: true,
    })),
    policyScopes: [{ name: 'read:org', optional: false, isNew: false }],
    recipient: { title: `Server ${text}`, host: text, credential: 'github' },
    otherResource: text,
    reference: text,
    githubHost: text,
    rememberable: true,
    fields: { request: text, [text]: 'value' },
  };
  const connect: ConnectView = {
    clientName: text,
    login: text,
    redirectHost: text,
    redirectKind: 'loopback',
    recipient: { title: `Server ${text}`, host: text, credential: 'github' },
    reference: text,
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
    githubHost: 'github.com',
    servers: [
      { name: 'github', url: `http://localhost:8000/mcp${text}`, sseUrl: `http://localhost:8000/sse${text}` },
      ...(['github', 'identity', 'none'] as const).map((credential) => ({
        name: credential,
        url: `http://localhost:8000/mcp/${credential}`,
        recipient: { title: `Server ${text}`, host: text, credential },
      })),
    ],
    tools: [{ name: text, title: text, scopes: [text] }],
    simulated: true,
  };
  const account: AccountView = {
    person: { login: text, name: text, admin: true },
    sessions: [session, session],
    notice: 'disconnected',
    ended: text,
    now: 1_785_300_000,
    csrf: text,
    githubHost: 'github.com',
    githubSettingsUrl: 'https://github.com/settings/applications',
  };
  const admin: AdminView = {
    query: text,
    sort: 'login',
    blocked: false,
    people: [
      { login: text, id: 1, sessions: [session, session] },
      { id: 2, sessions: [], block: { reason: text, blockedAt: 1_800_000_000 } },
    ],
    counts: { people: 100_000, sessions: 150_000 },
    next: '/account/sessions?after=login%3Aocto+p',
    notice: 'disconnected',
    ended: text,
    now: 1_785_300_000,
    fields: { query: text },
    csrf: text,
  };
  return { consent, connect, error, returning, landing, account, admin };
}

const BASE = 'https://bridge.example/mcp';
const pages = createPages();
const [stylesheet] = pages.assets;

/** Every page, and those of its forms that look different. */
function rendered(locale: Locale, text: string, from: Pages = pages): Record<string, string> {
  const shown = Object.entries(views(text)).map(([name, view]) => [name, { ...view, again: text }]);
  const { consent, connect, error, returning, landing, account, admin }: ReturnType<typeof views> =
    Object.fromEntries(shown);
  const { person: _, ...stranger } = account;
  const { recipient: _server, ...direct } = consent;
  return {
    consent: from.consent(locale, consent),
    'consent of a verified website': from.consent(locale, {
      ...consent,
      redirectKind: 'https',
      verifiedDomain: 'site.example',
    }),
    'consent to the built-in tools': from.consent(locale, direct),
    'consent to a server that learns the account': from.consent(locale, {
      ...consent,
      recipient: { title: `Server ${text}`, host: text, credential: 'identity' },
    }),
    'consent to a server that learns nothing': from.consent(locale, {
      ...consent,
      recipient: { host: text, credential: 'none' },
    }),
    'consent of an app': from.consent(locale, { ...consent, redirectKind: 'app', redirectHost: 'cursor://app' }),
    connect: from.connect(locale, connect),
    ...Object.fromEntries(ERROR_KINDS.map((kind) => [`error ${kind}`, from.error(locale, { ...error, kind })])),
    returning: from.returning(locale, returning),
    'returning without access': from.returning(locale, { ...returning, success: false }),
    landing: from.landing(locale, landing),
    'landing of one server behind the bridge': from.landing(locale, {
      ...landing,
      servers: [
        { name: 'notes', url: BASE, recipient: { title: `Server ${text}`, host: text, credential: 'identity' } },
      ],
      tools: [],
    }),
    account: from.account(locale, account),
    'account of a stranger': from.account(locale, { ...stranger, sessions: [] }),
    'account without apps': from.account(locale, { ...account, sessions: [] }),
    admin: from.admin(locale, admin),
    'admin without people': from.admin(locale, { ...admin, people: [] }),
    'admin without blocked people': from.admin(locale, { ...admin, people: [], blocked: true, query: '' }),
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
        const [style, icon, ...more] = html.match(/<link [^>]*>/g) ?? [];
        assert.equal(style, `<link rel="stylesheet" href="${stylesheet.path}">`, name);
        assert.match(icon ?? '', /^<link rel="icon" href="data:image\/svg\+xml,/, name);
        assert.deepEqual(more, [], name);
        assert.match(html, new RegExp(`<html lang="${locale}" dir="ltr">`), name);
        assert.equal(html.match(/<h1[ >]/g)?.length, 1, name);
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
    assert.match(html, /The app chose this name itself\. It is not verified\./);
    assert.doesNotMatch(html, /[\u200b\u202a-\u202e\u2066-\u2069\0]/);
  });

  test('ask for consent: warn of what cannot be checked, and let Enter cancel', () => {
    const { consent } = views('x');
    const { recipient: _, ...direct } = consent;
    const { caution, odd } = messages('en').consent;
    for (const redirectKind of ['loopback', 'app'] as const) {
      const loud = pages.consent('en', { ...direct, redirectKind });
      assert.ok(loud.includes(`<p><strong>${odd}</strong></p>`) && !loud.includes(caution));
      const quiet = pages.consent('en', { ...direct, redirectKind, isOdd: false });
      assert.ok(quiet.includes(`<dd class="hint">${caution}</dd>`));
      assert.doesNotMatch(quiet, /class="caution"/);
    }
    const https = pages.consent('en', { ...direct, redirectKind: 'https', rememberable: false });
    assert.doesNotMatch(https, /class="caution"|name="remember"/);
    assert.match(https, /<form method="post" action="\/consent"/);
    assert.deepEqual(https.match(/name="decision" value="\w+"/g), [
      'name="decision" value="deny"',
      'name="decision" value="allow"',
    ]);
    assert.match(https, /<input type="hidden" name="request" value="x">/);
  });

  test('say what a server behind the bridge gets, before the access that it gets, and nothing of the kind without one', () => {
    const { recipient: _, ...direct } = views('x').consent;
    const says = messages('en').consent.recipient;
    const shown = (credential: 'github' | 'identity' | 'none') =>
      pages.consent('en', { ...direct, recipient: { title: 'Notes', host: 'notes.example', credential } });
    for (const [credential, kind] of [
      ['github', 'caution'],
      ['identity', 'notice'],
      ['none', 'notice'],
    ] as const) {
      const html = shown(credential);
      const { what, meaning } = says[credential];
      const sentence = what.replace('{host}', '<bdi>notes.example</bdi>');
      const block = html.indexOf(`<div class="${kind}">\n<p><strong>${sentence}</strong></p>\n<p>${meaning}</p>`);
      assert.ok(block > 0, credential);
      assert.ok(block < html.indexOf('<fieldset'), 'before the list of access');
      assert.match(html, /<dd class="big"><bdi>Notes<\/bdi><\/dd>\n<dd class="host"><bdi>notes\.example<\/bdi>/);
    }
    assert.match(shown('github'), /<h2>The app and <bdi>notes\.example<\/bdi> will be able to<\/h2>/);
    for (const html of [shown('identity'), shown('none'), pages.consent('en', direct)])
      assert.doesNotMatch(html, /will receive your GitHub token|and <bdi>notes/);
    assert.doesNotMatch(pages.consent('en', direct), /account: its name|learns nothing/);
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
    const servers = [{ name: 'github', url: BASE }] as const;
    const base = { ...views('x').landing, issuer: 'https://bridge.example', servers };
    const html = unescaped(pages.landing('en', base));
    for (const words of [
      'claude mcp add --transport http github https://bridge.example/mcp',
      'npx mcp-remote https://bridge.example/mcp',
    ])
      assert.ok(html.includes(words), words);
    const vscode = /href="vscode:mcp\/install\?([^"]+)"/.exec(html)?.[1] ?? '';
    assert.deepEqual(JSON.parse(decodeURIComponent(vscode)), { name: 'github', type: 'http', url: BASE });
    const cursor = URL.parse(/href="(cursor:[^"]+)"/.exec(html)?.[1] ?? '')?.searchParams.get('config') ?? '';
    assert.deepEqual(JSON.parse(Buffer.from(cursor, 'base64').toString()), { url: BASE });
    assert.doesNotMatch(html, /runs in the cloud/);
    for (const issuer of ['http://localhost:8000', 'http://127.0.0.1:8000', 'http://[::1]:8000'])
      assert.match(pages.landing('en', { ...base, issuer }), /ChatGPT<\/bdi> runs in the cloud/);
  });

  test('list each server with its own address, steps and name, and say what it gets', () => {
    const { landing } = views('x');
    const html = unescaped(pages.landing('en', landing));
    for (const name of ['github', 'identity', 'none'] as const) {
      assert.ok(
        html.includes(`claude mcp add --transport http ${name} http://localhost:8000/mcp/${name}\n`) ||
          html.includes(`claude mcp add --transport http ${name} http://localhost:8000/mcp/${name}<`),
        name,
      );
      assert.ok(html.includes(messages('en').recipient[name].replace('{host}', '<bdi>x</bdi>')), name);
    }
    assert.equal(html.match(/<summary><h4>Claude Code/g)?.length, 3);
    assert.equal(html.match(/<summary><h3>Claude Code/g)?.length, 1);
  });

  test('promise that the GitHub token stays here only where no server gets it', () => {
    const { landing } = views('x');
    const [builtIn] = landing.servers;
    const { tokenStays, tokenPasses } = messages('en').landing;
    const passing = pages.landing('en', landing);
    assert.ok(passing.includes(tokenPasses) && !passing.includes(tokenStays));
    for (const servers of [[builtIn], [builtIn, ...landing.servers.slice(2)]] as const) {
      const staying = pages.landing('en', { ...landing, servers });
      assert.ok(staying.includes(tokenStays) && !staying.includes(tokenPasses));
    }
  });

  test('say in front of what the bridge stands, where no tools of its own are, and name no other transport then', () => {
    const recipient = { title: 'Team <notes>', host: 'notes.internal:8080', credential: 'identity' } as const;
    const servers = [{ name: 'team-notes', url: BASE, recipient }] as const;
    const html = pages.landing('en', { ...views('x').landing, servers, tools: [] });
    assert.match(html, /<h1>Team &lt;notes&gt; for your MCP clients<\/h1>/);
    assert.match(html, /in front of <bdi>Team &lt;notes&gt; \(notes\.internal:8080\)<\/bdi>/);
    assert.doesNotMatch(html, /\/sse|SSE|id="tools"|id="others"/);
  });

  test('name the server of a session, and tell when it has the GitHub token', () => {
    const { account, admin } = views('x');
    const [session] = account.sessions;
    assert.ok(session);
    const { recipient: _, resource: _resource, ...rest } = session;
    const shown = (one: SessionView) => [
      pages.account('en', { ...account, sessions: [one] }),
      pages.admin('en', { ...admin, people: [{ login: 'x', id: 1, sessions: [one] }] }),
    ];
    const host = 'notes.example';
    for (const html of shown({ ...rest, recipient: { title: 'Notes', host, credential: 'github' } })) {
      assert.match(html, /<dd><bdi>Notes<\/bdi><\/dd>\n<dd class="host"><bdi>notes\.example/);
      assert.match(html, /class="pill">Has (?:your|the) GitHub token</);
    }
    for (const html of shown({ ...rest, recipient: { host, credential: 'identity' } })) {
      assert.match(html, /For the server<\/dt>\n<dd class="host"><bdi>notes\.example/);
      assert.doesNotMatch(html, /GitHub token</);
    }
    for (const html of shown(rest)) assert.doesNotMatch(html, /For the server/);
  });

  test('have a stylesheet whose address changes with its text, and which is small', () => {
    assert.match(stylesheet.path, /^\/assets\/style-[0-9a-f]{16}\.css$/);
    assert.ok(String(stylesheet.body).length < 12_288);
    assert.doesNotMatch(String(stylesheet.body), /@import|url\(/);
  });
});

describe('in Chromium', () => {
  /** Pointer targets lower than 44 CSS pixels; a checkbox counts with its label. */
  const LOW_TARGETS = `[...document.querySelectorAll('button:not([hidden]), .button, summary, .check, input[type=search]')]
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
      if (request.url === stylesheet.path) response.setHeader('content-type', 'text/css').end(stylesheet.body);
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
