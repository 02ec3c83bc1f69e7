/**
 * The simulated token endpoint: codes, PKCE, refresh, formats, errors, and how long tokens live.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALLBACK, GITHUB_APP, HOUR, OAUTH_APP, pkcePair, startGitHub } from './simulator.ts';

test('an OAuth App gets a gho_ token that does not expire', async (t) => {
  const { logIn, clock, rest } = await startGitHub(t);
  const answer = await logIn('read:user');
  assert.match(String(answer.access_token), /^gho_[A-Za-z0-9]{36}$/);
  assert.deepEqual(Object.keys(answer).sort(), ['access_token', 'scope', 'token_type']);
  clock.now += 24 * 365 * HOUR;
  assert.equal((await rest('/user', answer.access_token)).status, 200);
});

test('the answer of the token endpoint is form-encoded unless JSON or XML is asked for', async (t) => {
  const { url, authorize } = await startGitHub(t);
  const ask = async (accept: string) => {
    const code = (await authorize({ scope: 'repo gist' })).get('code') ?? '';
    const { clientId: client_id, clientSecret: client_secret } = OAUTH_APP;
    const body = new URLSearchParams({ client_id, client_secret, code });
    const init = { method: 'POST', body, headers: { Accept: accept } };
    const response = await fetch(`${url}/login/oauth/access_token`, init);
    return { type: response.headers.get('content-type') ?? '', text: await response.text() };
  };
  const form = await ask('*/*');
  assert.match(form.type, /^application\/x-www-form-urlencoded/);
  assert.match(form.text, /^access_token=gho_\w+&scope=gist%2Crepo&token_type=bearer$/);
  assert.match((await ask('application/xml')).text, /^<OAuth>.*<scope>gist,repo<\/scope>.*<\/OAuth>$/);
  assert.match((await ask('application/json')).type, /^application\/json/);
});

