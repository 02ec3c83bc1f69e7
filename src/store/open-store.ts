/** Chooses the store by configuration: Redis where there is an address of one, else the embedded store. */
import { createRedisStore } from './redis/redis-store.ts';
import { createSqliteStore } from './sqlite/sqlite-store.ts';
import type { Store } from './store.ts';

/** What of the configuration decides. */
interface StoreLocation {
  readonly redisUrl?: string;
  readonly dataDir: string;
}

interface OpenStoreOptions {
  /** Whether this process serves; false for the admin command, which works beside the one that does. */
  readonly serving?: boolean;
  /** Told of trouble with connections to Redis. */
  readonly onError?: (error: Error) => void;
}

/**
 * Opens the store.
 * @throws StoreInUse when another process serves from `dataDir`
 * @throws RedisUrlError when `redisUrl` cannot be understood
 */
export function openStore({ redisUrl, dataDir }: StoreLocation, options: OpenStoreOptions = {}): Store {
  const { serving, onError } = options;
  return redisUrl === undefined
    ? createSqliteStore(dataDir, serving === undefined ? {} : { serving })
    : createRedisStore(redisUrl, onError === undefined ? {} : { onError });
}
