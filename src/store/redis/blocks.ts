/**
 * Blocked people in Redis: a field of the person's hash, which scripts/session-begin.lua checks, and a list of the people in
 * the slot of the index. The list has a person from before the block until after it, so it may name one who is not blocked.
 */
import { z } from 'zod';
import type { Block, BlockStore } from '../people-operations.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { batch, endedListSchema, toEnded } from './person-records.ts';
import { loadScript } from './script.ts';

/** The field of the hash; scripts/records.lua has the same name. */
const FIELD = 'blocked';

const blockSchema = z.object({
  githubId: z.number(),
  login: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  blockedAt: z.number(),
});

export function createRedisBlockStore(redis: RedisConnection, keys: RedisKeys): BlockStore {
  const script = loadScript('person-block', 'records', 'person');

  async function read(person: string): Promise<Block | undefined> {
    const value = await redis.send((client) => client.hget(keys.records(person), FIELD));
    return value === null ? undefined : { person, ...blockSchema.parse(JSON.parse(value)) };
  }

  return {
    async add(block) {
      const { person } = block;
      await redis.send((client) => client.zadd(keys.blocked(), 0, person));
      const reply = await redis.run(script, keys.person(person), { ...block, batch: batch() });
      return endedListSchema.parse(reply).map((ended) => toEnded(person, ended));
    },

    async remove(person) {
      const removed = await redis.send((client) => client.hdel(keys.records(person), FIELD));
      await redis.send((client) => client.zrem(keys.blocked(), person));
      return removed === 1;
    },

    read,

    async list(after, limit) {
      const found: Block[] = [];
      let start = after === '' ? '-' : `(${after}`;
      while (found.length < limit) {
        const wanted = limit - found.length;
        const people = await redis.send((client) => client.zrangebylex(keys.blocked(), start, '+', 'LIMIT', 0, wanted));
        found.push(...(await Promise.all(people.map(read))).filter((block) => block !== undefined));
        if (people.length < wanted) break;
        start = `(${people.at(-1)}`;
      }
      return found;
    },
  };
}
