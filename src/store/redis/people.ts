/**
 * The index of people: when the sweeper visits each person, and the list for administrators. It may lag behind the
 * records of the people (design decision 18).
 */
import { z } from 'zod';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { loadScript } from './script.ts';

const namesSchema = z.array(z.string());

export interface PeopleIndex {
  /** Called before a record of a person is written: the sweeper visits the person within `delay` seconds. */
  announce(person: string, delay: number): Promise<void>;
  /** Claims up to `limit` people whose visit is due, for `lease` seconds. */
  due(limit: number, lease: number): Promise<string[]>;
  /**
   * Sets the next visit after a sweep, `interval` seconds ahead; removes a person without any record (`empty`).
   */
  settle(person: string, interval: number, empty: boolean): Promise<void>;
  /** Moves the visit to `delay` seconds from now. */
  visit(person: string, delay: number): Promise<void>;
  /** People after `after` in byte order. */
  page(after: string, limit: number): Promise<string[]>;
}

export function createPeopleIndex(redis: RedisConnection, keys: RedisKeys): PeopleIndex {
  const scripts = {
    announce: loadScript('people-announce', 'people'),
    due: loadScript('people-due', 'people'),
    settle: loadScript('people-settle', 'people'),
    visit: loadScript('people-visit', 'people'),
  };
  return {
    async announce(person, delay) {
      await redis.run(scripts.announce, keys.people(), { person, delay });
    },
    async due(limit, lease) {
      return namesSchema.parse(await redis.run(scripts.due, keys.people(), { limit, lease }));
    },
    async settle(person, interval, empty) {
      await redis.run(scripts.settle, keys.people(), { person, interval, empty });
    },
    async visit(person, delay) {
      await redis.run(scripts.visit, keys.people(), { person, delay });
    },
    async page(after, limit) {
      const start = after === '' ? '-' : `(${after}`;
      return redis.send((client) => client.zrangebylex(keys.names(), start, '+', 'LIMIT', 0, limit));
    },
  };
}
