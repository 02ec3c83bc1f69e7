// People by name, and what is done to them: a login that several accounts had is several people, and a block holds whatever
// way the person comes.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { githubIdIn } from '../../src/account/people.ts';
import { credential, liveSession } from '../../src/store/conformance/fixtures.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { callTool, connect, refreshing, tokenRequest } from '../support/oauth.ts';

it('reads a GitHub id from id:123, and from nothing else', () => {
  assert.equal(githubIdIn('id:583231'), 583231);
  assert.equal(githubIdIn('ID:1'), 1);
  for (const name of ['583231', 'id:', 'id:0', 'id:01', 'id:-1', 'id:1e3', 'id: 1', 'octocat', `id:${'9'.repeat(16)}`])
    assert.equal(githubIdIn(name), undefined, name);
});

onBothStores('people', (kind) => {
  const bridge = useBridge({ store: kind });
  const find = (name: string) => bridge.bridge.people.find(name);
  const only = async (name: string) => {
    const [person, ...others] = await find(name);
    assert.ok(person && others.length === 0, name);
    return person;
  };

  it('are found by login in any case, or by the id; by the id also when they were never here', async () => {
    await connect(bridge.url, { login: 'octocat' });
    const { id } = bridge.github.account('octocat');
    const octocat = { person: bridge.bridge.personTag(id), githubId: id, login: 'octocat' };
    assert.deepEqual(await find('OctoCat'), [octocat]);
    assert.deepEqual(await find(`id:${id}`), [octocat]);
    assert.deepEqual(await find('id:777'), [{ person: bridge.bridge.personTag(777), githubId: 777 }]);
    for (const nobody of ['octo', 'octocats', '']) assert.deepEqual(await find(nobody), [], nobody);
  });

  it('of one login are several when several accounts had it', async () => {
    for (const id of [41, 42])
      await liveSession(bridge.store, bridge.bridge.personTag(id), 'g'.repeat(16), {
        credential: { ...credential, account: { id, login: 'renamed' } },
      });
    assert.deepEqual((await find('renamed')).map(({ githubId }) => githubId).sort(), [41, 42]);
  });

  it('who are blocked lose calls and refreshes at once, and get no new session until they are unblocked', async () => {
    const { client, tokens } = await connect(bridge.url, { login: 'hubot' });
    const hubot = await only('hubot');
    assert.equal(await bridge.bridge.people.block(hubot, 'left', 'operator'), 1);
    assert.equal((await callTool(bridge.url, tokens.access_token, 'get_auth_status')).status, 401);
    assert.equal((await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token))).status, 400);
    await assert.rejects(connect(bridge.url, { login: 'hubot' }));
    const ended = bridge.eventsOf('grant.ended').at(-1);
    assert.deepEqual([ended?.reason, ended?.by], ['blocked', 'operator']);
    assert.deepEqual(bridge.eventsOf('person.blocked'), [
      { person: hubot.person, githubId: hubot.githubId, githubLogin: 'hubot', reason: 'left', by: 'operator' },
    ]);
    assert.deepEqual(await only('hubot'), hubot, 'a blocked person is found by the login still');
    assert.equal(await bridge.bridge.people.unblock(hubot, 'operator'), true);
    assert.equal(await bridge.bridge.people.unblock(hubot, 'operator'), false);
    assert.equal(bridge.eventsOf('person.unblocked').length, 1);
    await connect(bridge.url, { login: 'hubot' });
  });

  it('lose all sessions together', async () => {
    await connect(bridge.url, { login: 'monalisa' });
    await connect(bridge.url, { login: 'monalisa' });
    const monalisa = await only('monalisa');
    assert.equal(await bridge.bridge.people.endAll(monalisa, 'operator'), 2);
    assert.equal(await bridge.bridge.people.endAll(monalisa, 'operator'), 0);
  });
});
