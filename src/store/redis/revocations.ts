/** The sweeper's side in Redis: due people from the index, their expired grants and revocations from their own slot. */
import { z } from 'zod';
import type { EndedGrant, PendingRevocation } from '../records.ts';
import type { RevocationStore } from '../store.ts';
import { readRevocation } from '../stored.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import type { PeopleIndex } from './people.ts';
import { batch, endedReply, toEnded } from './person-records.ts';
import { loadScript } from './script.ts';

const sweepReply = z.tuple([z.array(endedReply), z.array(z.string()), z.number()]);

export class RedisRevocationStore implements RevocationStore {
  readonly #redis: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #people: PeopleIndex;
  readonly #sweep = loadScript('person-sweep', 'person');

  constructor(redis: RedisConnection, keys: RedisKeys, people: PeopleIndex) {
    this.#redis = redis;
    this.#keys = keys;
    this.#people = people;
  }

  duePeople(limit: number, lease: number): Promise<string[]> {
    return this.#people.due(limit, lease);
  }

  async sweep(person: string, interval: number): Promise<{ ended: EndedGrant[]; revocations: PendingRevocation[] }> {
    const reply = await this.#redis.run(this.#sweep, this.#keys.person(person), { person, batch: batch() });
    const [ended, revocations, empty] = sweepReply.parse(reply);
    await this.#people.settle(person, interval, empty === 1);
    return {
      ended: ended.map((grant) => toEnded(person, grant)),
      revocations: revocations.map(readRevocation),
    };
  }

  async pending(person: string): Promise<PendingRevocation[]> {
    const pending = await this.#redis.send((client) => client.hvals(this.#keys.outbox(person)));
    return pending.map(readRevocation);
  }

  async add(revocation: PendingRevocation): Promise<void> {
    const { person, id } = revocation;
    await Promise.all([
      this.#people.announce(person, 0),
      this.#redis.send((client) => client.hset(this.#keys.outbox(person), id, JSON.stringify(revocation))),
    ]);
  }

  async done(person: string, id: string): Promise<void> {
    await this.#redis.send((client) => client.hdel(this.#keys.outbox(person), id));
  }

  async retry(person: string, delay: number): Promise<void> {
    await this.#people.visit(person, delay);
  }
}
