/** Remembered consents in Redis: one hash a person. */
import type { ConsentStore } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { loadScript } from './script.ts';

export class RedisConsentStore implements ConsentStore {
  readonly #redis: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #remember = loadScript('consent-remember');
  readonly #has = loadScript('consent-has');

  constructor(redis: RedisConnection, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async remember(person: string, consentKey: string, ttl: number): Promise<void> {
    await this.#redis.run(this.#remember, [this.#keys.consents(person)], { consentKey, ttl });
  }

  async has(person: string, consentKey: string): Promise<boolean> {
    return (await this.#redis.run(this.#has, [this.#keys.consents(person)], { consentKey })) === 1;
  }

  async forget(person: string): Promise<void> {
    await this.#redis.send((client) => client.del(this.#keys.consents(person)));
  }
}
