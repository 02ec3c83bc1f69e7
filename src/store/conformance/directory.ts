/** The directory of people and clients. Ends of sessions show in it after a sweep; logins at once. */
import assert from 'node:assert/strict';
import type { DirectoryQuery } from '../people-operations.ts';
import type { Store } from '../store.ts';
import { credential, grant, HOUR, liveSession } from './fixtures.ts';
import type { DefineTest } from './stores.ts';

/** A session of a person with this login, of a client with this id and name. */
const session = (
  store: Store,
  person: string,
  login: string,
  id: string,
  clientId = 'client-1',
  clientName = 'A client',
) =>
  liveSession(store, person, id, {
    grant: { ...grant, clientId, clientName },
    credential: { ...credential, account: { id: 1000 + person.charCodeAt(0), login } },
  });

export function describeDirectory(test: DefineTest): void {
  const logins = async (store: Store, query: Partial<DirectoryQuery> = {}) =>
    (await store.directory.people({ sort: 'login', limit: 10, ...query })).map(({ login }) => login);

  test('has a person from the login on, in lower case, with the account and two instants', async ({
    store,
    second,
    time,
    advance,
  }) => {
    await session(store, 'p', 'OctoCat', 'a');
    const begun = time();
    const expected = { person: 'p', githubId: 1112, login: 'octocat', createdAt: begun, cursor: 'octocat p' };
    assert.deepEqual(await second.directory.people({ sort: 'login', limit: 10 }), [{ ...expected, lastUsedAt: begun }]);
    advance(600);
    await store.sessions.read({ person: 'p', grant: 'a' });
    await store.revocations.sweep('p', 600);
    const entry = { ...expected, lastUsedAt: time() };
    assert.deepEqual(await second.directory.people({ sort: 'login', limit: 10 }), [entry]);
    await store.revocations.sweep('p', 600);
    assert.deepEqual(
      await store.directory.people({ sort: 'login', limit: 10 }),
      [entry],
      'a second sweep changes nothing',
    );
  });

  test('pages by login, and finds those whose login begins so', async ({ store }) => {
    for (const [person, login] of [
      ['a', 'mona'],
      ['b', 'zoe'],
      ['c', 'Hubot'],
      ['d', 'monalisa'],
      ['e', 'mona'],
    ] as const)
      await session(store, person, login, 'g');
    assert.deepEqual(await logins(store), ['hubot', 'mona', 'mona', 'monalisa', 'zoe']);
    const first = await store.directory.people({ sort: 'login', limit: 2 });
    assert.deepEqual(
      first.map(({ person }) => person),
      ['c', 'a'],
    );
    assert.deepEqual(await logins(store, { after: first[1]?.cursor ?? '' }), ['mona', 'monalisa', 'zoe']);
    assert.deepEqual(await logins(store, { login: 'mona' }), ['mona', 'mona', 'monalisa']);
    assert.deepEqual(await logins(store, { login: 'mona', after: 'mona a' }), ['mona', 'monalisa']);
    assert.deepEqual(await logins(store, { login: 'mona', limit: 1 }), ['mona']);
    assert.deepEqual(await logins(store, { login: 'nobody' }), []);
  });

  test('sorts by the beginning and by the last use, newest first, in pages', async ({ store, advance }) => {
    for (const person of ['a', 'b', 'c']) {
      await session(store, person, `login-${person}`, 'g');
      advance(100);
    }
    await store.sessions.read({ person: 'b', grant: 'g' });
    for (const person of ['a', 'b', 'c']) await store.revocations.sweep(person, 600);
    for (const [sort, expected] of [
      ['created', ['login-c', 'login-b', 'login-a']],
      ['last-used', ['login-b', 'login-c', 'login-a']],
    ] as const) {
      assert.deepEqual(await logins(store, { sort }), expected, sort);
      const [first] = await store.directory.people({ sort, limit: 1 });
      assert.deepEqual(await logins(store, { sort, after: first?.cursor ?? '' }), expected.slice(1), sort);
    }
  });

  test('finds people by the id, name and server of a client, in any case', async ({ store }) => {
    await session(store, 'a', 'mona', 'g', 'https://Notes.example/client', 'Ünïcode Notes');
    await session(store, 'b', 'hubot', 'g', 'client-2', 'Terminal');
    for (const when of ['after the logins', 'after the sweeps']) {
      for (const [app, expected] of [
        ['notes.example', ['mona']],
        ['ünïcode', ['mona']],
        ['TERMINAL'.toLowerCase(), ['hubot']],
        ['mcp.example', ['hubot', 'mona']],
        ['%', []],
      ] as const)
        assert.deepEqual(await logins(store, { app }), expected, `${app}, ${when}`);
      assert.deepEqual(await logins(store, { app: 'mcp.example', login: 'm' }), ['mona']);
      assert.deepEqual(await logins(store, { app: 'mcp.example', after: 'hubot b' }), ['mona']);
      for (const person of ['a', 'b']) await store.revocations.sweep(person, 600);
    }
  });

  test('lists clients with their people and sessions, and the most used names', async ({ store, time }) => {
    await session(store, 'a', 'mona', 'g1', 'c2', 'Editor');
    await session(store, 'a', 'mona', 'g2', 'c2', 'Editor');
    await session(store, 'b', 'hubot', 'g1', 'c2', 'Editor');
    await session(store, 'b', 'hubot', 'g2', 'c1', 'Terminal');
    for (const when of ['after the logins', 'after the sweeps']) {
      const terminal = { clientId: 'c1', clientName: 'Terminal', sessions: 1, people: 1 };
      const editor = { clientId: 'c2', clientName: 'Editor', sessions: 3, people: 2 };
      assert.deepEqual(await store.directory.clients('', '', 10), [terminal, editor], when);
      assert.deepEqual(await store.directory.clients('', 'c1', 10), [editor]);
      assert.deepEqual(await store.directory.clients('', '', 1), [terminal]);
      assert.deepEqual(await store.directory.clients('edit', '', 10), [editor]);
      assert.deepEqual(await store.directory.usage(time() - 1, 10), {
        active: 2,
        sessionsPerName: [
          ['Editor', 3],
          ['Terminal', 1],
        ],
      });
      assert.deepEqual(await store.directory.usage(time(), 1), { active: 0, sessionsPerName: [['Editor', 3]] });
      for (const person of ['a', 'b']) await store.revocations.sweep(person, 600);
    }
  });

  test('follows a login that changed, and drops people without sessions at their sweep', async ({ store, advance }) => {
    await session(store, 'a', 'before', 'g1');
    advance(1);
    await session(store, 'a', 'after', 'g2');
    assert.deepEqual(await logins(store), ['after']);
    await store.revocations.sweep('a', 600);
    assert.deepEqual(await logins(store), ['after']);
    await store.sessions.endAll('a');
    await store.revocations.sweep('a', 600);
    assert.deepEqual(await logins(store), []);
    await session(store, 'a', 'again', 'g3');
    assert.deepEqual(await logins(store), ['again']);
    advance(HOUR);
    await store.revocations.sweep('a', 600);
    assert.deepEqual(await logins(store), []);
    assert.deepEqual(await store.directory.clients('', '', 10), []);
  });
}
