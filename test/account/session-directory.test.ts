// Everybody's sessions, as administrators search, end and count them; what one question reads is bounded.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { liveSession } from '../../src/store/conformance/fixtures.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { UPSTREAMS_FILE } from '../support/mcp-servers.ts';
import { connect, type TestClient } from '../support/oauth.ts';

onBothStores('the session directory', (store) => {
  const bridge = useBridge({ store, env: { UPSTREAMS_FILE } });
  let editor: TestClient;
  let terminal: TestClient;
  before(async () => {
    editor = (await connect(bridge.url, { login: 'octocat', metadata: { client_name: 'An Editor' } })).client;
    terminal = (await connect(bridge.url, { login: 'monalisa', metadata: { client_name: 'A Terminal' } })).client;
    await connect(bridge.url, { login: 'octocat', metadata: { client_name: 'A Terminal' } });
  });
  const found = async (query: string) => {
    const { sessions, more } = await bridge.bridge.directory.search(query);
    assert.equal(more, false);
    return sessions.map(({ grant, credential }) => `${credential.account.login} ${grant.clientName}`).sort();
  };
  const nameOf = async (query: string) => {
    const [session] = (await bridge.bridge.directory.search(query)).sessions;
    assert.ok(session);
    return bridge.bridge.directory.describe(session).session;
  };

  it('finds sessions by login, GitHub id, client name, client id and session, in any case', async () => {
    assert.deepEqual(await found('OCTOCAT'), ['octocat A Terminal', 'octocat An Editor']);
    assert.deepEqual(await found(String(bridge.github.account('monalisa').id)), ['monalisa A Terminal']);
    assert.deepEqual(await found(' terminal '), ['monalisa A Terminal', 'octocat A Terminal']);
    assert.deepEqual(await found(editor.client_id), ['octocat An Editor']);
    assert.deepEqual(await found(await nameOf(editor.client_id)), ['octocat An Editor']);
    assert.equal((await found('')).length, 3);
    assert.deepEqual(await found('nobody at all'), []);
  });

  it('describes a session in the terms of the tools, with instants that people read', async () => {
    const [session] = (await bridge.bridge.directory.search(editor.client_id)).sessions;
    assert.ok(session);
    const { session: name, created_at, last_used_at, expires_at, ...rest } = bridge.bridge.directory.describe(session);
    assert.match(name, /^[\w-]{16}\.[\w-]{16}$/);
    for (const at of [created_at, last_used_at, expires_at]) assert.equal(new Date(at).toISOString(), at);
    assert.deepEqual(rest, {
      login: 'octocat',
      github_id: bridge.github.account('octocat').id,
      client_id: editor.client_id,
      client_name: 'An Editor',
      scopes: ['read:user'],
      resource: `${bridge.url}/mcp`,
      recipient: null,
    });
  });

  it('counts people, sessions, and those of each client', async () => {
    assert.deepEqual(await bridge.bridge.directory.statistics(), {
      people: 2,
      sessions: 3,
      sessions_per_client: { 'An Editor': 1, 'A Terminal': 2 },
      people_active_within_a_day: 2,
    });
  });

  it('ends a session that is named in full, or by a beginning that only one has', async () => {
    const ended = () => bridge.eventsOf('grant.ended');
    const octocats = await nameOf('octocat');
    const person = octocats.slice(0, octocats.indexOf('.') + 1);
    assert.equal(await bridge.bridge.directory.revoke(person, 'operator'), undefined, 'both sessions begin so');
    for (const nobody of ['', '*', 'nonsense', `${octocats}x`])
      assert.equal(await bridge.bridge.directory.revoke(nobody, 'operator'), undefined, nobody);
    assert.equal(ended().length, 0);

    const name = await nameOf(terminal.client_id);
    assert.equal(await bridge.bridge.directory.revoke(name.slice(0, 20), 'operator'), name);
    assert.deepEqual(
      ended().map(({ clientId, reason, by }) => ({ clientId, reason, by })),
      [{ clientId: terminal.client_id, reason: 'administrator', by: 'operator' }],
    );
    assert.equal(await bridge.bridge.directory.revoke(octocats, 'administrator'), octocats);
    assert.equal(await bridge.bridge.directory.revoke(octocats, 'administrator'), undefined, 'it is over');
  });

  it('finds a session by its resource and by the MCP server that gets its calls, and describes both', async () => {
    const resource = `${bridge.url}/mcp/notes`;
    const { client } = await connect(bridge.url, { login: 'hubot', parameters: { resource } });
    for (const query of [resource, 'notes.internal', client.client_id]) {
      const { sessions } = await bridge.bridge.directory.search(query);
      assert.deepEqual(
        sessions.map(bridge.bridge.directory.describe).map(({ login, resource, recipient }) => ({
          login,
          resource,
          recipient,
        })),
        [{ login: 'hubot', resource, recipient: { host: 'notes.internal:8080', credential: 'identity' } }],
        query,
      );
    }
  });

  it('shows two hundred sessions, and says when there are more', async () => {
    const grants = Array.from({ length: 201 }, (_, index) => String(index).padStart(16, '0'));
    // Of several people, because one person keeps no more than a hundred sessions.
    const personOf = (index: number) => `person-${index % 3}`.padEnd(16, '-');
    await Promise.all(grants.map((grant, index) => liveSession(bridge.store, personOf(index), grant)));
    const { sessions, more } = await bridge.bridge.directory.search('client-1');
    assert.deepEqual({ shown: sessions.length, more }, { shown: 200, more: true });
  });
});
