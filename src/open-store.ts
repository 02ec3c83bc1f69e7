/** Chooses the store by configuration: Redis when its address is configured, otherwise the embedded store. */
import { defined } from './base/defined.ts';
import { createRedisStore } from './store/redis/redis-store.ts';
import { createSqliteStore } from './store/sqlite/sqlite-store.ts';
import type { Store } from './store/store.ts';

/** The part of the configuration that decides. */
interface StoreLocation {
  readonly redisUrl?: string;
  readonly dataDir: string;
}

interface OpenStoreOptions {
  /** Whether this process serves; the admin command passes false and runs beside the serving process. Default true. */
  readonly serving?: boolean;
  /** Called with each error of a connection to Redis. */
  readonly onError?: (error: Error) => void;
}

/**
 * Opens the store.
 * @throws {StoreInUse} when another process serves from `dataDir`
 * @throws {RedisUrlError} when `redisUrl` cannot be parsed
 */
export function openStore({ redisUrl, dataDir }: StoreLocation, options: OpenStoreOptions = {}): Store {
  const { serving, onError } = options;
  return redisUrl === undefined
    ? createSqliteStore(dataDir, defined({ serving }))
    : createRedisStore(redisUrl, defined({ onError }));
}
