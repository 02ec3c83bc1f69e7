// The web flow at GitHub: what the person's browser is sent there with, and what is believed of what it brings back; at
// github.com and at an Enterprise Server.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { readConfig } from '../../src/config/config.ts';
import { createAgent } from '../support/agent.ts';
import { bridgeFor, onBothStores, type TestBridge, type TestBridgeOptions } from '../support/bridge.ts';
import { authorizationUrl, authorizeInBrowser, passGithub, pkce, register } from '../support/oauth.ts';
import { connect, GITHUB_APP, loginIn, SHORT, TOKEN_ENDPOINT, withLongTokens } from './fixtures.ts';

onBothStores('the way to GitHub and back', (store) => {
  const start = (t: TestContext, options: Omit<TestBridgeOptions, 'store'> = {}) =>
    bridgeFor(t, withLongTokens({ store, timeouts: SHORT, ...options }));

  /** Where consent sends the browser. */
  async function addressAtGithub(bridge: TestBridge, parameters: Record<string, string>): Promise<URLSearchParams> {
    const browser = createAgent();
    const url = authorizationUrl(bridge.url, await register(bridge.url), pkce().challenge, parameters);
    const sent = await browser.submit((await browser.get(url)).form('/consent'), { button: 'allow' });
    assert.equal(`${sent.location?.origin}${sent.location?.pathname}`, `${bridge.github.url}/login/oauth/authorize`);
    return new URLSearchParams(sent.location?.search);
  }

  it('goes with state, PKCE and the registered callback, and nothing that was not asked for', async (t) => {
    const bridge = await start(t);
    const parameters = await addressAtGithub(bridge, {});
    assert.deepEqual(Object.fromEntries([...parameters].filter(([name]) => !/^(state|code_challenge)$/.test(name))), {
      client_id: bridge.config.github.clientId,
      redirect_uri: `${bridge.url}/github/callback`,
      scope: 'read:user',
      code_challenge_method: 'S256',
    });
    assert.match(parameters.get('code_challenge') ?? '', /^[A-Za-z0-9_-]{43}$/);
    assert.ok((parameters.get('state') ?? '').length >= 43);
    const again = await addressAtGithub(bridge, {});
    for (const name of ['state', 'code_challenge']) assert.notEqual(again.get(name), parameters.get(name), name);
  });

  it('lets the person choose the account on request, and suggests the one named', async (t) => {
    const bridge = await start(t);
    for (const prompt of ['select_account', 'login', 'consent select_account']) {
      const parameters = await addressAtGithub(bridge, { prompt, login_hint: 'monalisa' });
      assert.equal(parameters.get('prompt'), 'select_account', prompt);
      assert.equal(parameters.get('login'), 'monalisa');
    }
    assert.equal((await addressAtGithub(bridge, { prompt: 'consent' })).get('prompt'), null);
  });

  it('switches accounts in one browser when the client asks for a choice', async (t) => {
    const bridge = await start(t);
    const browser = createAgent();
    await connect(bridge, { browser, login: 'octocat' });
    const person = await connect(bridge, { browser, login: 'octocat' });
    assert.equal(loginIn(await person.profile()), 'octocat');
    const page = await browser.get(
      authorizationUrl(bridge.url, await register(bridge.url), pkce().challenge, { prompt: 'select_account' }),
    );
    const toGithub = await browser.submit(page.form('/consent'), { button: 'allow' });
    const picker = await browser.followAll(toGithub);
    assert.match(picker.text, /octocat/);
    assert.ok(picker.forms().length > 0, 'GitHub asks which account');
  });

  describe('the issuer that GitHub names in its callback', () => {
    it('may be missing', async (t) => {
      const bridge = await start(t, { github: { issInCallback: false } });
      assert.equal(loginIn(await (await connect(bridge)).profile()), 'octocat');
    });

    it('may be right', async (t) => {
      const bridge = await start(t, { github: { issInCallback: true } });
      assert.equal(loginIn(await (await connect(bridge)).profile()), 'octocat');
    });

    it('may not be another, and then the code is not redeemed', async (t) => {
      for (const iss of ['https://evil.example/login/oauth', 'https://github.com/login/oauth']) {
        const bridge = await start(t, { github: { issInCallback: iss } });
        const { answer } = await authorizeInBrowser(bridge.url, await register(bridge.url));
        assert.equal(answer.status, 500);
        const [, url = ''] = /^10; url=(.*)$/.exec(answer.headers.get('refresh') ?? '') ?? [];
        assert.equal(new URL(url).searchParams.get('error'), 'server_error');
        assert.equal(new URL(url).searchParams.get('state'), 'state-of-the-client');
        assert.equal(new URL(url).searchParams.get('iss'), bridge.url);
        assert.deepEqual(bridge.github.callsTo('POST', TOKEN_ENDPOINT), []);
      }
    });

    it('counts for errors as well', async (t) => {
      const bridge = await start(t, { github: { issInCallback: 'https://evil.example' } });
      const { answer } = await authorizeInBrowser(bridge.url, await register(bridge.url), { github: 'cancel' });
      assert.equal(answer.status, 500);
    });
  });

  it('brings a code that needs the verifier of this very login', async (t) => {
    const bridge = await start(t);
    await connect(bridge);
    const [exchange] = bridge.github.callsTo('POST', TOKEN_ENDPOINT);
    assert.equal(exchange?.pkce, true);
    // A code of another login of the same person, put into this one's callback.
    const client = await register(bridge.url);
    const browser = createAgent();
    const backs: URL[] = [];
    for (let login = 0; login < 2; login++) {
      const page = await browser.get(authorizationUrl(bridge.url, client, pkce().challenge));
      const toGithub = await browser.submit(page.form('/consent'), { button: 'allow' });
      const back = (await passGithub(browser, toGithub, 'octocat')).location;
      assert.ok(back !== undefined);
      backs.push(back);
    }
    const [first, second] = backs;
    assert.ok(first !== undefined && second !== undefined);
    first.searchParams.set('code', second.searchParams.get('code') ?? '');
    const answer = await browser.get(first);
    assert.equal(answer.status, 400);
    assert.match(answer.headers.get('refresh') ?? '', /error=server_error/);
  });

  describe('at an Enterprise Server', () => {
    it('works with GITHUB_URL alone, where PKCE and prompt are unknown', async (t) => {
      const bridge = await start(t, { github: { enterprise: true } });
      assert.equal(bridge.config.github.apiUrl, `${bridge.github.url}/api/v3`);
      const person = await connect(bridge, {
        login: 'monalisa',
        scope: 'repo',
        parameters: { prompt: 'select_account', login_hint: 'monalisa' },
      });
      assert.equal(loginIn(await person.profile()), 'monalisa');
      assert.equal((await person.call('list_repositories')).result?.isError, undefined);
      assert.equal((await person.refresh()).status, 200);
      await person.revoke();
      assert.deepEqual(bridge.github.liveTokens(), []);
    });

    it('refreshes what expires there', async (t) => {
      const bridge = await start(t, {
        github: { enterprise: true },
        app: GITHUB_APP,
      });
      const person = await connect(bridge);
      bridge.advance(28_801);
      assert.equal(loginIn(await person.profile()), 'octocat');
    });
  });
});

describe('the addresses of GitHub', () => {
  const addresses = (env: Record<string, string>) => {
    const { url, apiUrl } = readConfig({ GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret', ...env }).github;
    return [url, apiUrl];
  };

  it('follow from GITHUB_URL alone', () => {
    assert.deepEqual(addresses({}), ['https://github.com', 'https://api.github.com']);
    assert.deepEqual(addresses({ GITHUB_URL: 'https://git.example.com/' }), [
      'https://git.example.com',
      'https://git.example.com/api/v3',
    ]);
  });
});
