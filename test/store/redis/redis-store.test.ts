// The Redis store on one server: the conformance suite, and how many round trips each method takes.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { describeStore } from '../../../src/store/conformance/describe-store.ts';
import {
  aClient,
  approval,
  DAY,
  HOUR,
  liveSession,
  login,
  newSession,
  presentation,
  rotation,
} from '../../../src/store/conformance/fixtures.ts';
import { createRedisKeys } from '../../../src/store/redis/keys.ts';
import { createRedisStore } from '../../../src/store/redis/redis-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { type RedisServer, type SharedRedis, sharedRedis, startRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

describe('Redis', () => {
  let redis: SharedRedis;
  let stores = 0;
  before(async () => {
    redis = await sharedRedis();
  });
  after(() => redis.stop());

  describeStore('one server', async (now) => {
    const prefix = `${redis.prefix}${++stores}:`;
    const store = createRedisStore(redis.url, { now, prefix });
    const second = createRedisStore(redis.url, { now, prefix });
    return { store, second };
  });

  it('uses the clock of the server when it is given none', async () => {
    const store = createRedisStore(redis.url, { prefix: `${redis.prefix}clock:` });
    const session = await liveSession(store, 'p', 'g');
    assert.ok(Math.abs(session.grant.createdAt - Date.now() / 1000) < 5);
    assert.ok(await store.sessions.read(session.grant.ref));
    await store.close();
  });

  it('lists blocked people in full pages, also where a command that died has left one who is not blocked', async () => {
    const prefix = `${redis.prefix}blocks:`;
    const store = createRedisStore(redis.url, { prefix });
    for (const person of ['a', 'b', 'c', 'd']) await store.blocks.add({ person, githubId: 1 });
    const client = new Redis(redis.url);
    for (const person of ['a', 'b']) await client.hdel(createRedisKeys(prefix).records(person), 'blocked');
    client.disconnect();
    const [read, list] = [await store.blocks.read('a'), await store.blocks.list('', 2)];
    await store.close();
    assert.equal(read, undefined);
    assert.deepEqual(
      list.map(({ person }) => person),
      ['c', 'd'],
    );
  });

  it('gives every key a native expiry, except those of sessions and indexes', async () => {
    const prefix = `${redis.prefix}expiry:`;
    const store = createRedisStore(redis.url, { prefix });
    await store.logins.open('l', login, 600);
    await store.clients.add(aClient('c'), DAY, 10);
    await store.consents.remember('p', 'k', 60);
    await store.shared.acquireLease('lease', 'me', 30);
    await store.shared.useOnce('jti', 60);
    await store.ping();
    await liveSession(store, 'p', 'g');
    await store.close();
    const client = new Redis(redis.url);
    const keys = await client.keys(`${prefix}*`);
    const lasting = [];
    for (const key of keys) if ((await client.ttl(key)) === -1) lasting.push(key.slice(prefix.length));
    client.disconnect();
    assert.deepEqual(lasting.sort(), [
      'doc:schema',
      'logins:{people}',
      'names:{people}',
      'person:{p}',
      'tallies:{people}',
      'unused-clients',
      'visits:{people}',
    ]);
  });
});

