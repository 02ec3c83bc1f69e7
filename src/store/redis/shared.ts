/** Versioned documents, leases and replay marks in Redis: one key each. */
import type { SharedStore } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { loadScript } from './script.ts';

export function createRedisSharedStore(redis: RedisConnection, keys: RedisKeys): SharedStore {
  const scripts = {
    writeDocument: loadScript('document-write'),
    acquireLease: loadScript('lease-acquire'),
    releaseLease: loadScript('lease-release'),
    useOnce: loadScript('use-once'),
  };
  return {
    async readDocument(name) {
      const [version, value] = await redis.send((client) => client.hmget(keys.document(name), 'version', 'value'));
      return { version: Number(version ?? 0), value: value ?? '' };
    },
    async writeDocument(name, ifVersion, value) {
      return (await redis.run(scripts.writeDocument, [keys.document(name)], { ifVersion, value })) === 1;
    },
    async acquireLease(name, owner, ttl) {
      return (await redis.run(scripts.acquireLease, [keys.lease(name)], { owner, ttl })) === 1;
    },
    async releaseLease(name, owner) {
      await redis.run(scripts.releaseLease, [keys.lease(name)], { owner });
    },
    async useOnce(id, ttl) {
      return (await redis.run(scripts.useOnce, [keys.once(id)], { ttl })) === 1;
    },
  };
}
