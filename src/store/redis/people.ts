/**
 * The index of people: when the sweeper visits each person, and the list for administrators. It may lag behind the
 * records of the people (design decision 18).
 */
import { z } from 'zod';
import type { StoredCounts } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { announced } from './directory.ts';
import type { RedisKeys } from './keys.ts';
import { loadScript } from './script.ts';

const namesSchema = z.array(z.string());
/** `{people, sessions, revocations, seconds since the oldest revocation is pending}`. */
const countsSchema = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/** What a sweep leaves of a person. */
export interface Tally {
  /** Unexpired sessions. */
  readonly sessions: number;
  /** The entry of the directory (JSON), and the login in it. */
  readonly entry: string;
  readonly login?: string;
  /** Pending revocations. */
  readonly revocations: number;
  /** Whether no record is left. */
  readonly empty: boolean;
}

export interface PeopleIndex {
  /**
   * Called before a record of a person is written: the sweeper visits the person within `delay` seconds.
   * @param login of the person, to be in the directory at once
   */
  announce(person: string, delay: number, login?: ReturnType<typeof announced>): Promise<void>;
  /** Claims up to `limit` people whose visit is due, for `lease` seconds. */
  due(limit: number, lease: number): Promise<string[]>;
  /**
   * Sets the next visit after a sweep, `interval` seconds ahead, and counts what is left; removes a person without any
   * record.
   */
  settle(person: string, interval: number, left: Tally): Promise<void>;
  /** The sums of what the last sweep of each person left. */
  counts(): Promise<StoredCounts>;
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
    counts: loadScript('people-counts', 'people'),
    visit: loadScript('people-visit', 'people'),
  };
  return {
    async announce(person, delay, login) {
      await redis.run(scripts.announce, keys.people(), { person, delay, ...login });
    },
    async due(limit, lease) {
      return namesSchema.parse(await redis.run(scripts.due, keys.people(), { limit, lease }));
    },
    async settle(person, interval, left) {
      await redis.run(scripts.settle, keys.people(), { person, interval, ...left });
    },
    async counts() {
      const reply = countsSchema.parse(await redis.run(scripts.counts, keys.people(), {}));
      const [people, sessions, revocations, oldestRevocation] = reply;
      return { people, sessions, revocations, oldestRevocation };
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
