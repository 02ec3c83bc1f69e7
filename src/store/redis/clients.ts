/** Registered clients in Redis: one key each, and one index of those that no login has used yet. */
import { z } from 'zod';
import type { ClientStore } from '../store.ts';
import { readClient } from '../stored.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { loadScript } from './script.ts';

/** The record as JSON, and when it expires. */
const registrationSchema = z.tuple([z.string(), z.coerce.number()]);
const clientIdsSchema = z.array(z.string());

export function createRedisClientStore(redis: RedisConnection, keys: RedisKeys): ClientStore {
  const scripts = {
    admit: loadScript('unused-clients-admit'),
    add: loadScript('client-add', 'client'),
    get: loadScript('client-get', 'client'),
    touch: loadScript('client-touch', 'client'),
    replace: loadScript('client-replace', 'client'),
    remove: loadScript('client-remove', 'client'),
    drop: loadScript('client-drop', 'client'),
  };

  function removeFromUnused(clientId: string): Promise<unknown> {
    return redis.send((client) => client.zrem(keys.unusedClients(), clientId));
  }

  return {
    async add(client, ttl, limit) {
      const { clientId, registrationTokenHash: tokenHash } = client;
      const [dropped] = await Promise.all([
        redis.run(scripts.admit, [keys.unusedClients()], { clientId, ttl, limit }),
        redis.run(scripts.add, [keys.client(clientId)], { record: JSON.stringify(client), tokenHash, ttl }),
      ]);
      await Promise.all(clientIdsSchema.parse(dropped).map((id) => redis.run(scripts.drop, [keys.client(id)])));
    },

    async get(clientId) {
      const reply = await redis.run(scripts.get, [keys.client(clientId)]);
      if (reply === null) return undefined;
      const [record, expiresAt] = registrationSchema.parse(reply);
      return { client: readClient(record), expiresAt };
    },

    async touch(clientId, ttl, person) {
      const people = keys.clientPeople(clientId);
      await Promise.all([
        redis.run(scripts.touch, [keys.client(clientId)], { ttl }),
        removeFromUnused(clientId),
        redis.send((client) => client.sadd(people, person)),
        redis.send((client) => client.expire(people, Math.ceil(ttl))),
      ]);
    },

    async replace(client, ifTokenHash) {
      const { clientId, registrationTokenHash: tokenHash } = client;
      const args = { record: JSON.stringify(client), tokenHash, ifTokenHash };
      return (await redis.run(scripts.replace, [keys.client(clientId)], args)) === 1;
    },

    async remove(clientId, ifTokenHash) {
      const removed = (await redis.run(scripts.remove, [keys.client(clientId)], { ifTokenHash })) === 1;
      if (!removed) return undefined;
      const people = keys.clientPeople(clientId);
      const [members] = await Promise.all([
        redis.send((client) => client.smembers(people)),
        redis.send((client) => client.del(people)),
        removeFromUnused(clientId),
      ]);
      return members;
    },
  };
}
