/** Sessions in Redis: every operation is one script in the person's slot. */
import { z } from 'zod';
import type { EndedGrant, Session, SessionRef } from '../records.ts';
import {
  type CodePresentation,
  type NewSession,
  type Redemption,
  type Rotation,
  type RotationRequest,
  SESSIONS_OF_ONE,
  type SessionStore,
} from '../store.ts';
import { credentialIdentityJson, firstGeneration } from '../stored.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import type { PeopleIndex } from './people.ts';
import { batch, endedReply, sessionReply, toEnded, toGrant, toSession } from './person-records.ts';
import { loadScript } from './script.ts';

const redemption = z.union([
  z.tuple([z.literal('unknown')]),
  z.tuple([z.literal('mismatch'), z.enum(['client', 'redirect_uri', 'code_verifier', 'resource'])]),
  z.tuple([z.literal('replayed'), endedReply]),
  z.tuple([z.literal('redeemed'), sessionReply]),
]);

const rotation = z.union([
  z.tuple([z.literal('unknown')]),
  z.tuple([z.literal('reused'), endedReply]),
  z.tuple([z.literal('rotated'), z.string(), z.string()]),
  z.tuple([z.literal('repeated'), z.string(), z.string(), z.string()]),
]);

const sessionList = z.array(sessionReply);
const endedList = z.array(endedReply);

export class RedisSessionStore implements SessionStore {
  readonly #redis: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #people: PeopleIndex;
  readonly #begin = loadScript('session-begin', 'person');
  readonly #redeem = loadScript('session-redeem', 'person');
  readonly #read = loadScript('session-read', 'person');
  readonly #rotate = loadScript('session-rotate', 'person');
  readonly #end = loadScript('session-end', 'person');
  readonly #endAll = loadScript('session-end-all', 'person');
  readonly #list = loadScript('session-list', 'person');

  constructor(redis: RedisConnection, keys: RedisKeys, people: PeopleIndex) {
    this.#redis = redis;
    this.#keys = keys;
    this.#people = people;
  }

  async begin({ ref, grant, codeHash, codeTtl, credentialId, credential }: NewSession): Promise<void> {
    const { clientId, redirectUri, redirectUriSent, codeChallenge, resource } = grant;
    const { appClientId, sealedTokens, accessExpiresAt, refreshExpiresAt } = credential;
    const generation = firstGeneration();
    await Promise.all([
      this.#people.announce(ref.person, codeTtl),
      this.#run(this.#begin, ref.person, {
        grant: ref.grant,
        grantRecord: JSON.stringify(grant),
        state: { clientId, redirectUri, redirectUriSent, codeChallenge, resource, credential: credentialId, codeHash },
        codeTtl,
        credential: credentialId,
        credentialRecord: credentialIdentityJson(credential),
        tokens: { appClientId, generation, sealedTokens, accessExpiresAt, refreshExpiresAt },
        limit: SESSIONS_OF_ONE,
        batch: batch(),
      }),
    ]);
  }

  async redeem(
    { person, grant }: SessionRef,
    presented: CodePresentation,
    ttl: number,
    refreshHash?: string,
  ): Promise<Redemption> {
    const args = { ...presented, grant, ttl, refreshHash, batch: batch() };
    const answer = redemption.parse(await this.#run(this.#redeem, person, args));
    switch (answer[0]) {
      case 'redeemed':
        return { outcome: 'redeemed', session: toSession(person, answer[1]) };
      case 'replayed':
        return { outcome: 'replayed', ended: toEnded(person, answer[1]) };
      case 'mismatch':
        return { outcome: 'mismatch', of: answer[1] };
      case 'unknown':
        return { outcome: 'unknown' };
    }
  }

  async read({ person, grant }: SessionRef): Promise<Session | undefined> {
    const reply = await this.#run(this.#read, person, { grant });
    return reply === null ? undefined : toSession(person, sessionReply.parse(reply));
  }

  async rotate(ref: SessionRef, request: RotationRequest): Promise<Rotation> {
    const args = { ...request, grant: ref.grant, batch: batch() };
    const answer = rotation.parse(await this.#run(this.#rotate, ref.person, args));
    switch (answer[0]) {
      case 'rotated':
        return { outcome: 'rotated', grant: toGrant(ref, answer[1], answer[2]) };
      case 'repeated':
        return { outcome: 'repeated', grant: toGrant(ref, answer[1], answer[2]), sealedSuccessor: answer[3] };
      case 'reused':
        return { outcome: 'reused', ended: toEnded(ref.person, answer[1]) };
      case 'unknown':
        return { outcome: 'unknown' };
    }
  }

  async end({ person, grant }: SessionRef, clientId?: string): Promise<EndedGrant | undefined> {
    const reply = await this.#run(this.#end, person, { grant, clientId, batch: batch() });
    return reply === null ? undefined : toEnded(person, endedReply.parse(reply));
  }

  async endAll(person: string, clientId?: string): Promise<EndedGrant[]> {
    const reply = await this.#run(this.#endAll, person, { clientId, batch: batch() });
    return endedList.parse(reply).map((ended) => toEnded(person, ended));
  }

  async list(person: string): Promise<Session[]> {
    const reply = await this.#run(this.#list, person, {});
    return sessionList
      .parse(reply)
      .map((session) => toSession(person, session))
      .sort((a, b) => b.grant.createdAt - a.grant.createdAt);
  }

  people(after: string, limit: number): Promise<string[]> {
    return this.#people.page(after, limit);
  }

  #run(script: ReturnType<typeof loadScript>, person: string, args: Readonly<Record<string, unknown>>) {
    return this.#redis.run(script, this.#keys.person(person), { person, ...args });
  }
}
