/**
 * What the sweeper uses, in Redis: the index of people, and the expired grants and pending revocations of each person.
 */
import { z } from 'zod';
import type { RevocationStore } from '../store.ts';
import { readRevocation } from '../stored.ts';
import type { RedisConnection } from './connection.ts';
import { entryAfterSweep, leftSchema } from './directory.ts';
import type { RedisKeys } from './keys.ts';
import type { PeopleIndex } from './people.ts';
import { batch, endedSchema, toEnded } from './person-records.ts';
import { loadScript } from './script.ts';

const idsSchema = z.array(z.string());
/**
 * `{ended grants, pending revocations, credentials whose reset is due, what is left for the directory, 1 when the person has no
 * record any more}`.
 */
const sweepSchema = z.tuple([z.array(endedSchema), z.array(z.string()), idsSchema, leftSchema, z.number()]);

export function createRedisRevocationStore(
  redis: RedisConnection,
  keys: RedisKeys,
  people: PeopleIndex,
): RevocationStore {
  const sweepScript = loadScript('person-sweep', 'records', 'person');
  const resetsScript = loadScript('person-resets', 'records', 'person');
  return {
    async duePeople(limit, lease) {
      return people.due(limit, lease);
    },

    async sweep(person, interval) {
      const reply = await redis.run(sweepScript, keys.person(person), { person, batch: batch() });
      const [ended, revocations, resets, left, empty] = sweepSchema.parse(reply);
      const tally = { sessions: left[0], revocations: revocations.length, empty: empty === 1 };
      await people.settle(person, interval, { ...tally, ...entryAfterSweep(left, revocations.length) });
      return {
        ended: ended.map((grant) => toEnded(person, grant)),
        revocations: revocations.map(readRevocation),
        resets,
      };
    },

    async pending(person) {
      const pending = await redis.send((client) => client.hvals(keys.outbox(person)));
      return pending.map(readRevocation);
    },

    async resets(person) {
      return idsSchema.parse(await redis.run(resetsScript, keys.person(person), {}));
    },

    async add(revocation) {
      const { person, id } = revocation;
      await Promise.all([
        people.announce(person, 0),
        redis.send((client) => client.hset(keys.outbox(person), id, JSON.stringify(revocation))),
      ]);
    },

    async done(person, id) {
      await redis.send((client) => client.hdel(keys.outbox(person), id));
    },

    async retry(person, delay) {
      await people.visit(person, delay);
    },
  };
}
