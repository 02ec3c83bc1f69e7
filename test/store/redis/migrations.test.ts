// The schema version of what is stored in Redis: who migrates, what the others do meanwhile, and who is refused.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { liveSession } from '../../../src/store/conformance/fixtures.ts';
import type { RedisMigration } from '../../../src/store/redis/migrations.ts';
import { createRedisStore } from '../../../src/store/redis/redis-store.ts';
import { StoreTooNew } from '../../../src/store/schema-version.ts';
import { type Store, StoreUnavailable } from '../../../src/store/store.ts';
import { freePort } from '../../support/ports.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const nothing: RedisMigration = async () => {};

describe('the schema version in Redis', () => {
  let server: RedisServer;
  let client: Redis;
  let stores = 0;
  before(async () => {
    server = await startRedis();
    client = new Redis(server.url);
  });
  after(async () => {
    client.disconnect();
    await server.stop();
  });
  const nextPrefix = () => `m${++stores}:`;
  const opened: Store[] = [];
  const open = (prefix: string, ...migrations: RedisMigration[]) => {
    const store = createRedisStore(server.url, { prefix, ...(migrations.length > 0 ? { migrations } : {}) });
    opened.push(store);
    return store;
  };
  afterEach(() => Promise.all(opened.splice(0).map((store) => store.close())));

  it('is written once, by the first command, and not read again by the same process', async () => {
    const prefix = nextPrefix();
    const store = open(prefix);
    await store.ping();
    assert.equal(await client.hget(`${prefix}doc:schema`, 'version'), '1');
    assert.equal(await client.exists(`${prefix}lease:schema`), 0);
    await client.del(`${prefix}doc:schema`);
    await store.ping();
    assert.equal(await client.exists(`${prefix}doc:schema`), 0);
  });

  it('counts data from before there was a version as version 1, and keeps it', async () => {
    const prefix = nextPrefix();
    const before = open(prefix);
    const session = await liveSession(before, 'p', 'g');
    await client.del(`${prefix}doc:schema`);
    const store = open(prefix);
    assert.deepEqual(await store.sessions.read(session.grant.ref), session);
    assert.equal(await client.hget(`${prefix}doc:schema`, 'version'), '1');
  });

  it('lets each missing migration run once, in order, however many replicas start together', async () => {
    const prefix = nextPrefix();
    await open(prefix).ping();
    const ran: string[] = [];
    const named =
      (name: string): RedisMigration =>
      async ({ redis }) => {
        ran.push(name);
        await redis.send((sender) => sender.ping());
      };
    const replicas = Array.from({ length: 5 }, () => open(prefix, named('one'), named('two'), named('three')));
    await Promise.all(replicas.map((replica) => replica.ping()));
    assert.deepEqual(ran, ['two', 'three']);
  });

  it('lets a migration that was interrupted be run again by another process', async () => {
    const prefix = nextPrefix();
    const ran: string[] = [];
    const first = open(prefix, nothing, async () => {
      ran.push('half');
      throw new StoreUnavailable('Redis went away');
    });
    await assert.rejects(first.ping(), StoreUnavailable);
    assert.equal(await client.hget(`${prefix}doc:schema`, 'version'), '1');
    const second = open(prefix, nothing, async () => void ran.push('whole'));
    await second.ping();
    assert.deepEqual(ran, ['half', 'whole']);
    assert.equal(await client.hget(`${prefix}doc:schema`, 'version'), '2');
  });

  it('keeps the commands of others waiting while one migrates', async () => {
    const prefix = nextPrefix();
    const held = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const migrating = open(prefix, async () => {
      begun.resolve();
      await held.promise;
    });
    const other = open(prefix, async () => assert.fail('both ran it'));
    const answers: string[] = [];
    const first = migrating.ping().then(() => answers.push('first'));
    await begun.promise;
    const second = other.ping().then(() => answers.push('second'));
    await until(async () => Number((await server.cli('info', 'commandstats')).match(/evalsha:calls=(\d+)/)?.[1]) > 1, {
      what: 'the other to ask for the lease',
    });
    assert.deepEqual(answers, []);
    held.resolve();
    await Promise.all([first, second]);
    assert.deepEqual(answers, ['first', 'second']);
  });

  it('of a newer program refuses this one, which changes nothing', async () => {
    const prefix = nextPrefix();
    const newer = open(prefix, nothing, nothing, nothing);
    const session = await liveSession(newer, 'p', 'g');
    const before = await client.hgetall(`${prefix}person:{p}`);
    const store = open(prefix);
    for (const call of [() => store.ping(), () => store.sessions.end(session.grant.ref)])
      await assert.rejects(call(), (error) => {
        assert.ok(error instanceof StoreTooNew);
        assert.equal(
          error.message,
          'REDIS_URL: what Redis holds was written by a newer version of this program (schema 3; this one knows 1). ' +
            'Run that version, or restore a backup from before the upgrade.',
        );
        return true;
      });
    assert.deepEqual(await client.hgetall(`${prefix}person:{p}`), before);
    assert.equal(await client.exists(`${prefix}ping`), 0);
  });

  it('is read when Redis comes back, if it was away at the start', async () => {
    const late = await startRedis();
    await late.down();
    const store = createRedisStore(late.url);
    await assert.rejects(store.ping(), StoreUnavailable);
    await late.up();
    await until(
      () =>
        store.ping().then(
          () => true,
          () => false,
        ),
      { what: 'Redis to answer' },
    );
    assert.equal(await late.cli('hget', 'mgb:doc:schema', 'version'), '1');
    await store.close();
    await late.stop();
    const nowhere = createRedisStore(`redis://127.0.0.1:${await freePort()}`);
    await assert.rejects(nowhere.ping(), StoreUnavailable);
    await nowhere.close();
  });
});
