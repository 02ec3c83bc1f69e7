/** GitHub credentials in Redis; sessions.ts writes them, this file reads, renews and ends them. */
import { z } from 'zod';
import type { Credential, CredentialState, EndedGrant } from '../records.ts';
import type { CredentialStore } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { batch, endedReply, toCredential, toEnded } from './person-records.ts';
import { loadScript } from './script.ts';

const credentialReply = z.tuple([z.string(), z.string()]);
const endedList = z.array(endedReply);

export class RedisCredentialStore implements CredentialStore {
  readonly #redis: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #read = loadScript('credential-read', 'person');
  readonly #replace = loadScript('credential-replace', 'person');
  readonly #end = loadScript('credential-end', 'person');

  constructor(redis: RedisConnection, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async read(person: string, id: string): Promise<CredentialState | undefined> {
    const reply = await this.#redis.run(this.#read, this.#keys.person(person), { credential: id });
    return reply === null ? undefined : toCredential(person, id, ...credentialReply.parse(reply));
  }

  async replaceTokens(
    person: string,
    id: string,
    ifGeneration: number,
    {
      sealedTokens,
      accessExpiresAt,
      refreshExpiresAt,
    }: Pick<Credential, 'sealedTokens' | 'accessExpiresAt' | 'refreshExpiresAt'>,
  ): Promise<boolean> {
    const args = { credential: id, ifGeneration, tokens: { sealedTokens, accessExpiresAt, refreshExpiresAt } };
    return (await this.#redis.run(this.#replace, this.#keys.person(person), args)) === 1;
  }

  async end(person: string, id: string, ifGeneration: number): Promise<EndedGrant[]> {
    const args = { person, credential: id, ifGeneration, batch: batch() };
    const reply = await this.#redis.run(this.#end, this.#keys.person(person), args);
    return endedList.parse(reply).map((ended) => toEnded(person, ended));
  }
}
