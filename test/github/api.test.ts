// Calls of GitHub's API: conditional requests, and never the same call twice at the same time.
import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { connect, loginIn, USER, withLongTokens } from './fixtures.ts';

onBothStores("calls of GitHub's API", (store) => {
  const bridge = useBridge(withLongTokens({ store }));
  beforeEach(() => bridge.github.clearCalls());

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

  it('name the program and the version of the API', async () => {
    const person = await connect(bridge);
    await person.profile();
    await person.revoke();
    for (const call of bridge.github.calls.filter(({ path }) => path.startsWith('/api/')))
      assert.equal(call.userAgent?.split(' ')[0], 'mcp-github-bridge', call.path);
    for (const call of bridge.github.callsTo('GET', USER)) assert.equal(call.apiVersion, '2022-11-28');
  });
});
