/**
 * Sessions in Redis: every method is one script in the person's slot, except `people`, which reads the index of people.
 * `begin` also announces the person to that index.
 */
import { z } from 'zod';
import type { Redemption, Rotation } from '../session-operations.ts';
import { MAX_SESSIONS_PER_PERSON, MAX_SUPERSEDED_PAIRS, type SessionStore } from '../store.ts';
import { firstGeneration } from '../stored.ts';
import type { RedisConnection } from './connection.ts';
import { announced } from './directory.ts';
import type { RedisKeys } from './keys.ts';
import type { PeopleIndex } from './people.ts';
import {
  batch,
  createSessionReader,
  credentialRecord,
  endedListSchema,
  endedSchema,
  grantRecord,
  sessionSchema,
  toEnded,
  toSession,
} from './person-records.ts';
import { loadScript, type Script } from './script.ts';

const redemptionSchema = z.union([
  z.tuple([z.literal('unknown')]),
  z.tuple([z.literal('mismatch'), z.enum(['client', 'redirect_uri', 'code_verifier', 'resource'])]),
  z.tuple([z.literal('replayed'), endedSchema]),
  z.tuple([z.literal('redeemed'), sessionSchema]),
]);

const rotationSchema = z.union([
  z.tuple([z.enum(['unknown', 'rotated'])]),
  z.tuple([z.literal('reused'), endedSchema]),
  z.tuple([z.literal('repeated'), z.string()]),
]);

/** `{grant id, grant, credential}` of each session. */
const sessionListSchema = z.array(z.tuple([z.string(), z.string(), z.string()]));

export function createRedisSessionStore(redis: RedisConnection, keys: RedisKeys, people: PeopleIndex): SessionStore {
  const scripts = {
    begin: loadScript('session-begin', 'records', 'person'),
    redeem: loadScript('session-redeem', 'records', 'person'),
    read: loadScript('session-read', 'records'),
    rotate: loadScript('session-rotate', 'records', 'person'),
    end: loadScript('session-end', 'records', 'person'),
    endAll: loadScript('session-end-all', 'records', 'person'),
    list: loadScript('session-list', 'records', 'person'),
  };

  const readSession = createSessionReader();

  function run(script: Script, person: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    return redis.run(script, keys.person(person), { person, ...args });
  }

  return {
    async begin({ ref, grant, codeHash, codeTtl, credentialId, credential }) {
      const { appClientId, sealedTokens, accessExpiresAt, refreshExpiresAt } = credential;
      const generation = firstGeneration();
      const [, ended] = await Promise.all([
        people.announce(ref.person, codeTtl, announced(grant, credential.account)),
        run(scripts.begin, ref.person, {
          grantId: ref.grant,
          grant: {
            clientId: grant.clientId,
            credential: credentialId,
            codeHash,
            sendsGithubToken: grant.recipient?.credential === 'github',
            record: grantRecord(grant),
          },
          codeTtl,
          credentialId,
          credential: {
            ...{ appClientId, generation, sealedTokens, accessExpiresAt, refreshExpiresAt },
            record: credentialRecord(credential),
          },
          limit: MAX_SESSIONS_PER_PERSON,
          supersededKept: MAX_SUPERSEDED_PAIRS,
          batch: batch(),
        }),
      ]);
      return ended === null ? 'blocked' : endedListSchema.parse(ended).map((one) => toEnded(ref.person, one));
    },

    async redeem({ person, grant }, presented, ttl, refreshHash): Promise<Redemption> {
      const args = { ...presented, grant, ttl, refreshHash, batch: batch() };
      const answer = redemptionSchema.parse(await run(scripts.redeem, person, args));
      switch (answer[0]) {
        case 'redeemed':
          return { outcome: 'redeemed', session: toSession({ person, grant }, answer[1]) };
        case 'replayed':
          return { outcome: 'replayed', ended: toEnded(person, answer[1]) };
        case 'mismatch':
          return { outcome: 'mismatch', of: answer[1] };
        case 'unknown':
          return { outcome: 'unknown' };
      }
    },

    async read({ person, grant }) {
      const reply = await redis.run(scripts.read, [keys.records(person)], { grant });
      return reply === null ? undefined : readSession({ person, grant }, reply);
    },

    async rotate(ref, request): Promise<Rotation> {
      const args = { ...request, grant: ref.grant, batch: batch() };
      const answer = rotationSchema.parse(await run(scripts.rotate, ref.person, args));
      switch (answer[0]) {
        case 'repeated':
          return { outcome: 'repeated', sealedSuccessor: answer[1] };
        case 'reused':
          return { outcome: 'reused', ended: toEnded(ref.person, answer[1]) };
        case 'rotated':
        case 'unknown':
          return { outcome: answer[0] };
      }
    },

    async end({ person, grant }, clientId) {
      const reply = await run(scripts.end, person, { grant, clientId, batch: batch() });
      return reply === null ? undefined : toEnded(person, endedSchema.parse(reply));
    },

    async endAll(person, clientId) {
      const reply = await run(scripts.endAll, person, { clientId, batch: batch() });
      return endedListSchema.parse(reply).map((ended) => toEnded(person, ended));
    },

    async list(person) {
      const reply = await run(scripts.list, person, {});
      return sessionListSchema
        .parse(reply)
        .map(([grant, ...session]) => toSession({ person, grant }, session))
        .sort((a, b) => b.grant.createdAt - a.grant.createdAt);
    },

    async people(after, limit) {
      return people.page(after, limit);
    },
  };
}
