// The Redis store through Sentinel: the conformance suite, and sessions across a failover.
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { describeStore } from '../../../src/store/conformance/describe-store.ts';
import { liveSession, rotation } from '../../../src/store/conformance/fixtures.ts';
import { createRedisStore } from '../../../src/store/redis/redis-store.ts';
import { StoreUnavailable } from '../../../src/store/store.ts';
import type { RedisServer } from '../../support/redis.ts';
import { type RedisSentinel, startRedisSentinel } from '../../support/redis-sentinel.ts';
import { until } from '../../support/until.ts';

/** Milliseconds that an election may take: a vote without a majority is repeated after seconds, possibly several times. */
const ELECTION = 60_000;

describe('Redis through Sentinel', () => {
  let sentinel: RedisSentinel;
  let url = '';
  let stores = 0;
  before(async () => {
    sentinel = await startRedisSentinel();
    url = sentinel.url;
  });
  after(() => sentinel.stop());

  describeStore('a primary and its replica', async (now) => {
    const prefix = `s${++stores}:`;
    const store = createRedisStore(url, { now, prefix });
    const second = createRedisStore(url, { now, prefix });
    return { store, second };
  });

  async function replicaHas(primary: RedisServer, key: string): Promise<boolean> {
    const [, port] = /slave0:ip=127.0.0.1,port=(\d+),state=online/.exec(await primary.cli('info', 'replication')) ?? [];
    if (port === undefined) return false;
    const replica = new Redis({ port: Number(port), retryStrategy: () => null });
    try {
      return (await replica.exists(key)) === 1;
    } finally {
      replica.disconnect();
    }
  }

  /** A session that the replica has too, and the present primary. */
  async function replicatedSession(context: TestContext, prefix: string) {
    const store = createRedisStore(url, { prefix });
    context.after(() => store.close());
    const primary = await sentinel.master();
    const { grant } = await liveSession(store, 'p', 'g');
    await until(() => replicaHas(primary, `${prefix}person:{p}`), { what: 'the replica', timeout: 30_000 });
    return { store, primary, ref: grant.ref };
  }

  it('finds the new primary when the old one dies, and loses no session', async (context) => {
    const { store, primary, ref } = await replicatedSession(context, 'dies:');
    await primary.down({ crash: true });
    await until(
      () =>
        store.sessions.read(ref).then(
          (session) => session ?? assert.fail('the session was answered as absent'),
          (error) => {
            assert.ok(error instanceof StoreUnavailable, String(error));
            return undefined;
          },
        ),
      { what: 'the new primary', timeout: ELECTION },
    );
    await until(() => sentinel.master().then((next) => next !== primary), {
      what: 'the sentinels to agree',
      timeout: ELECTION,
    });
    await primary.up();
  });

  it('finds the new primary when the old one hangs', async (context) => {
    const { store, primary, ref } = await replicatedSession(context, 'hangs:');
    primary.pause();
    context.after(() => primary.resume());
    const turn = await until(() => store.sessions.rotate(ref, rotation(1)), {
      what: 'the new primary',
      timeout: ELECTION,
    });
    assert.ok(turn.outcome === 'rotated' || turn.outcome === 'repeated');
  });
});
