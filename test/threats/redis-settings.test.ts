// A Redis that may forget what is not allowed to be forgotten is refused, one that forgets less is warned about.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { checkRedisSettings, RedisEvicts } from '../../src/store/redis/server-settings.ts';
import { start } from '../programs.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

async function redisWith(t: TestContext, ...args: string[]): Promise<RedisServer> {
  const server = await startRedis({ args });
  t.after(() => server.stop());
  return server;
}

describe('a Redis', () => {
  for (const policy of ['allkeys-lru', 'allkeys-lfu', 'allkeys-random']) {
    it(`#29 whose policy is ${policy} is refused`, async (t) => {
      const { url } = await redisWith(t, '--maxmemory-policy', policy);
      await assert.rejects(
        checkRedisSettings(url),
        (error) => error instanceof RedisEvicts && error.message.includes(policy),
      );
    });
  }

  for (const policy of ['volatile-lru', 'volatile-ttl']) {
    it(`#29 whose policy is ${policy} is warned about`, async (t) => {
      const { url } = await redisWith(t, '--maxmemory-policy', policy, '--appendonly', 'yes');
      assert.deepEqual(
        (await checkRedisSettings(url)).map((warning) => /evict/.test(warning)),
        [true],
      );
    });
  }

  it('#29 that writes nothing to its disk is warned about, and one that does is not', async (t) => {
    const none = await redisWith(t);
    assert.deepEqual(
      (await checkRedisSettings(none.url)).map((warning) => /appendonly yes/.test(warning)),
      [true],
    );
    for (const args of [
      ['--appendonly', 'yes'],
      ['--save', '60 1000'],
    ]) {
      const { url } = await redisWith(t, ...args);
      assert.deepEqual(await checkRedisSettings(url), []);
    }
  });

  it('#29 that evicts stops the start of the bridge, with what to do', async (t) => {
    const { url } = await redisWith(t, '--maxmemory-policy', 'allkeys-lru');
    const { code, stderr } = await start('main.ts', {
      PORT: '0',
      GITHUB_CLIENT_ID: 'id',
      GITHUB_CLIENT_SECRET: 'secret',
      BRIDGE_SECRET: 'a secret that is long enough for a test',
      REDIS_URL: url,
    }).ended;
    assert.equal(code, 2);
    assert.match(stderr, /REDIS_URL: Redis may evict any key .*Set maxmemory-policy noeviction/);
  });
});
