// GitHub's OAuth endpoints: the address to which the browser is sent, and the meaning of the answers of the token endpoint, the
// reset and the revocation.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createGithubOAuth,
  type GithubOAuth,
  GithubRefusal,
  type GithubTokens,
  GithubUnavailable,
} from '../../src/github/oauth-app.ts';
import { TIMEOUTS } from '../../src/github/timeouts.ts';
import { EventBus } from '../../src/observe/events.ts';
import { createAgent } from '../support/agent.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { type Listening, listen } from '../support/listen.ts';
import { authorizationUrl, logIn, pkce, register } from '../support/oauth.ts';
import { TOKEN_ENDPOINT } from './fixtures.ts';

onBothStores('the address at GitHub to which a login sends the browser', (store) => {
  const bridge = useBridge({ store });

  /** The parameters of the address to which the consent page sends the browser. */
  async function addressAtGithub(parameters: Record<string, string>): Promise<URLSearchParams> {
    const browser = createAgent();
    const url = authorizationUrl(bridge.url, await register(bridge.url), pkce().challenge, parameters);
    const sent = await browser.submit((await browser.get(url)).form('/consent'), { button: 'allow' });
    assert.equal(`${sent.location?.origin}${sent.location?.pathname}`, `${bridge.github.url}/login/oauth/authorize`);
    return new URLSearchParams(sent.location?.search);
  }

  it('has state, PKCE, the registered callback and the scope, and nothing else', async () => {
    const parameters = await addressAtGithub({});
    assert.deepEqual(Object.fromEntries([...parameters].filter(([name]) => !/^(state|code_challenge)$/.test(name))), {
      client_id: bridge.config.github.clientId,
      redirect_uri: `${bridge.url}/github/callback`,
      scope: 'read:user',
      code_challenge_method: 'S256',
    });
    assert.match(parameters.get('code_challenge') ?? '', /^[A-Za-z0-9_-]{43}$/);
    assert.ok((parameters.get('state') ?? '').length >= 43);
    const again = await addressAtGithub({});
    for (const name of ['state', 'code_challenge']) assert.notEqual(again.get(name), parameters.get(name), name);
  });

  it('leads to a login although GitHub closes the connection of the code exchange once', async () => {
    bridge.github.fault({ kind: 'drop', path: TOKEN_ENDPOINT });
    await logIn(bridge.url, await register(bridge.url));
    assert.equal(bridge.github.callsTo('POST', TOKEN_ENDPOINT).length, 2);
  });

  it('asks for a choice of account when the client does, and suggests the login that it names', async () => {
    for (const prompt of ['select_account', 'login', 'consent select_account']) {
      const parameters = await addressAtGithub({ prompt, login_hint: 'monalisa' });
      assert.equal(parameters.get('prompt'), 'select_account', prompt);
      assert.equal(parameters.get('login'), 'monalisa');
    }
    assert.equal((await addressAtGithub({ prompt: 'consent' })).get('prompt'), null);
  });
});

