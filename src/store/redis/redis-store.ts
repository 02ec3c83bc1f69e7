/** The store in Redis: one server, Sentinel or Cluster, shared by any number of replicas. */
import type { Store } from '../store.ts';
import { RedisClientStore } from './clients.ts';
import { type ConnectionOptions, RedisConnection } from './connection.ts';
import { RedisConsentStore } from './consents.ts';
import { RedisCredentialStore } from './credentials.ts';
import { RedisKeys } from './keys.ts';
import { RedisLoginStore } from './logins.ts';
import { PeopleIndex } from './people.ts';
import { RedisRevocationStore } from './revocations.ts';
import { RedisSessionStore } from './sessions.ts';
import { RedisSharedStore } from './shared.ts';
import { parseRedisUrl } from './url.ts';

interface RedisStoreOptions extends ConnectionOptions {
  /** What all keys begin with; `mgb:` without it. */
  readonly prefix?: string;
}

/**
 * Opens the store at an address. The connection is made in the background: a server that is not there shows as
 * StoreUnavailable at the first use, and the store recovers by itself.
 * @throws RedisUrlError when the address cannot be understood
 */
export function createRedisStore(url: string, options: RedisStoreOptions = {}): Store {
  const redis = new RedisConnection(parseRedisUrl(url), options);
  const keys = new RedisKeys(options.prefix ?? 'mgb:');
  const people = new PeopleIndex(redis, keys);
  return {
    kind: 'redis',
    clients: new RedisClientStore(redis, keys),
    logins: new RedisLoginStore(redis, keys),
    sessions: new RedisSessionStore(redis, keys, people),
    credentials: new RedisCredentialStore(redis, keys),
    revocations: new RedisRevocationStore(redis, keys, people),
    consents: new RedisConsentStore(redis, keys),
    shared: new RedisSharedStore(redis, keys),
    /** Writes, because a server that only reads, or whose disk is full, is of no use. */
    async ping() {
      await redis.send((client) => client.set(keys.ping(), '1', 'EX', 60));
    },
    async close() {
      redis.close();
    },
  };
}
