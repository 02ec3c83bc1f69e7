/** The store in Redis: one server, Sentinel or Cluster, shared by any number of replicas. */
import type { Store } from '../store.ts';
import { createRedisBlockStore } from './blocks.ts';
import { createRedisClientStore } from './clients.ts';
import { type ConnectionOptions, createRedisConnection } from './connection.ts';
import { createRedisConsentStore } from './consents.ts';
import { createRedisCredentialStore } from './credentials.ts';
import { createRedisDirectoryStore } from './directory.ts';
import { createRedisKeys } from './keys.ts';
import { createRedisLoginStore } from './logins.ts';
import { type RedisMigration, withMigrations } from './migrations.ts';
import { createPeopleIndex } from './people.ts';
import { createRedisRevocationStore } from './revocations.ts';
import { createRedisSessionStore } from './sessions.ts';
import { createRedisSharedStore } from './shared.ts';
import { parseRedisUrl } from './url.ts';

interface RedisStoreOptions extends ConnectionOptions {
  /** The prefix of all keys. Default `mgb:`. */
  readonly prefix?: string;
  /** For tests: the migrations that this program knows. */
  readonly migrations?: readonly RedisMigration[];
}

/**
 * Opens the store at an address. The connection is made in the background: while the server cannot be reached, every
 * method throws StoreUnavailable; once it can be reached, the store works without being opened again. The first method
 * runs the migrations that are missing, and throws StoreTooNew when a newer version of this program has run more.
 * @throws {RedisUrlError} when the address cannot be parsed
 */
export function createRedisStore(url: string, options: RedisStoreOptions = {}): Store {
  const keys = createRedisKeys(options.prefix ?? 'mgb:');
  const redis = withMigrations(createRedisConnection(parseRedisUrl(url), options), keys, options.migrations);
  const people = createPeopleIndex(redis, keys);
  return {
    kind: 'redis',
    clients: createRedisClientStore(redis, keys),
    logins: createRedisLoginStore(redis, keys),
    sessions: createRedisSessionStore(redis, keys, people),
    credentials: createRedisCredentialStore(redis, keys),
    revocations: createRedisRevocationStore(redis, keys, people),
    directory: createRedisDirectoryStore(redis, keys),
    blocks: createRedisBlockStore(redis, keys),
    consents: createRedisConsentStore(redis, keys),
    shared: createRedisSharedStore(redis, keys),
    counts: () => people.counts(),
    /** Writes, so that it also fails on a server that accepts no writes (a replica, or one whose disk is full). */
    async ping() {
      await redis.send((client) => client.set(keys.ping(), '1', 'EX', 60));
    },
    async close() {
      redis.close();
    },
  };
}
