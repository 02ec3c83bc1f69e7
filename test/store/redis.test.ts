// Redis on one server: the conformance suite, the count of round trips, and what happens when the server is in trouble.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { describeStore } from '../../src/store/conformance/describe-store.ts';
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
} from '../../src/store/conformance/fixtures.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { parseRedisUrl } from '../../src/store/redis/url.ts';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import { type RedisServer, type SharedRedis, sharedRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

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
    return {
      store,
      second,
      async close() {
        await store.close();
        await second.close();
      },
    };
  });

  it('uses the clock of the server when it is given none', async () => {
    const store = createRedisStore(redis.url, { prefix: `${redis.prefix}clock:` });
    const session = await liveSession(store, 'p', 'g');
    assert.ok(Math.abs(session.grant.createdAt - Date.now() / 1000) < 5);
    assert.ok(await store.sessions.read(session.grant.ref));
    await store.close();
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
      'arrivals:{people}',
      'credentials:{p}',
      'grants:{p}',
      'names:{people}',
      'states:{p}',
      'tokens:{p}',
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
    ['credentials.read', 1, () => store.credentials.read('p', 'cred-1')],
    ['credentials.replaceTokens', 1, () => store.credentials.replaceTokens('p', 'cred-1', 1, { sealedTokens: 't' })],
    ['credentials.end', 1, () => store.credentials.end('p', 'cred-1', 1)],
    ['sessions.end', 1, () => store.sessions.end(ref)],
    ['sessions.endAll', 1, () => store.sessions.endAll('p')],
    ['revocations.duePeople', 1, () => store.revocations.duePeople(10, 60)],
    ['revocations.sweep (the person, then the index)', 2, () => store.revocations.sweep('p', HOUR)],
    ['revocations.pending', 1, () => store.revocations.pending('p')],
    ['revocations.add (the index and the tokens, sent together)', 2, () => store.revocations.add(revocation)],
    ['revocations.done', 1, () => store.revocations.done('p', 'r')],
    ['revocations.retry', 1, () => store.revocations.retry('p', 60)],
    ['consents.remember', 1, () => store.consents.remember('p', 'k', 60)],
    ['consents.has', 1, () => store.consents.has('p', 'k')],
    ['consents.forget', 1, () => store.consents.forget('p')],
    ['shared.readDocument', 1, () => store.shared.readDocument('d')],
    ['shared.writeDocument', 1, () => store.shared.writeDocument('d', 0, 'v')],
    ['shared.acquireLease', 1, () => store.shared.acquireLease('l', 'me', 60)],
    ['shared.releaseLease', 1, () => store.shared.releaseLease('l', 'me')],
    ['shared.useOnce', 1, () => store.shared.useOnce('id', 60)],
  ];

  it('are one a method, and two where an index in another slot is written too', async () => {
    for (const [, , call] of methods) await call(); // so that the server knows every script
    await server.cli('flushall');
    for (const [name, expected, call] of methods) {
      const commands = await commandsOf(call);
      assert.equal(commands.length, expected, `${name}: ${commands.join(', ')}`);
    }
  });

  it('cover every method of the store', () => {
    const listed = new Set(methods.map(([name]) => name.split(' ')[0]));
    const { kind: _kind, close: _close, ping: _ping, ...parts } = store;
    for (const [part, methodsOfPart] of Object.entries(parts)) {
      for (const method of Object.keys(methodsOfPart)) {
        assert.ok(listed.has(`${part}.${method}`), `${part}.${method}`);
      }
    }
  });
});

