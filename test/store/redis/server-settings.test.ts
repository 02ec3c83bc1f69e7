// How a Redis is set up. test/threats/redis-settings.test.ts has what is refused and what is warned about.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkRedisSettings } from '../../../src/store/redis/server-settings.ts';
import { startRedis } from '../../support/redis.ts';
import { startRedisCluster } from '../../support/redis-cluster.ts';

describe('the settings of a Redis Cluster', () => {
  it('are those of every primary: one that evicts is enough', async (t) => {
    const cluster = await startRedisCluster();
    t.after(() => cluster.stop());
    for (const node of cluster.nodes) await node.cli('config', 'set', 'appendonly', 'yes');
    assert.deepEqual(await checkRedisSettings(cluster.url), []);
    await cluster.nodes[2]?.cli('config', 'set', 'maxmemory-policy', 'allkeys-lru');
    await assert.rejects(checkRedisSettings(cluster.url), { name: 'RedisEvicts' });
  });

  it('are not known where nothing answers', async () => {
    await assert.rejects(checkRedisSettings('redis://127.0.0.1:1'), /REDIS_URL: Redis does not answer .*ECONNREFUSED/);
  });

  it('are left to the operator where the user may not ask for them', async (t) => {
    const server = await startRedis();
    t.after(() => server.stop());
    await server.cli('acl', 'setuser', 'default', '-@dangerous');
    const [warning = '', ...more] = await checkRedisSettings(server.url);
    assert.match(warning, /does not let this user ask how it is set up/);
    assert.deepEqual(more, []);
  });
});
