/**
 * The simulated web flow: what the person is asked, what is remembered, and what the app gets back.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CookieJar, parseForms, signInAtGitHub, submit } from '../../demo/github/headless.ts';
import { CALLBACK, GITHUB_APP, HOUR, OAUTH_APP, pkcePair, record, startGitHub } from './simulator.ts';

test('a person signs in, authorizes, and comes back with a code, the state and the issuer', async (t) => {
  const { url, authorizeUrl } = await startGitHub(t);
  const callback = new URL(
    await signInAtGitHub(authorizeUrl({ scope: 'read:user', state: 'a b&c=d' }), { login: 'monalisa' }),
  );
  assert.equal(`${callback.origin}${callback.pathname}`, CALLBACK);
  assert.equal(callback.searchParams.get('state'), 'a b&c=d');
  assert.equal(callback.searchParams.get('iss'), `${url}/login/oauth`);
  assert.match(callback.searchParams.get('code') ?? '', /^\w{20}$/);
});

test('iss can be left out of the callback, or be a wrong one', async (t) => {
  const without = await startGitHub(t, { issInCallback: false });
  assert.equal((await without.authorize()).get('iss'), null);
  const wrong = await startGitHub(t, { issInCallback: 'https://evil.example' });
  assert.equal((await wrong.authorize()).get('iss'), 'https://evil.example');
});

test('cancelling sends access_denied with a description, an error_uri and the state', async (t) => {
  const { github, authorize } = await startGitHub(t);
  const callback = await authorize({ state: 'xyz' }, { decision: 'cancel' });
  assert.equal(callback.get('error'), 'access_denied');
  assert.equal(callback.get('error_description'), 'The user has denied your application access.');
  assert.match(callback.get('error_uri') ?? '', /#access-denied$/);
  assert.equal(callback.get('state'), 'xyz');
  assert.equal(callback.get('code'), null);
  assert.equal(github.authorizedScopes('octocat', OAUTH_APP.clientId), undefined);
});

test('a request without state is answered without state', async (t) => {
  const { authorize } = await startGitHub(t);
  assert.equal((await authorize()).has('state'), false);
});

test('a remembered authorization that covers the scopes leads straight back', async (t) => {
  const { github, authorizeUrl, authorize } = await startGitHub(t);
  const jar = new CookieJar();
  await authorize({ scope: 'user' }, { jar });
  github.clearCalls();
  const response = await jar.fetch(authorizeUrl({ scope: 'user:email' }));
  assert.equal(response.status, 302);
  assert.match(response.headers.get('location') ?? '', /^http:\/\/127\.0\.0\.1:9\/callback\?code=/);
  assert.equal(github.calls.length, 1);
});

test('the person is asked again for a wider scope than was granted', async (t) => {
  const { authorizeUrl, authorize } = await startGitHub(t);
  const jar = new CookieJar();
  await authorize({ scope: 'read:user' }, { jar });
  const response = await jar.fetch(authorizeUrl({ scope: 'repo' }));
  assert.equal(response.status, 200);
  assert.match(await response.text(), /Full control of private repositories/);
});

test('an empty scope returns everything granted before', async (t) => {
  const { logIn } = await startGitHub(t);
  const jar = new CookieJar();
  await logIn('user:email', OAUTH_APP, { jar });
  await logIn('repo', OAUTH_APP, { jar });
  assert.equal((await logIn('', OAUTH_APP, { jar })).scope, 'repo,user:email');
});

test('the person may grant less or more than was asked', async (t) => {
  const { github, logIn } = await startGitHub(t);
  github.grantNext({ scopes: ['gist'], account: 'octocat' });
  assert.equal((await logIn('repo')).scope, 'gist');
  assert.equal((await logIn('repo')).scope, 'repo', 'only once');
});

test('granted scopes are normalized and joined with commas, unknown ones dropped', async (t) => {
  const { logIn } = await startGitHub(t);
  assert.equal((await logIn('user gist user:email openid')).scope, 'gist,user');
});

test('an unknown client_id is a 404 page', async (t) => {
  const { authorizeUrl } = await startGitHub(t);
  const response = await fetch(authorizeUrl({ client_id: 'nobody' }), { redirect: 'manual' });
  assert.equal(response.status, 404);
  assert.match(response.headers.get('content-type') ?? '', /text\/html/);
});

test('a redirect_uri that does not match leads to the registered callback with redirect_uri_mismatch', async (t) => {
  const { authorizeUrl } = await startGitHub(t);
  for (const redirect_uri of [
    'https://evil.example/callback',
    'http://127.0.0.1:9/callbackelse',
    'http://127.0.0.1:9/callback/../x',
    'http://127.0.0.1.evil.example:9/callback',
    'http://user@127.0.0.1:9/callback',
    'nonsense',
  ]) {
    const response = await fetch(authorizeUrl({ redirect_uri, state: 's' }), { redirect: 'manual' });
    const location = new URL(response.headers.get('location') ?? '');
    assert.equal(`${location.origin}${location.pathname}`, CALLBACK, redirect_uri);
    assert.equal(location.searchParams.get('error'), 'redirect_uri_mismatch', redirect_uri);
    assert.equal(location.searchParams.get('state'), 's');
  }
});

test('a redirect_uri may be below the callback, and at any port of the loopback interface', async (t) => {
  const { authorizeUrl } = await startGitHub(t);
  for (const redirect_uri of ['http://127.0.0.1:9/callback/deeper?x=1', 'http://127.0.0.1:4321/callback']) {
    const callback = await signInAtGitHub(authorizeUrl({ redirect_uri }), { login: 'octocat' });
    assert.ok(callback.startsWith(redirect_uri), callback);
    assert.equal(new URL(callback).searchParams.has('code'), true);
  }
});

test('a redirect_uri that is not loopback may have a sub-domain, but no other port', async (t) => {
  const app = { ...OAUTH_APP, callbackUrls: ['https://example.com/path'] };
  const { authorizeUrl } = await startGitHub(t, { apps: [app] });
  const errorFor = async (redirect_uri: string) => {
    const response = await fetch(authorizeUrl({ redirect_uri }), { redirect: 'manual' });
    return new URL(response.headers.get('location') ?? '', 'http://relative').searchParams.get('error');
  };
  assert.equal(await errorFor('https://oauth.example.com/path/deeper'), null);
  assert.equal(await errorFor('https://example.com:8080/path'), 'redirect_uri_mismatch');
  assert.equal(await errorFor('https://example.com/bar'), 'redirect_uri_mismatch');
  assert.equal(await errorFor('http://example.com/path'), 'redirect_uri_mismatch');
});

test('a GitHub App has several callbacks, each of which must match exactly', async (t) => {
  const app = { ...GITHUB_APP, callbackUrls: ['https://one.example/a', 'https://two.example/b'] };
  const { authorizeUrl } = await startGitHub(t, { apps: [app] });
  const walk = (redirect_uri: string) =>
    signInAtGitHub(authorizeUrl({ client_id: app.clientId, redirect_uri }), { login: 'octocat' });
  assert.match(await walk('https://two.example/b'), /^https:\/\/two\.example\/b\?code=/);
  assert.match(await walk('https://two.example/b/c'), /^https:\/\/one\.example\/a\?error=redirect_uri_mismatch/);
});

test('a suspended app gets an error at its registered callback', async (t) => {
  const { github, authorize } = await startGitHub(t);
  github.app(OAUTH_APP.clientId).suspended = true;
  const callback = await authorize({ state: 's', redirect_uri: `${CALLBACK}/deeper` });
  assert.equal(callback.get('error'), 'application_suspended');
  assert.equal(callback.get('state'), 's');
});

test('a challenge other than S256 with 43 characters is refused, and ignored by an Enterprise Server', async (t) => {
  const { authorize } = await startGitHub(t);
  const { challenge } = pkcePair();
  assert.equal((await authorize({ ...challenge, code_challenge_method: 'plain' })).get('error'), 'invalid_request');
  assert.equal((await authorize({ ...challenge, code_challenge: 'short' })).get('error'), 'invalid_request');
  const enterprise = await startGitHub(t, { enterprise: true });
  assert.equal((await enterprise.authorize({ ...challenge, code_challenge: 'short' })).has('code'), true);
});

test('prompt=select_account shows the picker even when the authorization is remembered', async (t) => {
  const { authorizeUrl, authorize, url } = await startGitHub(t);
  const jar = new CookieJar();
  await authorize({}, { jar });
  const response = await jar.fetch(authorizeUrl({ prompt: 'select_account' }));
  assert.equal(response.status, 200);
  const picker = await response.text();
  assert.match(picker, /Continue as octocat/);
  assert.doesNotMatch(picker, /Continue as monalisa/, 'only who is signed in');
  const [form] = parseForms(picker, new URL(url));
  assert.ok(form);
  const [target, request] = submit(form, ['login', 'octocat']);
  const back = await jar.fetch(target, request);
  const decided = await jar.fetch(new URL(back.headers.get('location') ?? '', url));
  assert.match(decided.headers.get('location') ?? '', /callback\?code=/);
});

test('an Enterprise Server knows no prompt: the person who is signed in is taken', async (t) => {
  const { authorizeUrl, authorize } = await startGitHub(t, { enterprise: true });
  const jar = new CookieJar();
  await authorize({}, { jar });
  assert.equal((await jar.fetch(authorizeUrl({ prompt: 'select_account' }))).status, 302);
});

test('another account can be chosen in the same browser; after that the picker is shown', async (t) => {
  const { authorizeUrl, authorize, exchange, rest } = await startGitHub(t);
  const jar = new CookieJar();
  await authorize({}, { jar });
  const callback = await authorize({ prompt: 'select_account' }, { jar, login: 'monalisa' });
  const { access_token } = await exchange({ code: callback.get('code') ?? '' });
  assert.equal(record(await (await rest('/user', access_token)).json()).login, 'monalisa');
  const page = await (await jar.fetch(authorizeUrl())).text();
  assert.match(page, /Continue as monalisa.*Continue as octocat/s);
});

test('the parameter login suggests an account: first when signing in, as a choice when another person is signed in', async (t) => {
  const { authorizeUrl, authorize } = await startGitHub(t);
  const first = await fetch(authorizeUrl({ login: 'hubot' }));
  assert.match(await first.text(), /Sign in as hubot.*Sign in as octocat/s);
  const jar = new CookieJar();
  await authorize({}, { jar });
  assert.match(await (await jar.fetch(authorizeUrl({ login: 'hubot' }))).text(), /Select an account/);
  assert.equal((await jar.fetch(authorizeUrl({ login: 'octocat' }))).status, 302);
});

test('forms without their authenticity token are refused', async (t) => {
  const { github, url, authorizeUrl, authorize } = await startGitHub(t);
  const jar = new CookieJar();
  await authorize({}, { jar });
  await github.revokeAuthorization('octocat', OAUTH_APP.clientId);
  for (const [path, fields] of [
    ['/login/oauth/authorize', { client_id: OAUTH_APP.clientId, authorize: '1' }],
    ['/session', { login: 'octocat', return_to: '/' }],
    [`/settings/connections/applications/${OAUTH_APP.clientId}/revoke`, {}],
    ['/logout', { authenticity_token: 'guessed' }],
  ] as const) {
    const response = await jar.fetch(`${url}${path}`, { method: 'POST', body: new URLSearchParams({ ...fields }) });
    assert.equal(response.status, 422, path);
  }
  assert.equal((await jar.fetch(authorizeUrl())).status, 200, 'nothing was authorized, nobody signed out');
});

test('the session cookie is HttpOnly and SameSite=Lax, and sign-in leads nowhere else', async (t) => {
  const { url } = await startGitHub(t);
  const jar = new CookieJar();
  const response = await jar.fetch(`${url}/login?return_to=//evil.example`);
  assert.match(response.headers.get('set-cookie') ?? '', /httponly/i);
  assert.match(response.headers.get('set-cookie') ?? '', /samesite=lax/i);
  const [form] = parseForms(await response.text(), new URL(url));
  assert.ok(form);
  const [target, request] = submit(form, ['login', 'octocat']);
  const signedIn = await jar.fetch(target, request);
  assert.equal(new URL(signedIn.headers.get('location') ?? '', url).origin, url);
});

test('the person is asked again after ten tokens within an hour', async (t) => {
  const { authorizeUrl, logIn, clock, github } = await startGitHub(t);
  const jar = new CookieJar();
  for (let count = 0; count < 10; count += 1) await logIn('read:user', OAUTH_APP, { jar });
  const response = await jar.fetch(authorizeUrl({ scope: 'read:user' }));
  assert.equal(response.status, 200);
  assert.match(await response.text(), /Reauthorization required/);
  assert.equal(github.liveTokens().length, 10, 'asking revokes nothing');
  clock.now += HOUR + 1;
  assert.equal((await jar.fetch(authorizeUrl({ scope: 'read:user' }))).status, 302);
});

test('every page says that it is a simulation, and escapes what it shows', async (t) => {
  const { url, authorizeUrl, authorize } = await startGitHub(t);
  const jar = new CookieJar();
  const signIn = await jar.fetch(`${url}/login?return_to=/"><script>`);
  await authorize({}, { jar });
  const consent = await jar.fetch(authorizeUrl({ scope: 'repo', state: '"><script>alert(1)</script>' }));
  const settings = await jar.fetch(`${url}/settings/connections/applications/${OAUTH_APP.clientId}`);
  const missing = await jar.fetch(`${url}/nowhere`);
  for (const response of [signIn, consent, settings, missing]) {
    const page = await response.text();
    assert.match(page, /Simulated GitHub: for trying things out\. This is not github\.com\./);
    assert.doesNotMatch(page, /<script|<of>/);
  }
});

test('the settings page revokes an authorization: its tokens end and the person is asked again', async (t) => {
  const { github, url, authorizeUrl, logIn, rest } = await startGitHub(t);
  const jar = new CookieJar();
  const { access_token } = await logIn('read:user', OAUTH_APP, { jar });
  const settings = `${url}/settings/connections/applications/${OAUTH_APP.clientId}`;
  const forms = parseForms(await (await jar.fetch(settings)).text(), new URL(settings));
  const revoke = forms.find(({ action }) => action.pathname.endsWith('/revoke'));
  assert.ok(revoke);
  await jar.fetch(...submit(revoke));
  assert.equal((await rest('/user', access_token)).status, 401);
  assert.deepEqual(github.liveTokens(), []);
  assert.equal((await jar.fetch(authorizeUrl({ scope: 'read:user' }))).status, 200);
});

test('signing out forgets the accounts of the browser', async (t) => {
  const { url, authorizeUrl, authorize } = await startGitHub(t);
  const jar = new CookieJar();
  await authorize({}, { jar });
  const [form] = parseForms(await (await jar.fetch(`${url}/logout`)).text(), new URL(`${url}/logout`));
  assert.ok(form);
  await jar.fetch(...submit(form));
  const response = await jar.fetch(authorizeUrl());
  assert.match(response.headers.get('location') ?? '', /^\/login\?/);
});

test('the authorization server metadata names the endpoints; an Enterprise Server has none', async (t) => {
  const path = '/.well-known/oauth-authorization-server/login/oauth';
  const { url } = await startGitHub(t);
  const metadata: unknown = await (await fetch(`${url}${path}`)).json();
  assert.partialDeepStrictEqual(metadata, {
    issuer: `${url}/login/oauth`,
    token_endpoint: `${url}/login/oauth/access_token`,
    code_challenge_methods_supported: ['S256'],
  });
  const enterprise = await startGitHub(t, { enterprise: true });
  assert.equal((await fetch(`${enterprise.url}${path}`)).status, 404);
});