test('the token endpoint accepts parameters as JSON too', async (t) => {
  const { url, authorize } = await startGitHub(t);
  const code = (await authorize()).get('code');
  const { clientId: client_id, clientSecret: client_secret } = OAUTH_APP;
  const response = await fetch(`${url}/login/oauth/access_token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ client_id, client_secret, code }),
  });
  assert.match(await response.text(), /"access_token":"gho_/);
});

test('a code works once', async (t) => {
  const { authorize, exchange } = await startGitHub(t);
  const code = (await authorize()).get('code') ?? '';
  assert.ok((await exchange({ code })).access_token);
  const again = await exchange({ code });
  assert.equal(again.error, 'bad_verification_code');
  assert.equal(again.error_description, 'The code passed is incorrect or expired.');
  assert.match(String(again.error_uri), /#bad-verification-code$/);
});

test('two exchanges of one code at once give one token', async (t) => {
  const { github, authorize, exchange } = await startGitHub(t);
  const code = (await authorize()).get('code') ?? '';
  const answers = await Promise.all([exchange({ code }), exchange({ code })]);
  assert.equal(answers.filter((answer) => answer.error === 'bad_verification_code').length, 1);
  assert.equal(github.liveTokens().length, 1);
});

test('a code expires after ten minutes', async (t) => {
  const { authorize, exchange, clock } = await startGitHub(t);
  const early = (await authorize()).get('code') ?? '';
  const late = (await authorize()).get('code') ?? '';
  clock.now += 599_999;
  assert.ok((await exchange({ code: early })).access_token);
  clock.now += 1;
  assert.equal((await exchange({ code: late })).error, 'bad_verification_code');
});

test('a code belongs to the app it was made for', async (t) => {
  const { authorize, exchange } = await startGitHub(t);
  const code = (await authorize()).get('code') ?? '';
  assert.equal((await exchange({ code }, GITHUB_APP)).error, 'bad_verification_code');
  assert.ok((await exchange({ code })).access_token, 'and is not used up by another');
});

test('wrong client credentials are an error with status 200', async (t) => {
  const { authorize, exchange } = await startGitHub(t);
  const code = (await authorize()).get('code') ?? '';
  assert.equal((await exchange({ code, client_secret: 'wrong' })).error, 'incorrect_client_credentials');
  assert.equal((await exchange({ code, client_id: 'nobody' })).error, 'incorrect_client_credentials');
  assert.ok((await exchange({ code })).access_token);
});

test('an exchange with another redirect_uri than the authorization had is a mismatch', async (t) => {
  const { authorize, exchange } = await startGitHub(t);
  const code = (await authorize({ redirect_uri: CALLBACK })).get('code') ?? '';
  assert.equal((await exchange({ code, redirect_uri: `${CALLBACK}/else` })).error, 'redirect_uri_mismatch');
  assert.equal((await exchange({ code, redirect_uri: 'https://evil.example' })).error, 'redirect_uri_mismatch');
  assert.ok((await exchange({ code, redirect_uri: CALLBACK })).access_token);
});

test('a code with a challenge needs its verifier', async (t) => {
  const { authorize, exchange } = await startGitHub(t);
  const { verifier, challenge } = pkcePair();
  const code = async () => (await authorize({ ...challenge })).get('code') ?? '';
  assert.ok((await exchange({ code: await code(), code_verifier: verifier })).access_token);
  assert.equal((await exchange({ code: await code() })).error, 'bad_verification_code');
  const wrong = pkcePair().verifier;
  assert.equal((await exchange({ code: await code(), code_verifier: wrong })).error, 'bad_verification_code');
});

test('an Enterprise Server ignores PKCE', async (t) => {
  const { authorize, exchange } = await startGitHub(t, { enterprise: true });
  const code = (await authorize({ ...pkcePair().challenge })).get('code') ?? '';
  assert.ok((await exchange({ code, code_verifier: 'anything' })).access_token);
});

test('a person without a verified primary e-mail address gets no token', async (t) => {
  const { github, authorize, exchange } = await startGitHub(t);
  github.account('hubot').emails = [{ email: 'h@example.com', primary: true, verified: false, visibility: null }];
  const code = (await authorize({}, { login: 'hubot' })).get('code') ?? '';
  assert.equal((await exchange({ code })).error, 'unverified_user_email');
});

test('another grant type is unsupported', async (t) => {
  const { exchange } = await startGitHub(t);
  assert.equal((await exchange({ grant_type: 'password' })).error, 'unsupported_grant_type');
});

test('a GitHub App gets a ghu_ token of eight hours, a refresh token, and no scope', async (t) => {
  const { github, logIn, rest, clock } = await startGitHub(t);
  const answer = await logIn('repo user', GITHUB_APP);
  assert.match(String(answer.access_token), /^ghu_\w{36}$/);
  assert.match(String(answer.refresh_token), /^ghr_\w{76}$/);
  assert.equal(answer.expires_in, 28_800);
  assert.equal(answer.refresh_token_expires_in, 15_897_600);
  assert.equal(answer.scope, '');
  clock.now += 8 * HOUR - 1;
  assert.equal((await rest('/user', answer.access_token)).status, 200);
  clock.now += 1;
  assert.equal((await rest('/user', answer.access_token)).status, 401);
  assert.deepEqual(github.liveTokens(), []);
});

test('a refresh gives a new pair and ends both old tokens', async (t) => {
  const { github, logIn, exchange, rest } = await startGitHub(t);
  const first = await logIn('', GITHUB_APP);
  const refresh = (token: unknown) =>
    exchange({ grant_type: 'refresh_token', refresh_token: String(token) }, GITHUB_APP);
  const second = await refresh(first.refresh_token);
  assert.notEqual(second.access_token, first.access_token);
  assert.equal((await rest('/user', first.access_token)).status, 401);
  assert.equal((await rest('/user', second.access_token)).status, 200);
  const reused = await refresh(first.refresh_token);
  assert.equal(reused.error, 'bad_refresh_token');
  assert.equal(reused.error_description, 'The refresh token passed is incorrect or expired.');
  assert.deepEqual(
    github.liveTokens().map(({ token }) => token),
    [second.access_token],
  );
});

test('two refreshes with one token at once give one pair', async (t) => {
  const { github, logIn, exchange } = await startGitHub(t);
  const { refresh_token } = await logIn('', GITHUB_APP);
  const parameters = { grant_type: 'refresh_token', refresh_token: String(refresh_token) };
  const answers = await Promise.all([exchange(parameters, GITHUB_APP), exchange(parameters, GITHUB_APP)]);
  assert.equal(answers.filter(({ error }) => error === 'bad_refresh_token').length, 1);
  assert.equal(github.liveTokens().length, 1);
});

test('a refresh token lives longer than its access token, and expires after half a year', async (t) => {
  const { logIn, exchange, clock } = await startGitHub(t);
  const { refresh_token } = await logIn('', GITHUB_APP);
  clock.now += 15_897_599_000;
  const second = await exchange({ grant_type: 'refresh_token', refresh_token: String(refresh_token) }, GITHUB_APP);
  assert.ok(second.access_token);
  clock.now += 15_897_600_000;
  const late = { grant_type: 'refresh_token', refresh_token: String(second.refresh_token) };
  assert.equal((await exchange(late, GITHUB_APP)).error, 'bad_refresh_token');
});

test('a refresh token belongs to its app', async (t) => {
  const { logIn, exchange } = await startGitHub(t);
  const { refresh_token } = await logIn('', GITHUB_APP);
  const parameters = { grant_type: 'refresh_token', refresh_token: String(refresh_token) };
  assert.equal((await exchange(parameters)).error, 'bad_refresh_token');
  assert.ok((await exchange(parameters, GITHUB_APP)).access_token);
});

test('an OAuth App gets expiring tokens by offline_access or by its setting, a GitHub App can opt out', async (t) => {
  const { github, logIn } = await startGitHub(t);
  const asked = await logIn('read:user offline_access');
  assert.equal(asked.expires_in, 28_800);
  assert.match(String(asked.refresh_token), /^ghr_/);
  assert.equal(asked.scope, 'read:user');
  assert.equal((await logIn('read:user')).expires_in, undefined);
  github.app(OAUTH_APP.clientId).expiringTokens = true;
  assert.equal((await logIn('read:user')).expires_in, 28_800);
  github.app(GITHUB_APP.clientId).expiringTokens = false;
  assert.equal((await logIn('', GITHUB_APP)).refresh_token, undefined);
});

test('there are ten tokens for a person, an app and a scope: an eleventh revokes the oldest without a message', async (t) => {
  const { github, logIn, rest } = await startGitHub(t);
  const first = await logIn('read:user');
  const other = await logIn('gist');
  const someoneElse = await logIn('read:user', OAUTH_APP, { login: 'monalisa' });
  for (let count = 0; count < 9; count += 1) await logIn('read:user');
  assert.equal((await rest('/user', first.access_token)).status, 200);
  await logIn('read:user');
  assert.equal((await rest('/user', first.access_token)).status, 401);
  assert.equal((await rest('/user', other.access_token)).status, 200);
  assert.equal((await rest('/user', someoneElse.access_token)).status, 200);
  assert.equal(github.liveTokens({ account: 'octocat' }).length, 11);
});
