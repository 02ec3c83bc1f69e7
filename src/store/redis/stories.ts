/** Stories of logins in Redis: one list each. */
import { z } from 'zod';
import type { StoryStore } from '../story-store.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { loadScript } from './script.ts';

export function createRedisStoryStore(redis: RedisConnection, keys: RedisKeys): StoryStore {
  const scripts = { append: loadScript('story-append'), read: loadScript('story-read') };
  return {
    async append(login, entries, limit, ttl) {
      await redis.run(scripts.append, [keys.story(login)], { entries, limit, ttl });
    },
    async read(login) {
      return z.array(z.string()).parse(await redis.run(scripts.read, [keys.story(login)], {}));
    },
  };
}
