// The connection to Redis: every failure to get an answer is StoreUnavailable, soon, and no command is sent twice.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { HOUR, liveSession, newSession, presentation } from '../../../src/store/conformance/fixtures.ts';
import { createRedisStore } from '../../../src/store/redis/redis-store.ts';
import { type Store, StoreUnavailable } from '../../../src/store/store.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

describe('a Redis server', () => {
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
    await until(() => errors.length > 0, { what: 'onError to be called' });
    await server.up();
    await recovered();
    assert.ok(await store.sessions.read(grant.ref));
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

  it('that hangs does not run a script later whose caller was told that it failed', async () => {
    await liveSession(store, 'p', 'before'); // now the server knows the scripts
    await store.sessions.begin(newSession('p', 'hung'));
    server.pause();
    const redemption = store.sessions.redeem({ person: 'p', grant: 'hung' }, presentation('hung'), HOUR);
    await assert.rejects(redemption, StoreUnavailable);
    server.resume();
    await recovered();
    // It is in the server's input buffer, past its deadline: had it been run, the next one would be a replay of the code.
    const again = await store.sessions.redeem({ person: 'p', grant: 'hung' }, presentation('hung'), HOUR);
    assert.equal(again.outcome, 'redeemed');
  });

  it('whose clock is ahead runs scripts in time, and learns it from one answer', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() - 3_600_000 });
    const calls = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await server.cli('info', 'commandstats'))?.[1]);
    await server.cli('script', 'flush');
    const { grant } = await liveSession(store, 'p', 'early');
    const before = await calls();
    assert.ok(await store.sessions.read(grant.ref));
    assert.equal(await calls(), before + 1);
  });

  it('whose connection breaks before it answers is not sent the command again', async (context) => {
    // A proxy that forwards everything. When it is armed, it breaks the connection before the next answer.
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
    await liveSession(far, 'p', 'known'); // now the server knows the scripts
    await far.sessions.begin(newSession('p', 'cut'));
    armed = true;
    await failsSoon(() => far.sessions.redeem(ref, presentation('cut'), HOUR));
    await until(() => far.ping().then(() => true), { what: 'the connection' });
    assert.ok(await far.sessions.read(ref), 'the code must have been redeemed');
  });

  it('that accepts no writes is unavailable, and the ping says so too', async () => {
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

  it('that does not exist is unavailable, and does not end the process', async () => {
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
