/** GitHub credentials in Redis: reads them, replaces their tokens and ends them. `sessions.ts` creates them. */
import type { CredentialStore } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { batch, endedListSchema, toCredential, toEnded } from './person-records.ts';
import { loadScript } from './script.ts';

export function createRedisCredentialStore(redis: RedisConnection, keys: RedisKeys): CredentialStore {
  const scripts = {
    read: loadScript('credential-read', 'records'),
    replace: loadScript('credential-replace', 'records'),
    reseal: loadScript('credential-reseal', 'records'),
    end: loadScript('credential-end', 'records', 'person'),
  };
  return {
    async read(person, id) {
      const reply = await redis.run(scripts.read, keys.person(person), { credential: id });
      return typeof reply === 'string' ? toCredential(person, id, reply) : undefined;
    },

    async replaceTokens(person, id, ifGeneration, { sealedTokens, accessExpiresAt, refreshExpiresAt }) {
      const args = { credential: id, ifGeneration, tokens: { sealedTokens, accessExpiresAt, refreshExpiresAt } };
      return (await redis.run(scripts.replace, keys.person(person), args)) === 1;
    },

    async reseal(person, id, ifGeneration, sealedTokens) {
      const args = { credential: id, ifGeneration, sealedTokens };
      return (await redis.run(scripts.reseal, keys.person(person), args)) === 1;
    },

    async end(person, id, ifGeneration) {
      const args = { person, credential: id, ifGeneration, batch: batch() };
      const reply = await redis.run(scripts.end, keys.person(person), args);
      return endedListSchema.parse(reply).map((ended) => toEnded(person, ended));
    },
  };
}