describe("GitHub's OAuth endpoints", () => {
  /** The next answer of the endpoint. */
  let answer: { status: number; headers?: Record<string, string>; body: string };
  /** How many of the next requests find their connection closed, and how many requests there were. */
  let closed = 0;
  let requests = 0;
  let github: Listening;
  let oauth: GithubOAuth;
  before(async () => {
    github = await listen((request, response) => {
      requests += 1;
      if (closed > 0) {
        closed -= 1;
        request.socket.destroy();
      } else if (request.url === '/elsewhere') response.end('{"access_token":"of somebody else"}');
      else response.writeHead(answer.status, answer.headers).end(answer.body);
    });
    const { url } = github;
    const app = { clientId: 'id', clientSecret: 'secret', callbackUrl: 'http://localhost/github/callback' };
    oauth = createGithubOAuth({ ...app, url, apiUrl: url, events: new EventBus() });
  });
  after(() => github.close());

  /** Exchanges a code; GitHub gives this answer. */
  function exchanged(body: unknown, status = 200, headers: Record<string, string> = {}): Promise<GithubTokens> {
    answer = { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) };
    return oauth.exchange('code', 'verifier');
  }

  it('give tokens with their lifetimes and scopes', async () => {
    const pair = {
      access_token: 'ghu_a',
      refresh_token: 'ghr_b',
      expires_in: 28800,
      refresh_token_expires_in: '15897600',
    };
    assert.deepEqual(await exchanged({ ...pair, scope: 'repo,read:user' }), {
      accessToken: 'ghu_a',
      refreshToken: 'ghr_b',
      expiresIn: 28800,
      refreshExpiresIn: 15897600,
      scope: ['repo', 'read:user'],
    });
  });

  it('give tokens although members are empty, null or of another type', async () => {
    const odd = { refresh_token: '', expires_in: null, refresh_token_expires_in: 'never', scope: 7 };
    assert.deepEqual(await exchanged({ access_token: 'gho_a', ...odd }), { accessToken: 'gho_a' });
  });

  it('refuse with an error in an answer of status 200', async () => {
    await assert.rejects(exchanged({ error: 'bad_verification_code' }), (error: unknown) => {
      assert.ok(error instanceof GithubRefusal);
      assert.equal(error.code, 'bad_verification_code');
      return true;
    });
  });

  for (const [what, body, status] of [
    ['an error of status 500', { error: 'server_error' }, 500],
    ['an error of status 429', { error: 'slow_down' }, 429],
    ['a page', '<h1>Unicorn!</h1>', 200],
    ['an answer without a token', {}, 200],
    ['a token that no header can hold', { access_token: 'gho_a\n\u00e9' }, 200],
    ['a token with a space', { access_token: 'gho a' }, 200],
    ['a token, but status 403', { access_token: 'gho_a' }, 403],
    ['a redirect', '', 302],
    ['an answer longer than 64 KB', JSON.stringify({ access_token: 'a', junk: 'x'.repeat(65_536) }), 200],
  ] as const)
    it(`are unavailable, which refuses nothing, when they answer with ${what}`, () =>
      assert.rejects(exchanged(body, status, { location: '/elsewhere' }), GithubUnavailable));

  it('say after how many seconds to try again', async () => {
    await assert.rejects(exchanged('', 503, { 'retry-after': '17' }), { name: 'GithubUnavailable', retryAfter: 17 });
    await assert.rejects(exchanged('', 503), { name: 'GithubUnavailable', retryAfter: undefined });
  });

  it('get a code once more when the connection closed without an answer, and only a code, and only once', async () => {
    closed = 1;
    assert.deepEqual(await exchanged({ access_token: 'gho_a' }), { accessToken: 'gho_a' });
    for (const [attempt, tries, words] of [
      [() => oauth.exchange('code', 'verifier'), 2, 'a code'],
      [() => oauth.refresh('ghr_b'), 1, 'a refresh token'],
      [() => oauth.reset('gho_a'), 1, 'a reset'],
    ] as const) {
      [closed, requests] = [Number.POSITIVE_INFINITY, 0];
      await assert.rejects(attempt(), { name: 'GithubUnavailable', message: /: other side closed$/ }, words);
      assert.equal(requests, tries, words);
    }
    closed = 0;
  });

  it('get a code once when they do not answer in time', async (t) => {
    const silent = await listen(() => {
      requests += 1;
    });
    t.after(silent.close);
    const app = { clientId: 'id', clientSecret: 'secret', callbackUrl: 'http://localhost/github/callback' };
    const timeouts = { ...TIMEOUTS, oauth: 50 };
    const slow = createGithubOAuth({ ...app, url: silent.url, apiUrl: silent.url, events: new EventBus(), timeouts });
    requests = 0;
    await assert.rejects(slow.exchange('code', 'verifier'), GithubUnavailable);
    assert.equal(requests, 1);
  });

  it('give a new token for an old one', async () => {
    const reset = (status: number, body: unknown) => {
      answer = { status, body: typeof body === 'string' ? body : JSON.stringify(body) };
      return oauth.reset('gho_old');
    };
    assert.deepEqual(await reset(200, { token: 'gho_new', scopes: ['repo'], expires_at: null }), {
      accessToken: 'gho_new',
    });
    for (const status of [404, 422])
      await assert.rejects(reset(status, {}), { name: 'GithubRefusal', code: 'unknown_token', isAboutToken: true });
    await assert.rejects(reset(401, {}), {
      name: 'GithubRefusal',
      code: 'incorrect_client_credentials',
      isAboutToken: false,
    });
    for (const [status, body] of [
      [500, ''],
      [429, ''],
      [204, ''],
      [302, ''],
      [200, ''],
      [200, '<h1>Unicorn!</h1>'],
      [200, { token: '' }],
      [200, { token: 'gho new' }],
      [200, { access_token: 'gho_new' }],
    ] as const)
      await assert.rejects(reset(status, body), GithubUnavailable, `${status} ${JSON.stringify(body)}`);
  });

  it('tell a revoked token, one that was dead before, and a refusal of the app apart', async () => {
    const revoked = (status: number) => {
      answer = { status, body: '' };
      return oauth.revoke('gho_a');
    };
    assert.equal(await revoked(204), true);
    assert.equal(await revoked(404), false);
    assert.equal(await revoked(422), false);
    await assert.rejects(revoked(401), GithubRefusal);
    for (const status of [200, 500]) await assert.rejects(revoked(status), GithubUnavailable);
  });
});
