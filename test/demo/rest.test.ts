/**
 * The simulated REST API: documents, scopes, headers, limits, conditional requests, pages.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GITHUB_APP, HOUR, list, OAUTH_APP, record, startGitHub } from './simulator.ts';

const { clientId } = OAUTH_APP;

test('GET /user is the public profile, and the private one with read:user', async (t) => {
  const { github, rest } = await startGitHub(t);
  const bare = github.issueToken({ account: 'monalisa', clientId });
  const profile = record(await (await rest('/user', bare.token)).json());
  assert.partialDeepStrictEqual(profile, {
    login: 'monalisa',
    id: 2_345_101,
    type: 'User',
    name: '山田 モナリザ',
    email: null,
    public_repos: 1,
  });
  assert.equal('plan' in profile, false);
  assert.equal('two_factor_authentication' in profile, false);
  const full = github.issueToken({ account: 'monalisa', clientId, scopes: ['read:user'] });
  const own = record(await (await rest('/user', full.token)).json());
  assert.equal(record(own.plan).name, 'pro');
  assert.equal(own.two_factor_authentication, false);
  assert.equal(own.total_private_repos, 1);
});

test('an unknown token is 401 Bad credentials, no token is 401 Requires authentication', async (t) => {
  const { rest, url } = await startGitHub(t);
  const unknown = await rest('/user', 'gho_unknown');
  assert.equal(unknown.status, 401);
  assert.deepEqual(await unknown.json(), {
    message: 'Bad credentials',
    documentation_url: 'https://docs.github.com/rest',
    status: '401',
  });
  const none = await fetch(`${url}/api/v3/user`);
  assert.equal(none.status, 401);
  assert.equal(record(await none.json()).message, 'Requires authentication');
});

test('the API is under /api/v3 only, and an unknown path there is 404 as JSON', async (t) => {
  const { github, rest, url } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId });
  assert.equal((await fetch(`${url}/user`, { headers: { Authorization: `Bearer ${token}` } })).status, 404);
  const missing = await rest('/nowhere', token);
  assert.equal(missing.status, 404);
  assert.equal(record(await missing.json()).message, 'Not Found');
});

test('the headers of an answer tell the scopes, the app, the version and the limits', async (t) => {
  const { github, clock, rest } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId, scopes: ['user', 'repo', 'user:email'] });
  const { headers } = await rest('/user/emails', token, { 'X-GitHub-Api-Version': '2022-11-28' });
  assert.equal(headers.get('x-oauth-scopes'), 'repo, user');
  assert.equal(headers.get('x-accepted-oauth-scopes'), 'user, user:email');
  assert.equal(headers.get('x-oauth-client-id'), clientId);
  assert.equal(headers.get('x-github-media-type'), 'github.v3; format=json');
  assert.equal(headers.get('x-github-api-version-selected'), '2022-11-28');
  assert.match(headers.get('x-github-request-id') ?? '', /^[0-9A-F:]+$/);
  assert.equal(headers.get('x-ratelimit-limit'), '5000');
  assert.equal(headers.get('x-ratelimit-remaining'), '4999');
  assert.equal(headers.get('x-ratelimit-used'), '1');
  assert.equal(headers.get('x-ratelimit-reset'), String((clock.now + HOUR) / 1000));
});

test('an API version before the first one is refused', async (t) => {
  const { github, rest } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId });
  assert.equal((await rest('/user', token, { 'X-GitHub-Api-Version': '2020-01-01' })).status, 400);
});

test('an unchanged answer is 304 and does not count against the limit; a changed one is sent', async (t) => {
  const { github, rest } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId });
  const etag = (await rest('/user', token)).headers.get('etag') ?? '';
  assert.match(etag, /^W\/"\w{64}"$/);
  const unchanged = await rest('/user', token, { 'If-None-Match': etag });
  assert.equal(unchanged.status, 304);
  assert.equal(unchanged.headers.get('x-ratelimit-remaining'), '4999');
  assert.equal(github.callsTo('GET', '/api/v3/user')[1]?.conditional, true);
  github.renameAccount('octocat', 'octocat-renamed');
  const changed = await rest('/user', token, { 'If-None-Match': etag });
  assert.equal(changed.status, 200);
  assert.partialDeepStrictEqual(record(await changed.json()), { login: 'octocat-renamed', id: 583_231 });
});

test('the rate limit is counted for each person, refuses at its end, and begins again after the hour', async (t) => {
  const { github, rest, clock } = await startGitHub(t, { rateLimitPerHour: 2 });
  const one = github.issueToken({ account: 'octocat', clientId });
  const same = github.issueToken({ account: 'octocat', clientId });
  const other = github.issueToken({ account: 'monalisa', clientId });
  await rest('/user', one.token);
  await rest('/user', same.token);
  const refused = await rest('/user', one.token);
  assert.equal(refused.status, 403);
  assert.equal(refused.headers.get('x-ratelimit-remaining'), '0');
  assert.match(String(record(await refused.json()).message), /^API rate limit exceeded for user ID 583231/);
  assert.equal((await rest('/user', other.token)).status, 200);
  const limit = await rest('/rate_limit', one.token);
  assert.equal(limit.status, 200, 'asking for the limit is free');
  assert.partialDeepStrictEqual(record(await limit.json()), { rate: { remaining: 0, used: 2, limit: 2 } });
  clock.now += HOUR;
  assert.equal((await rest('/user', one.token)).status, 200);
});

test('the remaining requests of the rate limit can be set', async (t) => {
  const { github, rest } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId });
  github.setRateLimitRemaining('octocat', 1);
  assert.equal((await rest('/user', token)).headers.get('x-ratelimit-remaining'), '0');
  assert.equal((await rest('/user', token)).status, 403);
});

test('an Enterprise Server has no rate limits', async (t) => {
  const { github, rest } = await startGitHub(t, { enterprise: true, rateLimitPerHour: 0 });
  const { token } = github.issueToken({ account: 'octocat', clientId });
  const response = await rest('/user', token);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('x-ratelimit-limit'), null);
  assert.equal((await rest('/rate_limit', token)).status, 404);
});

test('e-mail addresses need user:email', async (t) => {
  const { github, rest } = await startGitHub(t);
  const bare = github.issueToken({ account: 'monalisa', clientId, scopes: ['read:user'] });
  assert.equal((await rest('/user/emails', bare.token)).status, 404);
  const { token } = github.issueToken({ account: 'monalisa', clientId, scopes: ['user:email'] });
  assert.deepEqual(await (await rest('/user/emails', token)).json(), [
    { email: 'monalisa@example.jp', primary: true, verified: true, visibility: 'private' },
    { email: 'mona@old.example.jp', primary: false, verified: false, visibility: null },
  ]);
});

test('a GitHub App may do what its permissions allow, whatever the scopes', async (t) => {
  const { github, rest } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'monalisa', clientId: GITHUB_APP.clientId, scopes: ['user'] });
  assert.equal((await rest('/user', token)).headers.get('x-oauth-scopes'), '');
  assert.equal((await rest('/user/emails', token)).status, 403);
  assert.deepEqual(await (await rest('/user/orgs', token)).json(), []);
  github.app(GITHUB_APP.clientId).permissions = ['email_addresses', 'members'];
  assert.equal((await rest('/user/emails', token)).status, 200);
  assert.equal(list(await (await rest('/user/orgs', token)).json()).length, 2);
});

test('organisations are listed with read:org, private memberships included, pending ones not', async (t) => {
  const { github, rest } = await startGitHub(t);
  const bare = github.issueToken({ account: 'monalisa', clientId, scopes: ['read:user'] });
  assert.equal((await rest('/user/orgs', bare.token)).status, 403);
  const { token } = github.issueToken({ account: 'monalisa', clientId, scopes: ['read:org'] });
  const logins = async (path: string, of: string) =>
    list(await (await rest(path, of)).json()).map((one) => one.login ?? record(one.organization).login);
  assert.deepEqual(await logins('/user/orgs', token), ['octo-org', 'hidden-lab']);
  const hubot = github.issueToken({ account: 'hubot', clientId, scopes: ['read:org'] });
  assert.deepEqual(await logins('/user/orgs', hubot.token), []);
  assert.deepEqual(await logins('/user/memberships/orgs', hubot.token), ['octo-org']);
  assert.deepEqual(await logins('/user/memberships/orgs?state=active', hubot.token), []);
});

test('a membership has its state; no membership is 404, and without read:org it is 403', async (t) => {
  const { github, rest } = await startGitHub(t);
  const hubot = github.issueToken({ account: 'hubot', clientId, scopes: ['read:org'] });
  const membership = await rest('/user/memberships/orgs/Octo-Org', hubot.token);
  assert.partialDeepStrictEqual(record(await membership.json()), {
    state: 'pending',
    role: 'member',
    organization: { login: 'octo-org', id: 9_919_001 },
    user: { login: 'hubot' },
  });
  assert.equal((await rest('/user/memberships/orgs/hidden-lab', hubot.token)).status, 404);
  const bare = github.issueToken({ account: 'hubot', clientId });
  assert.equal((await rest('/user/memberships/orgs/octo-org', bare.token)).status, 403);
});

test('memberships can be changed, and an organisation can restrict apps', async (t) => {
  const { github, rest } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId, scopes: ['read:org'] });
  github.removeFromOrganization('octocat', 'octo-org');
  assert.equal((await rest('/user/memberships/orgs/octo-org', token)).status, 404);
  github.addToOrganization('octocat', { login: 'octo-org', id: 9_919_001, restrictsApps: true });
  const refused = await rest('/user/memberships/orgs/octo-org', token);
  assert.equal(refused.status, 403);
  assert.match(String(record(await refused.json()).message), /OAuth App access restrictions/);
});

test('team memberships are seen by members with read:org', async (t) => {
  const { github, rest } = await startGitHub(t);
  const path = '/orgs/octo-org/teams/core/memberships/monalisa';
  const { token } = github.issueToken({ account: 'octocat', clientId, scopes: ['read:org'] });
  assert.partialDeepStrictEqual(record(await (await rest(path, token)).json()), { state: 'active', role: 'member' });
  assert.equal((await rest('/orgs/octo-org/teams/core/memberships/hubot', token)).status, 404);
  assert.equal((await rest('/orgs/octo-org/teams/nope/memberships/monalisa', token)).status, 404);
  const bare = github.issueToken({ account: 'octocat', clientId });
  assert.equal((await rest(path, bare.token)).status, 404);
  const outsider = github.issueToken({ account: 'hubot', clientId, scopes: ['read:org'] });
  assert.equal((await rest(path, outsider.token)).status, 404, 'an invitation is no membership');
});

test('private repositories need repo', async (t) => {
  const { github, rest } = await startGitHub(t);
  const names = async (scopes: string[], query = '') => {
    const { token } = github.issueToken({ account: 'octocat', clientId, scopes });
    return list(await (await rest(`/user/repos${query}`, token)).json()).map(({ full_name }) => full_name);
  };
  const open = ['octocat/Hello-World', 'octocat/linguist', 'octocat/Spoon-Knife'];
  assert.deepEqual(await names([]), open);
  assert.deepEqual(await names(['public_repo']), open);
  assert.deepEqual(await names(['repo'], '?visibility=private'), ['octo-org/handbook', 'octocat/secret-garden']);
  assert.deepEqual(await names(['repo'], '?affiliation=organization_member'), ['octo-org/handbook']);
  assert.deepEqual(await names(['public_repo'], '?visibility=private'), []);
});

test('repositories come in pages with links; parameters that contradict each other are 422', async (t) => {
  const { github, rest, url } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId, scopes: ['repo'] });
  const page = await rest('/user/repos?per_page=2&page=2', token);
  assert.equal(list(await page.json()).length, 2);
  const base = `${url}/api/v3/user/repos?per_page=2`;
  assert.equal(
    page.headers.get('link'),
    `<${base}&page=1>; rel="prev", <${base}&page=3>; rel="next", <${base}&page=3>; rel="last", <${base}&page=1>; rel="first"`,
  );
  assert.equal((await rest('/user/repos', token)).headers.get('link'), null);
  assert.equal((await rest('/user/repos?type=owner&visibility=all', token)).status, 422);
});

test('a login that was given up can be taken by another person, who has another id', async (t) => {
  const { github, rest } = await startGitHub(t);
  github.renameAccount('hubot', 'hubot-classic');
  github.addAccount({ id: 99, login: 'hubot', name: null, email: 'new@example.com' });
  const { token } = github.issueToken({ account: 99, clientId });
  assert.partialDeepStrictEqual(record(await (await rest('/user', token)).json()), { login: 'hubot', id: 99 });
  assert.throws(() => github.renameAccount('octocat', 'HUBOT'), /taken/);
});
