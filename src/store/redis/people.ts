/**
 * The index of people: whom the sweeper visits when, and whom the admin's list names. It may lag (design decision 18).
 */
import { z } from 'zod';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { loadScript } from './script.ts';

const names = z.array(z.string());

export class PeopleIndex {
  readonly #redis: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #announce = loadScript('people-announce', 'people');
  readonly #due = loadScript('people-due', 'people');
  readonly #settle = loadScript('people-settle', 'people');
  readonly #visit = loadScript('people-visit', 'people');

  constructor(redis: RedisConnection, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Notes, before a record of a person is written, that he is visited within `delay` seconds. */
  async announce(person: string, delay: number): Promise<void> {
    await this.#redis.run(this.#announce, this.#keys.people(), { person, delay });
  }

  /** Claims people whose visit is due. */
  async due(limit: number, lease: number): Promise<string[]> {
    return names.parse(await this.#redis.run(this.#due, this.#keys.people(), { limit, lease }));
  }

  /** Sets the next visit after a sweep, or forgets a person of whom nothing is left. */
  async settle(person: string, interval: number, empty: boolean): Promise<void> {
    await this.#redis.run(this.#settle, this.#keys.people(), { person, interval, empty });
  }

  /** Moves the visit to `delay` seconds from now. */
  async visit(person: string, delay: number): Promise<void> {
    await this.#redis.run(this.#visit, this.#keys.people(), { person, delay });
  }

  /** People after `after` in byte order. */
  async page(after: string, limit: number): Promise<string[]> {
    const start = after === '' ? '-' : `(${after}`;
    return this.#redis.send((client) => client.zrangebylex(this.#keys.names(), start, '+', 'LIMIT', 0, limit));
  }
}
