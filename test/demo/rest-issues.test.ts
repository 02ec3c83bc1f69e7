/** The routes of the simulated REST API that its MCP server uses: issues, notifications, teams, gists, search. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GITHUB_APP, list, OAUTH_APP, record, startGitHub } from './simulator.ts';

const { clientId } = OAUTH_APP;

test('an issue is created with public_repo in a public repository, and with repo in a private one', async (t) => {
  const { github, url, rest } = await startGitHub(t);
  const create = (scopes: string[], path: string, body: object = { title: 'Broken' }) => {
    const { token } = github.issueToken({ account: 'octocat', clientId, scopes });
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    return fetch(`${url}/api/v3/repos/${path}/issues`, { method: 'POST', headers, body: JSON.stringify(body) });
  };
  assert.equal((await create([], 'octocat/linguist')).status, 404);
  const created = await create(['public_repo'], 'octocat/linguist', { title: 'Broken', body: '壊れた' });
  assert.equal(created.status, 201);
  const issue = record(await created.json());
  assert.partialDeepStrictEqual(issue, { number: 1, title: 'Broken', body: '壊れた', state: 'open' });
  assert.equal(record(issue.user).login, 'octocat');
  assert.equal((await create(['public_repo'], 'octocat/secret-garden')).status, 404);
  assert.equal((await create(['repo'], 'octocat/secret-garden')).status, 201);
  assert.equal((await create(['repo'], 'monalisa/diary')).status, 404, 'a private repository of somebody else');
  assert.equal((await create(['repo'], 'octocat/linguist', {})).status, 422);
  const { token } = github.issueToken({ account: 'hubot', clientId });
  assert.equal(list(await (await rest('/repos/octocat/linguist/issues', token)).json()).length, 1);
  assert.equal((await rest('/repos/octocat/secret-garden/issues', token)).status, 404);
});

test('an issue is changed by its author and by the owner of its repository', async (t) => {
  const { github, url } = await startGitHub(t);
  const patch = async (account: string, body: object, path = 'octocat/hello-world/issues/1') => {
    const { token } = github.issueToken({ account, clientId, scopes: ['public_repo'] });
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const answer = await fetch(`${url}/api/v3/repos/${path}`, { method: 'PATCH', headers, body: JSON.stringify(body) });
    return { status: answer.status, body: record(await answer.json()) };
  };
  assert.partialDeepStrictEqual(await patch('octocat', { state: 'closed' }), {
    status: 200,
    body: { state: 'closed' },
  });
  assert.deepEqual((await patch('octocat', { state: 'lost' })).body.errors, [
    { resource: 'Issue', field: 'state', code: 'invalid' },
  ]);
  assert.equal((await patch('octocat', {}, 'octocat/hello-world/issues/99')).status, 404);
  const strangers = github.accounts.filter(({ login }) => login !== 'octocat');
  const statuses = await Promise.all(
    strangers.map(async ({ login }) => (await patch(login, { state: 'open' })).status),
  );
  assert.ok(statuses.includes(403), String(statuses));
  const [repository] = github.account('octocat').repositories?.filter(({ name }) => name === 'Hello-World') ?? [];
  assert.ok(repository);
  repository.issuesDisabled = true;
  assert.equal((await patch('octocat', { state: 'open' })).status, 410);
});

test('issues are the open ones, the newest first, unless another state is asked for', async (t) => {
  const { github, rest } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'hubot', clientId });
  const numbers = async (query: string) =>
    list(await (await rest(`/repos/octocat/hello-world/issues${query}`, token)).json()).map(({ number }) => number);
  assert.deepEqual(await numbers(''), [1]);
  assert.deepEqual(await numbers('?state=closed'), [2]);
  assert.deepEqual(await numbers('?state=all'), [2, 1]);
});

test('notifications need their scope, and are not for GitHub Apps', async (t) => {
  const { github, rest } = await startGitHub(t);
  const ask = async (scopes: string[], app = clientId) => {
    const { token } = github.issueToken({ account: 'octocat', clientId: app, scopes });
    const answer = await rest('/notifications', token);
    return answer.status === 200 ? 200 : `${answer.status} ${record(await answer.json()).message}`;
  };
  assert.equal(await ask(['read:org']), "403 Missing the 'notifications' scope.");
  assert.equal(await ask(['notifications']), 200);
  assert.equal(await ask([], GITHUB_APP.clientId), '403 Resource not accessible by integration');
});

test('teams are seen with read:org, by active members only', async (t) => {
  const { github, rest } = await startGitHub(t);
  const seen = async (account: string, scopes: string[], path: string) => {
    const { token } = github.issueToken({ account, clientId, scopes });
    const answer = await rest(path, token);
    return answer.status === 200 ? list(await answer.json()).map(({ login, slug }) => login ?? slug) : answer.status;
  };
  github.addToOrganization('hubot', { login: 'octo-org', id: 9_919_001, state: 'pending', teams: ['core'] });
  assert.deepEqual(await seen('monalisa', ['read:org'], '/user/teams'), ['core', 'research']);
  assert.equal(await seen('monalisa', [], '/user/teams'), 404);
  assert.deepEqual(await seen('hubot', ['read:org'], '/user/teams'), [], 'an invitation is no membership');
  assert.deepEqual(await seen('octocat', ['read:org'], '/orgs/octo-org/teams/core/members'), ['octocat', 'monalisa']);
  assert.equal(await seen('octocat', [], '/orgs/octo-org/teams/core/members'), 404);
  assert.equal(await seen('hubot', ['read:org'], '/orgs/octo-org/teams/core/members'), 404);
});

test('a search finds what the token may see, by words and qualifiers', async (t) => {
  const { github, rest } = await startGitHub(t);
  const found = async (scopes: string[], query: string) => {
    const { token } = github.issueToken({ account: 'octocat', clientId, scopes });
    const answer = record(await (await rest(`/search/repositories?q=${encodeURIComponent(query)}`, token)).json());
    return list(answer.items).map(({ full_name }) => full_name);
  };
  assert.deepEqual(await found([], 'user:@me'), ['octocat/Spoon-Knife', 'octocat/Hello-World', 'octocat/linguist']);
  assert.deepEqual(await found([], 'is:private'), []);
  assert.deepEqual(await found(['repo'], 'is:private'), ['octocat/secret-garden', 'octo-org/handbook']);
  assert.deepEqual(await found(['repo'], 'language:typescript nobody'), ['octocat/secret-garden']);
  const { token } = github.issueToken({ account: 'octocat', clientId });
  assert.equal((await rest('/search/repositories?q=', token)).status, 422);
});
