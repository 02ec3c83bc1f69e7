/** Opens the configured store: Redis when `REDIS_URL` is set, otherwise SQLite in `DATA_DIR`. */
import { defined } from './base/defined.ts';
import type { Store } from './store/store.ts';

/** The part of the configuration that selects the store. */
interface StoreLocation {
  readonly redisUrl?: string;
  readonly dataDir: string;
}

interface OpenStoreOptions {
  /**
   * Whether this process serves and so needs the exclusive lock on SQLite; the admin command passes false. Default true
   * (design decision 19).
   */
  readonly serving?: boolean;
  /** Receives each error of the connection to Redis. */
  readonly onError?: (error: Error) => void;
}

/**
 * Loads the parts of the configured store only, and opens it.
 * @throws {StoreInUse} when `serving` and another process serves from `dataDir`
 * @throws {RedisUrlError} when `redisUrl` cannot be parsed
 */
export async function openStore({ redisUrl, dataDir }: StoreLocation, options: OpenStoreOptions = {}): Promise<Store> {
  const { serving, onError } = options;
  if (redisUrl === undefined) {
    const { createSqliteStore } = await import('./store/sqlite/sqlite-store.ts');
    return createSqliteStore(dataDir, defined({ serving }));
  }
  const { createRedisStore } = await import('./store/redis/redis-store.ts');
  return createRedisStore(redisUrl, defined({ onError }));
}

/** What the operator can do about a store that does not answer. */
export function storeRemedy({ redisUrl, dataDir }: StoreLocation): string {
  const what =
    redisUrl === undefined ? `Look at the disk and the rights of ${dataDir}` : 'Start Redis again, or its network';
  return `${what}; until then requests that need the store are answered 503, and no session is lost`;
}
