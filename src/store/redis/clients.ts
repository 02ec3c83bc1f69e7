/** Registered clients in Redis: one key each, and one index of those that never saw a login. */
import { z } from 'zod';
import type { RegisteredClient } from '../records.ts';
import type { ClientStore } from '../store.ts';
import { readClient } from '../stored.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { loadScript } from './script.ts';

const clientIds = z.array(z.string());

export class RedisClientStore implements ClientStore {
  readonly #redis: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #admit = loadScript('unused-clients-admit');
  readonly #add = loadScript('client-add', 'client');
  readonly #get = loadScript('client-get', 'client');
  readonly #touch = loadScript('client-touch', 'client');
  readonly #replace = loadScript('client-replace', 'client');
  readonly #remove = loadScript('client-remove', 'client');
  readonly #drop = loadScript('client-drop', 'client');

  constructor(redis: RedisConnection, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async add(client: RegisteredClient, ttl: number, limit: number): Promise<void> {
    const { clientId, registrationTokenHash: tokenHash } = client;
    const [dropped] = await Promise.all([
      this.#redis.run(this.#admit, [this.#keys.unusedClients()], { clientId, ttl, limit }),
      this.#redis.run(this.#add, [this.#keys.client(clientId)], { record: JSON.stringify(client), tokenHash, ttl }),
    ]);
    await Promise.all(clientIds.parse(dropped).map((id) => this.#redis.run(this.#drop, [this.#keys.client(id)])));
  }

  async get(clientId: string): Promise<RegisteredClient | undefined> {
    const record = await this.#redis.run(this.#get, [this.#keys.client(clientId)]);
    return typeof record === 'string' ? readClient(record) : undefined;
  }

  async touch(clientId: string, ttl: number, person: string): Promise<void> {
    const people = this.#keys.clientPeople(clientId);
    await Promise.all([
      this.#redis.run(this.#touch, [this.#keys.client(clientId)], { ttl }),
      this.#forgetUnused(clientId),
      this.#redis.send((client) => client.sadd(people, person)),
      this.#redis.send((client) => client.expire(people, Math.ceil(ttl))),
    ]);
  }

  async replace(client: RegisteredClient, ifTokenHash: string): Promise<boolean> {
    const { clientId, registrationTokenHash: tokenHash } = client;
    const args = { record: JSON.stringify(client), tokenHash, ifTokenHash };
    return (await this.#redis.run(this.#replace, [this.#keys.client(clientId)], args)) === 1;
  }

  async remove(clientId: string, ifTokenHash: string): Promise<string[] | undefined> {
    const removed = (await this.#redis.run(this.#remove, [this.#keys.client(clientId)], { ifTokenHash })) === 1;
    if (!removed) return undefined;
    const people = this.#keys.clientPeople(clientId);
    const [members] = await Promise.all([
      this.#redis.send((client) => client.smembers(people)),
      this.#redis.send((client) => client.del(people)),
      this.#forgetUnused(clientId),
    ]);
    return members;
  }

  #forgetUnused(clientId: string): Promise<unknown> {
    return this.#redis.send((client) => client.zrem(this.#keys.unusedClients(), clientId));
  }
}