describe('round trips to Redis', () => {
  let server: RedisServer;
  let store: Store;
  before(async () => {
    server = await startRedis();
    store = createRedisStore(server.url, { prefix: 'r:' });
    await store.ping(); // the first command of a process also reads the schema version
  });
  after(async () => {
    await store.close();
    await server.stop();
  });

  /** The commands that a client sends while `work` runs; those that scripts run inside Redis do not count. */
  async function commandsOf(work: () => Promise<unknown>): Promise<string[]> {
    const watcher = new Redis(server.url);
    await watcher.ping(); // otherwise the INFO that a new connection sends would be counted
    const monitor = await watcher.monitor();
    const seen: string[] = [];
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      if (source !== 'lua') seen.push(args.join(' '));
    });
    try {
      await work();
      await watcher.echo('the end');
      await until(() => seen.some((command) => command.includes('the end')), { what: 'the monitor' });
      return seen.filter((command) => !command.includes('the end')).map((command) => command.split(' ')[0] ?? '');
    } finally {
      monitor.disconnect();
      watcher.disconnect();
    }
  }

  const ref = { person: 'p', grant: 'g' };
  const revocation = { person: 'p', id: 'r', credential: 'c', appClientId: 'a', sealedTokens: 's' };
  const client = aClient('c');
  // In this order each method finds the records that it needs.
  const methods: [string, number, () => Promise<unknown>][] = [
    ['ping', 1, () => store.ping()],
    ['clients.add (the client and the index, sent together)', 2, () => store.clients.add(client, DAY, 10)],
    ['clients.get', 1, () => store.clients.get('c')],
    ['clients.touch (the client and its indexes, sent together)', 4, () => store.clients.touch('c', DAY, 'p')],
    ['clients.replace', 1, () => store.clients.replace(client, client.registrationTokenHash)],
    ['clients.remove (the client, then its indexes)', 4, () => store.clients.remove('c', client.registrationTokenHash)],
    ['logins.open', 1, () => store.logins.open('l', login, 60)],
    ['logins.decide', 1, () => store.logins.decide('l', login.consentHash, { approval, ttl: 60 })],
    ['logins.finish', 1, () => store.logins.finish('l', approval.stateHash, approval.browserHash)],
    ['sessions.begin (the index and the session, sent together)', 2, () => store.sessions.begin(newSession('p', 'g'))],
    ['sessions.redeem', 1, () => store.sessions.redeem(ref, presentation('g'), HOUR, 'hash-of-r1')],
    ['sessions.read', 1, () => store.sessions.read(ref)],
    ['sessions.rotate', 1, () => store.sessions.rotate(ref, rotation(1))],
    ['sessions.list', 1, () => store.sessions.list('p')],
    ['sessions.people', 1, () => store.sessions.people('', 10)],
    [
      'directory.people (by login: the index and its entries)',
      2,
      () => store.directory.people({ sort: 'login', limit: 9 }),
    ],
    ['credentials.read', 1, () => store.credentials.read('p', 'cred-1')],
    ['credentials.replaceTokens', 1, () => store.credentials.replaceTokens('p', 'cred-1', 1, { sealedTokens: 't' })],
    ['credentials.reseal', 1, () => store.credentials.reseal('p', 'cred-1', 1, 't')],
    ['credentials.end', 1, () => store.credentials.end('p', 'cred-1', 1)],
    ['sessions.end', 1, () => store.sessions.end(ref)],
    ['sessions.endAll', 1, () => store.sessions.endAll('p')],
    ['revocations.duePeople', 1, () => store.revocations.duePeople(10, 60)],
    ['revocations.sweep (the person, then the index)', 2, () => store.revocations.sweep('p', HOUR)],
    ['revocations.pending', 1, () => store.revocations.pending('p')],
    ['revocations.resets', 1, () => store.revocations.resets('p')],
    ['revocations.add (the index and the tokens, sent together)', 2, () => store.revocations.add(revocation)],
    ['revocations.done', 1, () => store.revocations.done('p', 'r')],
    ['revocations.retry', 1, () => store.revocations.retry('p', 60)],
    ['directory.clients (a thousand entries in a round trip)', 1, () => store.directory.clients('', '', 9)],
    ['directory.usage (likewise)', 1, () => store.directory.usage(0, 9)],
    ['blocks.add (the index, then the person)', 2, () => store.blocks.add({ person: 'p', githubId: 1 })],
    ['blocks.read', 1, () => store.blocks.read('p')],
    ['blocks.list (the index, then each person)', 2, () => store.blocks.list('', 10)],
    ['blocks.remove (the person, then the index)', 2, () => store.blocks.remove('p')],
    ['consents.remember', 1, () => store.consents.remember('p', 'k', 60)],
    ['consents.has', 1, () => store.consents.has('p', 'k')],
    ['consents.forget', 1, () => store.consents.forget('p')],
    ['stories.append', 1, () => store.stories.append('l', ['e'], 10, 60)],
    ['stories.read', 1, () => store.stories.read('l')],
    ['shared.readDocument', 1, () => store.shared.readDocument('d')],
    ['shared.writeDocument', 1, () => store.shared.writeDocument('d', 0, 'v')],
    ['shared.acquireLease', 1, () => store.shared.acquireLease('l', 'me', 60)],
    ['shared.releaseLease', 1, () => store.shared.releaseLease('l', 'me')],
    ['shared.useOnce', 1, () => store.shared.useOnce('id', 60)],
  ];

  it('are one for each method, and two where an index in another slot is written too', async () => {
    for (const [, , call] of methods) await call(); // so that the server knows every script
    await server.cli('flushall');
    for (const [name, expected, call] of methods) {
      const commands = await commandsOf(call);
      assert.equal(commands.length, expected, `${name}: ${commands.join(', ')}`);
    }
  });

  it('are counted for every method of the store', () => {
    const listed = new Set(methods.map(([name]) => name.split(' ')[0]));
    // No request waits for `transfer`: only commands use it.
    const { kind: _kind, close: _close, ping: _ping, transfer: _transfer, ...parts } = store;
    for (const [part, methodsOfPart] of Object.entries(parts)) {
      for (const method of Object.keys(methodsOfPart)) {
        assert.ok(listed.has(`${part}.${method}`), `${part}.${method}`);
      }
    }
  });
});