describe('Redis in trouble', () => {
  const patience = { connect: 300, command: 400 };
  let server: RedisServer;
  let errors: Error[];
  let store: Store;

  before(async () => {
    server = await startRedis({ appendOnly: true });
    errors = [];
    store = createRedisStore(server.url, { timeouts: patience, onError: (error) => errors.push(error) });
    await store.ping();
  });
  after(async () => {
    await store.close();
    await server.stop();
  });

  const recovered = () => until(() => store.ping().then(() => true), { what: 'the store to recover', timeout: 10_000 });

  async function failsSoon(call: () => Promise<unknown>): Promise<void> {
    const start = performance.now();
    await assert.rejects(call(), StoreUnavailable);
    assert.ok(performance.now() - start < 1000, 'it took too long to fail');
  }

  const attempts = (): (() => Promise<unknown>)[] => [
    () => store.ping(),
    () => store.sessions.read({ person: 'p', grant: 'g' }),
    () => store.sessions.begin(newSession('q', 'g')),
    () => store.revocations.pending('p'),
  ];

  it('that is down is unavailable at once, and works again when it is up', async () => {
    const { grant } = await liveSession(store, 'p', 'g');
    await server.down({ crash: true });
    for (const attempt of attempts()) await failsSoon(attempt);
    await server.up();
    await recovered();
    assert.ok(await store.sessions.read(grant.ref));
    assert.ok(errors.length > 0, 'onError was not called');
  });

  it('that lost the scripts is sent them again', async () => {
    await server.cli('script', 'flush');
    const { grant } = await liveSession(store, 'p', 'flushed');
    await server.cli('script', 'flush');
    const many = await Promise.all(Array.from({ length: 20 }, () => store.sessions.read(grant.ref)));
    assert.ok(many.every((session) => session !== undefined));
  });

  it('that hangs is unavailable in bounded time, also for many calls at once', async () => {
    server.pause();
    try {
      await Promise.all(attempts().map(failsSoon));
      await Promise.all(Array.from({ length: 100 }, () => failsSoon(() => store.ping())));
    } finally {
      server.resume();
    }
    await recovered();
  });

  it('that hangs is not sent a command again that it may have carried out', async () => {
    await store.sessions.begin(newSession('p', 'hung'));
    server.pause();
    const redemption = store.sessions.redeem({ person: 'p', grant: 'hung' }, presentation('hung'), HOUR);
    await assert.rejects(redemption, StoreUnavailable);
    server.resume();
    await recovered();
    const after = await store.sessions.read({ person: 'p', grant: 'hung' });
    const again = await store.sessions.redeem({ person: 'p', grant: 'hung' }, presentation('hung'), HOUR);
    // The server carried out the first redemption once, so that this one is a replay, or not at all.
    assert.equal(again.outcome, after === undefined ? 'redeemed' : 'replayed');
  });

  it('that loses the connection before it answers is not sent the command again', async (context) => {
    // A proxy that forwards everything until it is armed; then it breaks the connection instead of answering.
    let armed = false;
    const proxy = createServer((near) => {
      const far = connect(server.port, '127.0.0.1');
      near.on('error', () => far.destroy()).on('close', () => far.destroy());
      far.on('error', () => near.destroy()).on('close', () => near.destroy());
      near.pipe(far);
      far.on('data', (bytes) => {
        if (!armed) return near.write(bytes);
        armed = false;
        return near.destroy();
      });
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    assert.ok(typeof address === 'object' && address !== null);
    const far = createRedisStore(`redis://127.0.0.1:${address.port}`, { timeouts: patience });
    context.after(async () => {
      await far.close();
      proxy.close();
    });
    const ref = { person: 'p', grant: 'cut' };
    await liveSession(far, 'p', 'known'); // the server knows the scripts
    await far.sessions.begin(newSession('p', 'cut'));
    armed = true;
    await failsSoon(() => far.sessions.redeem(ref, presentation('cut'), HOUR));
    await until(() => far.ping().then(() => true), { what: 'the connection' });
    assert.ok(await far.sessions.read(ref), 'the code must have been redeemed');
  });

  it('that accepts no writes is unavailable, also to the ping', async () => {
    await server.cli('replicaof', '127.0.0.1', '1');
    await failsSoon(() => store.ping());
    await until(
      () =>
        store.sessions.begin(newSession('p', 'readonly')).then(
          () => assert.fail('a replica took a write'),
          (error) => error instanceof StoreUnavailable,
        ),
      { what: 'a refusal' },
    );
    await server.cli('replicaof', 'no', 'one');
    await recovered();
  });

  it('that is out of memory is unavailable', async () => {
    await server.cli('config', 'set', 'maxmemory', '1');
    await failsSoon(() => store.ping());
    await failsSoon(() => store.sessions.begin(newSession('p', 'full')));
    await server.cli('config', 'set', 'maxmemory', '0');
    await store.ping();
  });

  it('at an address where nothing listens is unavailable, and does not end the process', async () => {
    const nowhere = createRedisStore('redis://127.0.0.1:1', { timeouts: patience });
    await assert.rejects(nowhere.ping(), StoreUnavailable);
    await nowhere.close();
    await assert.rejects(nowhere.ping(), StoreUnavailable);
  });

  it('with a password accepts only the right one', async () => {
    const locked = await startRedis({ requirePass: 'p@ss/w:ord' });
    const right = createRedisStore(locked.url, { timeouts: patience });
    await right.ping();
    await right.close();
    const wrong = createRedisStore(locked.url.replace('ord@', 'xxx@'), { timeouts: patience });
    await assert.rejects(wrong.ping(), StoreUnavailable);
    await wrong.close();
    await locked.stop();
  });
});

describe('REDIS_URL', () => {
  const at = (host: string, port: number) => ({ host, port });
  const understood = [
    ['redis://localhost', { kind: 'single', tls: false, addresses: [at('localhost', 6379)], db: 0 }],
    [
      'rediss://user:p%40ss@r.example:6380/3',
      {
        kind: 'single',
        tls: true,
        addresses: [at('r.example', 6380)],
        db: 3,
        username: 'user',
        password: 'p@ss',
      },
    ],
    [
      'redis://:secret@[::1]:7000',
      { kind: 'single', tls: false, addresses: [at('::1', 7000)], db: 0, password: 'secret' },
    ],
    [
      'redis-sentinel://:pw@a:1,b/main/2?sentinelPassword=s%2F',
      {
        kind: 'sentinel',
        tls: false,
        addresses: [at('a', 1), at('b', 26379)],
        db: 2,
        password: 'pw',
        masterName: 'main',
        sentinelPassword: 's/',
      },
    ],
    [
      'rediss-cluster://a:1,b:2',
      {
        kind: 'cluster',
        tls: true,
        addresses: [at('a', 1), at('b', 2)],
        db: 0,
      },
    ],
  ] as const;
  for (const [url, expected] of understood) {
    it(`understands ${url}`, () => assert.deepEqual(parseRedisUrl(url), expected));
  }

  for (const url of [
    'http://x',
    'redis://',
    'redis://a,b',
    'redis://a:99999',
    'redis://a/x',
    'redis-cluster://a/1',
    'redis-sentinel://a',
    'redis://a?tls=1',
    'redis://:%zz@a',
  ]) {
    it(`refuses ${url}`, () => assert.throws(() => parseRedisUrl(url), { name: 'RedisUrlError' }));
  }

  it('never repeats a password in an error message', () => {
    for (const url of ['redis://:hunter2@a,b', 'redis://:hunter2@a/x', 'redis//:hunter2@a', 'redis://:hunter2%zz@a']) {
      assert.throws(
        () => parseRedisUrl(url),
        (error: unknown) => error instanceof Error && !error.message.includes('hunter2'),
      );
    }
  });
});
