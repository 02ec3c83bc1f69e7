// The page that asks the person to connect, and its form (design decision 11). The endpoint is in
// test/oauth/endpoints/connect.test.ts, attacks are in test/threats/cookie-planting.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CompletedLogin } from '../../../src/oauth/login/completion.ts';
import { createConnectPage } from '../../../src/oauth/login/connect-page.ts';
import { createResources } from '../../../src/oauth/resource-indicators.ts';
import { parseParameters } from '../../../src/protocol/parameters.ts';
import { createCookies } from '../../../src/security/cookies.ts';
import { createSecrets } from '../../../src/security/secrets.ts';
import { PageError } from '../../../src/web/page-error.ts';
import { useApp } from '../../protocol/use-app.ts';
import { createAgent } from '../../support/agent.ts';
import { makeWeb } from '../../support/web.ts';

const COMPLETED: CompletedLogin = {
  id: 'login',
  login: {
    purpose: 'client',
    upstreamScope: ['read:user'],
    request: {
      clientId: 'client',
      clientName: 'An app',
      refreshable: true,
      redirectUri: 'http://localhost:4711/cb',
      redirectUriSent: true,
      codeChallenge: 'challenge',
      scope: ['read:user'],
      resource: 'http://localhost/mcp/notes',
      recipient: { address: 'https://notes.example/mcp', credential: 'github' },
      state: 'a state',
    },
  },
  remember: false,
  ref: { person: 'person', grant: 'grant' },
  code: 'mgc_secret',
  githubId: 1,
  githubLogin: 'octocat',
  scope: ['read:user'],
};

describe('the page that connects', () => {
  let time = 1_800_000_000;
  const now = () => time;
  const secrets = createSecrets(['a test secret that is long enough and no secret at all']);
  const cookies = createCookies(false, secrets, now);
  const web = makeWeb();
  const resources = createResources({ publicUrl: 'http://localhost', scopes: [], upstreams: [], others: [] });
  const connectPage = createConnectPage({ resources, secrets, cookies, web, now });
  const url = useApp((ctx) => {
    if (ctx.path === '/show') return connectPage.show(ctx, COMPLETED);
    try {
      ctx.body = connectPage.read(ctx, parseParameters(ctx.querystring));
    } catch (error) {
      if (!(error instanceof PageError)) throw error;
      ctx.body = { refused: error.kind };
    }
    return undefined;
  });

  async function shown() {
    const browser = createAgent();
    const page = await browser.get(`${url()}/show`);
    const fields = Object.fromEntries(page.form('/connect').fields);
    const read = async (changes: Record<string, string> = {}, as = browser): Promise<unknown> =>
      (await as.get(`${url()}/read?${new URLSearchParams({ ...fields, ...changes })}`)).json();
    return { page, read, browser };
  }

  it('shows who connects what, and the login only sealed', async () => {
    const { page } = await shown();
    for (const words of ['An app', '@octocat', 'localhost:4711', 'notes.example'])
      assert.ok(page.text.includes(words), words);
    for (const secret of ['mgc_secret', 'a state']) assert.equal(page.html.includes(secret), false, secret);
  });

  it('gives the login back, as often as the form is sent in five minutes', async () => {
    const { read } = await shown();
    for (let click = 0; click < 2; click++) assert.deepEqual(await read(), COMPLETED);
    time += 299;
    assert.deepEqual(await read(), COMPLETED);
    time += 2;
    assert.deepEqual(await read(), { refused: 'expired_request' });
  });

  it('gives it to no other browser, and for no other form', async () => {
    const [one, other] = [await shown(), await shown()];
    assert.deepEqual(await one.read({}, other.browser), { refused: 'other_browser' });
    const [mine] = one.page.form('/connect').fields.filter(([name]) => name === 'login');
    assert.deepEqual(await other.read({ login: mine?.[1] ?? '' }), { refused: 'forged_form' });
    for (const login of ['', 'x', 's1.x.y']) assert.deepEqual(await one.read({ login }), { refused: 'forged_form' });
    for (const request of ['', '../x', 'A'.repeat(22)])
      assert.deepEqual(await one.read({ request }), { refused: 'other_browser' });
  });
});
