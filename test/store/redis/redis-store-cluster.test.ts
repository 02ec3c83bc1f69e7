// The Redis store on Redis Cluster: the conformance suite over three primaries, and sessions while slots move and while a
// primary is down.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { describeStore } from '../../../src/store/conformance/describe-store.ts';
import { liveSession } from '../../../src/store/conformance/fixtures.ts';
import { createRedisStore } from '../../../src/store/redis/redis-store.ts';
import { StoreUnavailable } from '../../../src/store/store.ts';
import { type RedisCluster, startRedisCluster } from '../../support/redis-cluster.ts';
import { until } from '../../support/until.ts';

describe('Redis Cluster', () => {
  let cluster: RedisCluster;
  let url = '';
  let stores = 0;
  before(async () => {
    cluster = await startRedisCluster({ masters: 3, replicas: 1 });
    url = cluster.url;
  });
  after(() => cluster.stop());

  describeStore('three primaries', async (now) => {
    const prefix = `s${++stores}:`;
    const store = createRedisStore(url, { now, prefix });
    const second = createRedisStore(url, { now, prefix });
    return { store, second };
  });

  it('follows slots that move to another primary', async (context) => {
    const store = createRedisStore(url, { prefix: 'moving:' });
    context.after(() => store.close());
    const people = Array.from({ length: 20 }, (_, index) => `p${index}`);
    for (const person of people) await liveSession(store, person, 'g');
    const [from, to] = cluster.nodes;
    assert.ok(from && to);
    const [fromId, toId] = await Promise.all([from.cli('cluster', 'myid'), to.cli('cluster', 'myid')]);
    const reading = { done: false, reads: 0 };
    const reader = (async () => {
      while (!reading.done) {
        const found = await Promise.all(people.map((person) => store.sessions.read({ person, grant: 'g' })));
        assert.ok(found.every((session) => session !== undefined));
        reading.reads++;
      }
    })();
    for (const person of people) {
      const slot = await from.cli('cluster', 'keyslot', `{${person}}`);
      const keys = await from.cli('cluster', 'getkeysinslot', slot, '100').catch(() => '');
      if (keys === '' || keys.startsWith('MOVED')) continue;
      await to.cli('cluster', 'setslot', slot, 'importing', fromId);
      await from.cli('cluster', 'setslot', slot, 'migrating', toId);
      await from.cli('migrate', '127.0.0.1', String(to.port), '', '0', '5000', 'keys', ...keys.split('\n'));
      // The new owner learns of it first, as redis-cli does it: otherwise the two would send a client to each other.
      const others = cluster.nodes.filter((node) => node !== to && node !== from);
      for (const node of [to, from, ...others])
        await node.cli('cluster', 'setslot', slot, 'node', toId).catch(() => '');
    }
    const reads = reading.reads;
    await until(() => reading.reads > reads + 3, { what: 'reads after the move' });
    reading.done = true;
    await reader;
  });

  it('answers StoreUnavailable while a primary is down, and loses no session', async (context) => {
    const store = createRedisStore(url, { prefix: 'dying:' });
    context.after(() => store.close());
    const people = Array.from({ length: 12 }, (_, index) => `p${index}`);
    for (const person of people) await liveSession(store, person, 'g');
    const [first] = cluster.nodes;
    await first?.down({ crash: true });
    const outcomes = await Promise.allSettled(people.map((person) => store.sessions.read({ person, grant: 'g' })));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.ok(outcome.reason instanceof StoreUnavailable);
      else assert.ok(outcome.value, 'a session must not be answered as absent');
    }
    await until(
      async () => {
        const found = await Promise.all(people.map((person) => store.sessions.read({ person, grant: 'g' })));
        return found.every((session) => session !== undefined);
      },
      { what: 'the replica to take over', timeout: 30_000 },
    );
    await first?.up();
  });
});
