// Threats 5 to 7: a login that ends in another browser than it began in, a code without a consent page, and a consent that
// an attacker gives in the person's name.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { type Agent, createAgent, type Page } from '../support/agent.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import {
  authorizationUrl,
  callTool,
  confirmConnect,
  connect,
  login,
  passGithub,
  pkce,
  redemption,
  register,
  returnToClient,
  type TestClient,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { atOnce, newPerson, works } from './attack.ts';

const HTTPS_REDIRECT = 'https://client.example/callback';
const EVIL = 'https://evil.example';

onBothStores('browser binding', (store) => {
  const bridge = useBridge({ store, env: { ADMIN_GITHUB_USERS: 'monalisa' } });
  let client: TestClient;
  before(async () => {
    client = await register(bridge.url);
  });

  const consentPage = (browser: Agent, of: TestClient = client, parameters: Record<string, string | undefined> = {}) =>
    browser.get(authorizationUrl(bridge.url, of, pkce().challenge, parameters));

  /** A login up to GitHub's redirect back, which is not followed yet. */
  async function atCallback(browser: Agent, person = 'octocat', of: TestClient = client) {
    const { verifier, challenge } = pkce();
    const page = await browser.get(authorizationUrl(bridge.url, of, challenge));
    const back = await passGithub(browser, await browser.submit(page.form('/consent'), { button: 'allow' }), person);
    const callback = back.location;
    assert.equal(callback?.pathname, '/github/callback');
    return { callback: callback ?? new URL(bridge.url), verifier };
  }

  function codeOf(page: Page): string {
    const code = page.location?.searchParams.get('code');
    assert.ok(code, `no code: ${page.status} ${page.text}`);
    return code;
  }

  function assertNoWayOn(page: Page, status: number): void {
    assert.equal(page.status, status);
    assert.equal(page.location, undefined);
    assert.equal(page.headers.get('refresh'), null);
    assert.doesNotMatch(page.html, /mgc_/);
  }

  it('#5 the callback answers only the browser that consented, and a stranger with its address gets nothing', async () => {
    const browser = createAgent();
    const { callback, verifier } = await atCallback(browser);
    for (const stranger of [createAgent(), createAgent()]) assertNoWayOn(await stranger.get(callback), 400);
    const code = codeOf(await confirmConnect(browser, await browser.get(callback)));
    tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier)));
  });

  it("#5 an attacker's own callback does not log the victim in as the attacker", async () => {
    const victim = createAgent();
    await atCallback(victim, 'octocat');
    const { callback } = await atCallback(createAgent(), 'hubot');
    assertNoWayOn(await victim.get(callback), 400);
  });

  it("#5 GitHub's code of one login is of no use in another, for each is bound by PKCE", async () => {
    const [victim, attacker] = [createAgent(), createAgent()];
    const { callback } = await atCallback(victim, 'octocat');
    const own = await atCallback(attacker, 'hubot');
    callback.searchParams.set('code', own.callback.searchParams.get('code') ?? '');
    const page = await victim.get(callback);
    assert.ok(page.status >= 400, String(page.status));
    assert.doesNotMatch(page.html, /mgc_/);
  });

  it('#5 a state is good once, however parallel', async () => {
    const browser = createAgent();
    const { callback } = await atCallback(browser);
    const cookie = browser.jar.header(callback) ?? '';
    const pages = await atOnce(20, () => createAgent().get(callback, { headers: { cookie } }));
    const goesOn = (page: Page) => page.forms().some(({ action }) => action.pathname === '/connect');
    assert.equal(pages.filter(goesOn).length, 1);
    for (const page of pages) if (!goesOn(page)) assertNoWayOn(page, 400);
    assertNoWayOn(await browser.get(callback, { headers: { cookie } }), 400);
  });

  it('#5 a state is good for its own login only, also in one browser with two', async () => {
    const browser = createAgent();
    const first = await atCallback(browser, 'octocat');
    const second = await atCallback(browser, 'octocat');
    const cookieOf = (url: URL) => `bridge-login-${url.searchParams.get('state')?.split('.')[0]}`;
    const [one, two] = [browser.jar.get(cookieOf(first.callback)), browser.jar.get(cookieOf(second.callback))];
    assert.ok(one && two && one.name !== two.name && one.value !== two.value);
    // Cookie tossing: the value of one login under the name of the other.
    const tossed = createAgent();
    tossed.jar.put({ ...one, value: two.value });
    assertNoWayOn(await tossed.get(first.callback), 400);
    // Two states with their parts exchanged.
    const crossed = new URL(first.callback);
    const [[, random] = []] = [second.callback.searchParams.get('state')?.split('.')];
    crossed.searchParams.set('state', `${first.callback.searchParams.get('state')?.split('.')[0]}.${random}`);
    assertNoWayOn(await browser.get(crossed), 400);
    // Both logins are still open: each ends as itself, in the other order.
    for (const { callback, verifier } of [second, first])
      tokensOf(
        await tokenRequest(
          bridge.url,
          redemption(client, codeOf(await confirmConnect(browser, await browser.get(callback))), verifier),
        ),
      );
  });

  it('#5 a callback without a state, or with a made-up one, leads nowhere', async () => {
    const browser = createAgent();
    await atCallback(browser);
    for (const query of [
      '',
      'code=x',
      'code=x&state=',
      'code=x&state=a.b',
      `code=x&state=${'A'.repeat(22)}.x`,
      'state=.',
    ])
      assertNoWayOn(await browser.get(`${bridge.url}/github/callback?${query}`), 400);
  });

  it("#5 an answer in another issuer's name is not taken", async () => {
    const browser = createAgent();
    const { callback } = await atCallback(browser);
    callback.searchParams.set('iss', EVIL);
    const page = await browser.get(callback);
    assert.equal(page.status, 500);
    assert.doesNotMatch(page.html, /mgc_/);
  });

  it('#5 the cookies that bind are HttpOnly, SameSite, and of this host alone', async () => {
    const browser = createAgent();
    await atCallback(browser);
    const cookies = browser.jar.all().filter(({ name }) => name.startsWith('bridge-'));
    assert.ok(cookies.length > 0);
    for (const { httpOnly, sameSite, hostOnly } of cookies) assert.ok(httpOnly && hostOnly && sameSite !== 'none');
    const fresh = createAgent();
    await consentPage(fresh);
    assert.equal(fresh.jar.all().find(({ name }) => name.startsWith('bridge-consent-'))?.sameSite, 'strict');
  });

  it('#6 nobody comes to GitHub, or gets a code, without a page that names the client and where the answer goes', async () => {
    const named = await register(bridge.url, { client_name: 'Somebody', redirect_uris: ['http://127.0.0.1:7/cb'] });
    const app = await register(bridge.url, { client_name: 'An app', redirect_uris: ['cursor://host.name/cb'] });
    const web = await register(bridge.url, { client_name: 'A site', redirect_uris: [HTTPS_REDIRECT] });
    for (const [one, host] of [
      [named, '127.0.0.1:7'],
      [app, 'cursor://host.name'],
      [web, 'client.example'],
    ] as const) {
      const browser = createAgent();
      const page = await consentPage(browser, one);
      assert.equal(page.status, 200);
      assert.equal(page.location, undefined);
      assert.ok(page.text.includes(String(one.client_name)), page.text);
      assert.ok(page.text.includes(host), page.text);
      assert.deepEqual(
        page
          .form()
          .buttons.map(({ value }) => value)
          .sort(),
        ['allow', 'deny'],
      );
    }
  });

  it('#6 a name cannot hide the host, nor pose as another page', async () => {
    const name = `GitHub\u2028 is verified. ${'x'.repeat(150)}`;
    const loud = await register(bridge.url, { client_name: name, redirect_uris: ['https://evil.example/cb'] });
    const page = await consentPage(createAgent(), loud);
    assert.ok(page.text.includes('evil.example'));
    assert.doesNotMatch(page.text, /x{61}/);
    for (const bidi of ['\u202e', '\u2066', '\u0000', '\u0085'])
      await assert.rejects(register(bridge.url, { client_name: `a${bidi}b` }), /invalid_client_metadata/);
  });

  it('#6 a consent is remembered for that client, redirect, scope, resource and person alone', async () => {
    const browser = createAgent();
    const person = newPerson(bridge);
    const remembered = await register(bridge.url, { redirect_uris: [HTTPS_REDIRECT, `${HTTPS_REDIRECT}/2`] });
    const page = await consentPage(browser, remembered);
    const allowed = await browser.submit(page.form('/consent'), { button: 'allow', fields: { remember: '1' } });
    codeOf(await returnToClient(browser, await passGithub(browser, allowed, person)));

    const again = await consentPage(browser, remembered);
    assert.equal(again.location?.origin, new URL(bridge.github.url).origin, 'the consent was not remembered');
    const other = await register(bridge.url, { redirect_uris: [HTTPS_REDIRECT] });
    for (const [asked, what] of [
      [await consentPage(browser, other), 'another client'],
      [await consentPage(browser, remembered, { redirect_uri: `${HTTPS_REDIRECT}/2` }), 'another redirect URI'],
      [await consentPage(browser, remembered, { scope: 'read:user repo' }), 'a wider scope'],
      [await consentPage(browser, remembered, { prompt: 'consent' }), 'prompt=consent'],
      [await consentPage(createAgent(), remembered), 'another browser'],
    ] as const) {
      assert.equal(asked.location, undefined, what);
      asked.form('/consent');
    }

    // Another person comes back from GitHub: that person is asked, and GitHub's token for them is not kept.
    const stranger = newPerson(bridge);
    const switched = createAgent({ jar: browser.jar });
    for (const cookie of browser.jar.all().filter(({ name }) => !name.startsWith('bridge-')))
      browser.jar.put({ ...cookie, expires: 0 });
    const back = await returnToClient(
      switched,
      await passGithub(switched, await consentPage(switched, remembered), stranger),
    );
    assert.equal(back.location, undefined);
    back.form('/consent');
    await bridge.bridge.revocations.idle();
    assert.deepEqual(bridge.github.liveTokens({ account: stranger }), []);
  });

  it('#6 a consent is never remembered where anybody can stand: at a loopback address or an app scheme', async () => {
    for (const redirectUri of ['http://localhost:45001/callback', 'http://127.0.0.1/cb', 'cursor://host/cb']) {
      const browser = createAgent();
      const one = await register(bridge.url, { redirect_uris: [redirectUri] });
      const page = await consentPage(browser, one);
      assert.equal(
        page.form().fields.some(([name]) => name === 'remember'),
        false,
      );
      const allowed = await browser.submit(page.form('/consent'), { button: 'allow', fields: { remember: '1' } });
      await returnToClient(browser, await passGithub(browser, allowed, newPerson(bridge)));
      const again = await consentPage(browser, one);
      assert.equal(again.location, undefined, redirectUri);
      again.form('/consent');
    }
  });

  it('#7 a consent form counts only when a page of ours sent it', async () => {
    const browser = createAgent();
    const form = (await consentPage(browser)).form('/consent');
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', origin: EVIL },
      { 'sec-fetch-site': 'same-site', origin: bridge.url },
      { 'sec-fetch-site': 'none', origin: bridge.url },
      { 'sec-fetch-site': 'same-origin, cross-site', origin: bridge.url },
      { 'sec-fetch-site': undefined, origin: EVIL },
      { 'sec-fetch-site': undefined, origin: 'null' },
      { 'sec-fetch-site': undefined, origin: `${bridge.url}.evil.example` },
      { 'sec-fetch-site': undefined, origin: bridge.url.replace('localhost', '127.0.0.1') },
      { 'sec-fetch-site': undefined, origin: undefined },
      { 'sec-fetch-site': undefined, origin: undefined, referer: bridge.url },
    ]) {
      const page = await browser.submit(form, { button: 'allow', headers });
      assertNoWayOn(page, 403);
    }
    // A browser that does not send Sec-Fetch-Site sends Origin.
    const old = { 'sec-fetch-site': undefined, origin: bridge.url };
    const page = await browser.submit(form, { button: 'allow', headers: old });
    assert.equal(page.location?.origin, new URL(bridge.github.url).origin);
  });

  it('#7 a CSRF value that the attacker fetched for himself is of no use in another browser', async () => {
    const [attacker, victim] = [createAgent(), createAgent()];
    const own = (await consentPage(attacker)).form('/consent');
    const form = (await consentPage(victim)).form('/consent');
    const [ownFields, fields] = [Object.fromEntries(own.fields), Object.fromEntries(form.fields)];
    for (const changed of [
      ownFields,
      { request: fields.request, csrf: ownFields.csrf },
      { request: ownFields.request, csrf: fields.csrf },
      { request: fields.request, csrf: '' },
      { request: fields.request, csrf: undefined },
      { request: undefined, csrf: fields.csrf },
      { request: `${fields.request}x`, csrf: fields.csrf },
    ])
      for (const button of ['allow', 'deny'])
        assertNoWayOn(await victim.submit(form, { button, fields: changed }), 400);
    // The attacker cannot answer the victim's consent page in his own browser either.
    assertNoWayOn(await attacker.submit(form, { button: 'allow' }), 400);
    // After all that the victim can still decide.
    const page = await victim.submit(form, { button: 'allow' });
    assert.equal(page.location?.origin, new URL(bridge.github.url).origin);
  });

  it('#7 a decision is taken once, however parallel: a second click on Allow leads to the same place or nowhere', async () => {
    for (const buttons of [['allow'], ['allow', 'deny'], ['deny', 'allow'], ['deny']]) {
      const browser = createAgent();
      const form = (await consentPage(browser)).form('/consent');
      const cookie = browser.jar.header(new URL(bridge.url));
      const pages = await atOnce(10, (index) =>
        createAgent().submit(form, { button: buttons[index % buttons.length] ?? '', headers: { cookie } }),
      );
      const places = pages.flatMap(({ location }) => location?.href ?? []);
      assert.equal(new Set(places).size, 1, buttons.join());
      if (places[0]?.includes('error=access_denied')) assert.equal(places.length, 1);
      // The other decision after the first one is refused.
      const [, other = 'deny'] = places[0]?.includes('error=access_denied') ? ['', 'allow'] : [];
      assertNoWayOn(await createAgent().submit(form, { button: other, headers: { cookie } }), 400);
    }
  });

  it('#7 no page of ours can be framed, run a script or be read by another origin', async () => {
    const browser = createAgent();
    for (const page of [
      await consentPage(browser),
      await browser.get(`${bridge.url}/account`),
      await browser.get(`${bridge.url}/`),
      await browser.get(`${bridge.url}/authorize`),
      await browser.get(`${bridge.url}/nothing-here`),
      await browser.get(`${bridge.url}/github/callback`),
      await consentPage(browser, client, { response_type: 'token' }),
    ]) {
      const policy = page.headers.get('content-security-policy') ?? '';
      assert.match(policy, /(^|;)default-src 'none'(;|$)/);
      assert.match(policy, /(^|;)frame-ancestors 'none'(;|$)/);
      assert.match(policy, /(^|;)base-uri 'none'(;|$)/);
      assert.doesNotMatch(policy, /script-src|unsafe/);
      assert.equal(page.headers.get('x-frame-options'), 'DENY');
      assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(page.headers.get('referrer-policy'), 'same-origin');
    }
    for (const path of ['/authorize', '/consent', '/account', '/introspect', '/'])
      for (const method of ['GET', 'OPTIONS']) {
        const headers = { origin: bridge.url, 'access-control-request-method': 'POST' };
        const page = await browser.request(`${bridge.url}${path}`, { method, headers });
        assert.equal(page.headers.get('access-control-allow-origin'), null, `${method} ${path}`);
      }
  });

  it('#7 nothing that a stranger sends becomes markup', async () => {
    const HARMLESS = 'harmless';
    const payloads = [
      '"><script>alert(1)</script>',
      "'><img src=x onerror=alert(1)>",
      '<%= process.exit() %>',
      '</title><svg onload=alert(1)>',
      '{name}`code`',
      'javascript:alert(1)',
    ];
    // The tags and attributes that our pages contain: markup that was injected would add another one.
    const shapes = (page: Page) =>
      [...page.html.matchAll(/<([a-z][a-z0-9]*)((?:[^>"']|"[^"]*"|'[^']*')*)>/gi)].map(([, tag, attributes = '']) =>
        [tag, ...attributes.replace(/"[^"]*"|'[^']*'/g, '').matchAll(/[^\s=/]+/g)].join(' ').toLowerCase(),
      );
    const ours = new Set<string>();
    const assertInert = (page: Page, what: string) => {
      for (const shape of shapes(page)) {
        if (what === HARMLESS) ours.add(shape);
        else assert.ok(ours.has(shape), `${what}: <${shape}>`);
      }
      assert.doesNotMatch(page.html, /(?:href|src|action|content)="[^"]*javascript:/i, what);
    };
    for (const payload of [HARMLESS, ...payloads]) {
      const browser = createAgent();
      const named = await register(bridge.url, {
        client_name: payload,
        client_uri: 'https://client.example/"><script>',
        redirect_uris: ['http://localhost:45001/callback', 'cursor://host/cb'],
      });
      const hostile = {
        state: payload,
        scope: `read:user ${payload}`,
        ui_locales: payload,
        login_hint: payload,
        nonce: payload,
      };
      const page = await consentPage(browser, named, hostile);
      assertInert(page, payload);
      // Cancel sends the state back; an app gets it through a page of ours.
      const app = await consentPage(browser, named, { ...hostile, redirect_uri: 'cursor://host/cb' });
      const returned = await browser.submit(app.form('/consent'), { button: 'deny' });
      assert.equal(returned.status, 200);
      assertInert(returned, payload);
      // GitHub's answer: anybody can write these parameters into the address.
      const { callback } = await atCallback(browser, 'octocat', named);
      callback.searchParams.delete('code');
      callback.searchParams.set('error', payload);
      callback.searchParams.set('error_description', payload);
      assertInert(await browser.get(callback), payload);
      for (const query of [
        `client_id=${encodeURIComponent(payload)}`,
        `${encodeURIComponent(payload)}=1&${encodeURIComponent(payload)}=2`,
        `client_id=${named.client_id}&redirect_uri=${encodeURIComponent(payload)}`,
      ])
        assertInert(await browser.get(`${bridge.url}/authorize?${query}`), payload);
      assertInert(await browser.get(`${bridge.url}/account?notice=${encodeURIComponent(payload)}`), payload);
      assertInert(await browser.get(`${bridge.url}/${encodeURIComponent(payload)}`), payload);
    }
  });

  /** Signs in to the account page. */
  async function account(person: string): Promise<{ browser: Agent; page: Page }> {
    const browser = createAgent();
    const start = await browser.get(`${bridge.url}/account`);
    const toGithub = await browser.submit(start.form('/account/sign-in'));
    const back = await returnToClient(browser, await passGithub(browser, toGithub, person));
    return { browser, page: await browser.follow(back) };
  }

  it('#7 the account page takes no form from elsewhere, and none with a CSRF value of somebody else', async () => {
    const person = newPerson(bridge);
    const { tokens } = await connect(bridge.url, { login: person });
    const { browser, page } = await account(person);
    const attacker = await account('hubot');
    const theirs = Object.fromEntries(attacker.page.form('/account/sign-out').fields).csrf;
    assert.ok(theirs);
    for (const path of ['/account/disconnect', '/account/disconnect-all', '/account/sign-out']) {
      const form = page.form(path);
      for (const headers of [
        { 'sec-fetch-site': 'cross-site', origin: EVIL },
        { 'sec-fetch-site': undefined, origin: 'null' },
      ])
        assert.equal((await browser.submit(form, { headers })).status, 403, path);
      for (const csrf of [undefined, '', theirs]) {
        const answer = await browser.submit(form, { fields: { csrf } });
        assert.equal(answer.status, 403, `${path} with ${csrf}`);
      }
      assert.equal((await createAgent().submit(form)).status, 400, `${path} signed out`);
    }
    assert.equal((await createAgent().request(`${bridge.url}/account/sign-in`, { method: 'POST' })).status, 403);
    assert.equal(await works(bridge, tokens), true);
    assert.ok((await browser.get(`${bridge.url}/account`)).text.includes('Test client'));
  });

  it("#7 nobody ends another person's session at his own account page", async () => {
    const person = newPerson(bridge);
    const { tokens } = await connect(bridge.url, { login: person });
    const session = Object.fromEntries((await account(person)).page.form('/account/disconnect').fields).session;
    assert.ok(session);
    const attacker = newPerson(bridge);
    await connect(bridge.url, { login: attacker });
    const { browser, page } = await account(attacker);
    assert.equal((await browser.submit(page.form('/account/disconnect'), { fields: { session } })).status, 303);
    assert.equal(await works(bridge, tokens), true);
  });

  it('#7 a person who is no administrator sees and ends nothing as one', async () => {
    const person = newPerson(bridge);
    const { tokens } = await connect(bridge.url, { login: person });
    const session = Object.fromEntries((await account(person)).page.form('/account/disconnect').fields).session;
    const { browser, page } = await account('hubot');
    const csrf = Object.fromEntries(page.form('/account/sign-out').fields).csrf ?? '';
    const anonymous = createAgent();
    const missing = await anonymous.get(`${bridge.url}/nothing-here`);
    for (const agent of [browser, anonymous]) {
      const looked = await agent.get(`${bridge.url}/account/sessions`);
      assert.equal(looked.status, 404);
      // The page is sealed anew each time, for the button of the other language; the length of the seal tells nothing either.
      const withoutReference = ({ html }: Page) =>
        html
          .replace(/(?<=<code class="all">)[0-9a-z]{12}(?=<)/, '')
          .replace(/(?<=name="language:\w+" value=")[^"]+/, (sealed) => `${sealed.length} characters`);
      assert.equal(withoutReference(looked), withoutReference(missing));
    }
    const body = new URLSearchParams({ session: session ?? '', csrf });
    const revoked = await browser.request(`${bridge.url}/account/sessions/revoke`, {
      method: 'POST',
      body,
      from: page,
    });
    assert.equal(revoked.status, 404);
    for (const tool of ['list_sessions', 'revoke_session', 'get_session_stats']) {
      const { result, text } = await callTool(bridge.url, tokens.access_token, tool, { session });
      assert.equal(result?.structuredContent, undefined, tool);
      assert.match(text, /not found|unknown tool/i, tool);
    }
    assert.equal(await works(bridge, tokens), true);
    // An administrator sees it, so the checks above can fail.
    const admin = await account('monalisa');
    const list = await admin.browser.get(`${bridge.url}/account/sessions?query=${person}`);
    const form = list.forms().find(({ fields }) => fields.some(([, value]) => value === session));
    assert.ok(form, list.text);
    assert.equal((await admin.browser.submit(form, { fields: { csrf } })).status, 403);
    assert.equal((await admin.browser.submit(form)).status, 303);
    assert.equal(await works(bridge, tokens), false);
  });

  it('#7 a sealed cookie is not accepted as another one: a person who was here before is not signed in by that', async () => {
    const browser = createAgent();
    await login(bridge.url, client, { browser, login: 'octocat' });
    const person = browser.jar.get('bridge-person');
    assert.ok(person);
    browser.jar.put({ ...person, name: 'bridge-account' });
    const page = await browser.get(`${bridge.url}/account`);
    assert.equal(page.status, 200);
    page.form('/account/sign-in');
  });
});
