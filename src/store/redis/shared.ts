/** What all replicas share in Redis: versioned documents, leases and replay marks, one key each. */
import type { SharedStore } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { loadScript } from './script.ts';

export class RedisSharedStore implements SharedStore {
  readonly #redis: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #writeDocument = loadScript('document-write');
  readonly #acquire = loadScript('lease-acquire');
  readonly #release = loadScript('lease-release');
  readonly #useOnce = loadScript('use-once');

  constructor(redis: RedisConnection, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async readDocument(name: string): Promise<{ version: number; value: string }> {
    const [version, value] = await this.#redis.send((client) =>
      client.hmget(this.#keys.document(name), 'version', 'value'),
    );
    return { version: Number(version ?? 0), value: value ?? '' };
  }

  async writeDocument(name: string, ifVersion: number, value: string): Promise<boolean> {
    return (await this.#redis.run(this.#writeDocument, [this.#keys.document(name)], { ifVersion, value })) === 1;
  }

  async acquireLease(name: string, owner: string, ttl: number): Promise<boolean> {
    return (await this.#redis.run(this.#acquire, [this.#keys.lease(name)], { owner, ttl })) === 1;
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    await this.#redis.run(this.#release, [this.#keys.lease(name)], { owner });
  }

  async useOnce(id: string, ttl: number): Promise<boolean> {
    return (await this.#redis.run(this.#useOnce, [this.#keys.once(id)], { ttl })) === 1;
  }
}
