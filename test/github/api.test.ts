// Calls of GitHub's API: conditional requests, and never the same call twice at the same time.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { until } from '../support/until.ts';
import { connect, loginIn, USER, withLongTokens } from './fixtures.ts';
import { CREDENTIAL, scriptedGithub } from './scripted-github.ts';

onBothStores("calls of GitHub's API", (store) => {
  const bridge = useBridge(withLongTokens({ store }));
  beforeEach(() => bridge.github.clearCalls());

  /** A new login's session. */
  async function loggedIn(login: string, scope?: string) {
    await connect(bridge, { login, ...(scope === undefined ? {} : { scope }) });
    const sessions = await bridge.store.sessions.list(bridge.bridge.personTag(bridge.github.account(login).id));
    const session = sessions.find(({ credential }) => scope === undefined || credential.scope.includes(scope));
    assert.ok(session);
    return { session };
  }

  it('are conditional from the second on: GitHub answers 304, which does not count against the rate limit', async () => {
    const person = await connect(bridge);
    const first = await person.profile();
    bridge.github.setRateLimitRemaining('octocat', 1);
    for (let call = 0; call < 5; call++) assert.deepEqual((await person.profile()).result, first.result);
    assert.deepEqual(
      bridge.github.callsTo('GET', USER).map(({ conditional, status }) => [conditional, status]),
      [[false, 200], [false, 200], ...Array(5).fill([true, 304])],
    );
    bridge.github.setRateLimitRemaining('octocat', 5000);
  });

  it('see a change of the profile at once', async () => {
    const person = await connect(bridge, { login: 'monalisa' });
    await person.profile();
    bridge.github.account('monalisa').bio = 'something new';
    assert.equal((await person.profile()).result?.structuredContent?.bio, 'something new');
    assert.deepEqual(
      bridge.github.callsTo('GET', USER).map(({ status }) => status),
      [200, 200, 200],
    );
  });

  it('for one credential and path are never two at the same time, whichever client asks', async () => {
    await Promise.all([connect(bridge, { login: 'hubot' }), connect(bridge, { login: 'hubot' })]);
    const { id } = bridge.github.account('hubot');
    const sessions = await bridge.store.sessions.list(bridge.bridge.personTag(id));
    assert.equal(sessions.length, 2);
    bridge.github.clearCalls();
    const ask = (path: string) => sessions.map(({ credential }) => bridge.bridge.github.get(credential, path));
    const answers = await Promise.all([...ask('/user'), ...ask('/user'), ...ask('/users/octocat'), ...ask('/user')]);
    assert.equal(answers.length, 8);
    assert.deepEqual(bridge.github.calls.map(({ path }) => path).sort(), [USER, '/api/v3/users/octocat']);
    await Promise.all(ask('/user'));
    assert.equal(bridge.github.callsTo('GET', USER).length, 2, 'what is over is asked anew');
  });

  it('never give a person the answer of another', async () => {
    const [octocat, hubot] = [await connect(bridge), await connect(bridge, { login: 'hubot' })];
    for (let round = 0; round < 3; round++) {
      const [one, other] = await Promise.all([octocat.profile(), hubot.profile()]);
      assert.equal(loginIn(one), 'octocat');
      assert.equal(loginIn(other), 'hubot');
    }
  });

  it('are a client for each caller, which nobody else changes', async () => {
    const { session } = await loggedIn('hubot');
    const clients = await bridge.bridge.github.clients();
    const [one, other] = [clients(session.credential), clients(session.credential)];
    one.request.endpoint.DEFAULTS.headers['x-github-api-version'] = '2021-01-01';
    Object.assign(one.request.endpoint.DEFAULTS, { baseUrl: 'https://evil.example' });
    one.hook.before('request', () => {
      throw new Error('a hook of one caller');
    });
    await assert.rejects(one.request('GET /user'));
    const { data } = await other.request('GET /user');
    assert.equal(data.login, 'hubot');
    data.login = 'changed';
    assert.equal((await clients(session.credential).request('GET /user')).data.login, 'hubot');
  });

  it('go through all pages of a list', async () => {
    const { session } = await loggedIn('octocat');
    const client = (await bridge.bridge.github.clients())(session.credential);
    bridge.github.clearCalls();
    const issues = await client.paginate(client.rest.issues.listForRepo, {
      owner: 'octocat',
      repo: 'hello-world',
      state: 'all',
      per_page: 1,
    });
    assert.deepEqual(
      issues.map(({ number }) => number),
      [2, 1],
    );
    assert.equal(bridge.github.calls.length, 2);
  });

  it('create what the person may create, and nothing else', async () => {
    const { session } = await loggedIn('octocat', 'public_repo');
    const { rest } = (await bridge.bridge.github.clients())(session.credential);
    const { data, status } = await rest.issues.create({ owner: 'octocat', repo: 'linguist', title: 'Broken' });
    assert.deepEqual([status, data.title, data.user?.login], [201, 'Broken', 'octocat']);
    await assert.rejects(rest.issues.create({ owner: 'octocat', repo: 'secret-garden', title: 'Broken' }), {
      name: 'GithubTrouble',
      kind: 'not_found',
      status: 404,
    });
  });

  it('do a write once, whether GitHub drops the connection before or after it, and say that this is not known', async () => {
    for (const [login, repo, when, effects] of [
      ['octocat', 'linguist', 'before', 0],
      ['octocat', 'Hello-World', 'after', 1],
    ] as const) {
      // Another credential each, because writes that notify people are three seconds apart.
      const { session } = await loggedIn(login, when === 'before' ? 'public_repo' : 'repo');
      const { rest } = (await bridge.bridge.github.clients())(session.credential);
      const issues = () =>
        bridge.github.account(login).repositories?.find(({ name }) => name === repo)?.issues?.length ?? 0;
      const before = issues();
      const path = `/api/v3/repos/${login}/${repo}/issues`;
      bridge.github.fault({ kind: 'drop', when, method: 'POST', path });
      bridge.github.clearCalls();
      await assert.rejects(rest.issues.create({ owner: login, repo, title: 'Broken' }), {
        message: 'GitHub cannot be reached. It is not known whether GitHub did it: look before you try again',
        retryAfter: undefined,
      });
      assert.equal(issues() - before, effects);
      assert.equal(bridge.github.callsTo('POST', path).length, 1);
    }
  });

  it('name the program and the version of the API', async () => {
    const person = await connect(bridge);
    await person.profile();
    await person.revoke();
    for (const call of bridge.github.calls.filter(({ path }) => path.startsWith('/api/')))
      assert.equal(call.userAgent?.split(' ')[0], 'mcp-github-bridge', call.path);
    for (const call of bridge.github.callsTo('GET', USER)) assert.equal(call.apiVersion, '2022-11-28');
  });
});

describe('two bridges in one process', () => {
  it('do not wait for each other, although they call for the same credential', async (t) => {
    const github = await scriptedGithub(t);
    const { promise: silence, resolve } = Promise.withResolvers<void>();
    const client = await github.client();
    // As many as the throttling plugin lets one credential send at once, and one more.
    github.next(...Array(10).fill(silence));
    const waiting = Array.from({ length: 11 }, (_, page) => client.request('GET /user/repos', { page }));
    await until(() => github.requests.length === 10, { what: 'ten requests' });
    assert.deepEqual(await github.anotherApi().get(CREDENTIAL, '/user'), { data: {} });
    assert.equal(github.requests.length, 11);
    resolve();
    await Promise.all(waiting);
    assert.equal(github.requests.length, 12);
  });
});
