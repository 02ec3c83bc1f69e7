/** Remembered consents in Redis: one hash per person. */
import type { ConsentStore } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { loadScript } from './script.ts';

export function createRedisConsentStore(redis: RedisConnection, keys: RedisKeys): ConsentStore {
  const scripts = { remember: loadScript('consent-remember'), has: loadScript('consent-has') };
  return {
    async remember(person, consentKey, ttl) {
      await redis.run(scripts.remember, [keys.consents(person)], { consentKey, ttl });
    },
    async has(person, consentKey) {
      return (await redis.run(scripts.has, [keys.consents(person)], { consentKey })) === 1;
    },
    async forget(person) {
      await redis.send((client) => client.del(keys.consents(person)));
    },
  };
}
