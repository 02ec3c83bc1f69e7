/** Whole records in Redis, to be moved. A person is read and written by one script; the index learns of it before. */
import { z } from 'zod';
import { parseCredentialIdentity, parseGrant, readClient, readRevocation } from '../stored.ts';
import {
  type ClientRecord,
  type CredentialRecord,
  type DocumentRecord,
  type GrantRecord,
  LOCAL_DOCUMENTS,
  type PersonRecord,
  parseClientRecord,
  parseDocument,
  parsePerson,
  type TransferStore,
} from '../transfer.ts';
import type { RedisConnection } from './connection.ts';
import { entryAfterImport } from './directory.ts';
import type { RedisKeys } from './keys.ts';
import type { PeopleIndex } from './people.ts';
import { credentialRecord, grantRecord, lists, present, toGrantRecord } from './person-records.ts';
import { loadScript, scriptJson } from './script.ts';

/** People of a page. */
const PAGE = 500;
/** Seconds within which an imported person is swept. */
const VISIT_WITHIN = 60;

const flatSchema = z.array(z.string());
const exportedSchema = z.tuple([flatSchema, flatSchema, flatSchema, z.number()]);
const clientSchema = z.tuple([z.string(), z.coerce.number()]);

export function createRedisTransferStore(redis: RedisConnection, keys: RedisKeys, index: PeopleIndex): TransferStore {
  const scripts = {
    export: loadScript('person-export'),
    import: loadScript('person-import'),
    readClient: loadScript('client-get', 'client'),
    client: loadScript('client-import', 'client'),
  };
  const keysOf = (person: string) => [...keys.person(person), keys.consents(person)];

  /** The members of a sorted set in byte order. */
  async function* members(key: string) {
    for (let after = '-'; ; ) {
      const page = await redis.send((client) => client.zrangebylex(key, after, '+', 'LIMIT', 0, PAGE));
      if (page.length > 0) yield page;
      if (page.length < PAGE) return;
      after = `(${page.at(-1)}`;
    }
  }

  /** Those of some people who are not in any of the sorted sets. */
  async function notIn(sets: readonly string[], people: readonly string[]): Promise<string[]> {
    const scores = await Promise.all(
      people.map((person) => Promise.all(sets.map((set) => redis.send((client) => client.zscore(set, person))))),
    );
    return people.filter((_, at) => scores[at]?.every((score) => score === null));
  }

  /** What matches a key with a `*`, in pages. */
  async function* named(pattern: string) {
    const [begin = '', end = ''] = pattern.split('*');
    for await (const page of redis.scan(pattern))
      yield page.map((key) => key.slice(begin.length, key.length - end.length));
  }

  async function readClientRecord(id: string): Promise<ClientRecord | undefined> {
    const key = keys.client(id);
    const [found, used] = await Promise.all([
      redis.run(scripts.readClient, [key]),
      redis.send((client) => client.hexists(key, 'used')),
    ]);
    if (found === null) return undefined;
    const [record, expiresAt] = clientSchema.parse(found);
    return parseClientRecord({ client: readClient(record), used: used === 1, expiresAt });
  }

  return {
    async *people() {
      yield* members(keys.names());
      for await (const page of members(keys.blocked())) yield notIn([keys.names()], page);
      // People whose sessions have ended, and whose consents are left.
      for await (const page of named(keys.consents('*'))) yield notIn([keys.names(), keys.blocked()], page);
    },

    async *clients() {
      for await (const page of named(keys.client('*'))) {
        const found = await Promise.all(page.map(readClientRecord));
        yield found.filter((client) => client !== undefined);
      }
    },

    async *documents() {
      for await (const page of named(keys.document('*'))) {
        const moved = page.filter((name) => !LOCAL_DOCUMENTS.has(name));
        yield Promise.all(
          moved.map(async (name): Promise<DocumentRecord> => {
            const [version, value] = await redis.send((client) =>
              client.hmget(keys.document(name), 'version', 'value'),
            );
            return parseDocument({ name, version: Number(version), value });
          }),
        );
      }
    },

    async exportPerson(person) {
      const reply = await redis.run(scripts.export, keysOf(person));
      const [records, outbox, consents, now] = exportedSchema.parse(reply);
      if (records.length + outbox.length + consents.length === 0) return undefined;
      return toPerson(person, pairs(records), pairs(outbox), pairs(consents), now);
    },

    async importPerson(record) {
      const { person, grants, consents, block } = record;
      if (block !== undefined) await redis.send((client) => client.zadd(keys.blocked(), 0, person));
      if (grants.length + record.credentials.length + record.revocations.length > 0)
        await index.announce(person, VISIT_WITHIN);
      await redis.run(scripts.import, keysOf(person), {
        hashes: [
          recordsOf(record),
          outboxOf(record),
          consents.flatMap(({ key, expiresAt }) => [key, String(expiresAt)]),
        ],
        ...(consents.length > 0 ? { consentsUntil: Math.max(...consents.map(({ expiresAt }) => expiresAt)) } : {}),
      });
      if (grants.length > 0) {
        const tally = { sessions: grants.length, revocations: record.revocations.length, empty: false };
        await index.settle(person, VISIT_WITHIN, { ...tally, ...entryAfterImport(record) });
      }
      // Who logged in to a client, kept as long as the longest of those grants.
      for (const { clientId, expiresAt } of grants) {
        const people = keys.clientPeople(clientId);
        await redis.send((client) => client.sadd(people, person));
        await redis.send((client) => client.expireat(people, expiresAt, 'NX'));
        await redis.send((client) => client.expireat(people, expiresAt, 'GT'));
      }
    },

    async importClient({ client, used, expiresAt }) {
      const { clientId, registrationTokenHash: tokenHash, issuedAt } = client;
      const args = { record: JSON.stringify(client), tokenHash, expiresAt, ...(used ? { used } : {}) };
      await redis.run(scripts.client, [keys.client(clientId)], args);
      if (!used) await redis.send((sender) => sender.zadd(keys.unusedClients(), issuedAt, clientId));
    },

    async importDocument({ name, version, value }) {
      await redis.send((client) => client.hset(keys.document(name), { version, value }));
    },
  };
}

/** Name and value of each field of a hash. */
function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? '', flat[2 * at + 1] ?? '']);
}

type Fields = readonly (readonly [name: string, value: string])[];

function toPerson(person: string, records: Fields, outbox: Fields, consents: Fields, now: number): PersonRecord {
  const of = <T>(kind: string, read: (id: string, value: string) => T): T[] =>
    records.flatMap(([name, value]) => (name.startsWith(kind) ? [read(name.slice(kind.length), value)] : []));
  const [block] = of('blocked', (_, value): unknown => JSON.parse(value));
  return parsePerson({
    person,
    grants: of('grant:', toGrantRecord),
    credentials: of('credential:', toCredential),
    revocations: outbox.map(([, value]) => readRevocation(value)),
    consents: consents.flatMap(([key, at]) => (Number(at) > now ? [{ key, expiresAt: Number(at) }] : [])),
    ...(block === undefined ? {} : { block }),
  });
}

function toCredential(id: string, value: string): unknown {
  const [state, record] = lists(value);
  const [appClientId, generation, sealedTokens, accessExpiresAt, refreshExpiresAt, resetDue, superseded = []] = state;
  const [account, login, name, avatarUrl, scope] = record;
  return {
    id,
    ...parseCredentialIdentity({ appClientId, account: present({ id: account, login, name, avatarUrl }), scope }),
    ...present({ generation, sealedTokens, accessExpiresAt, refreshExpiresAt, resetDue }),
    superseded,
  };
}

/** The fields of a person's hash: scripts/records.lua has the order of the lists. */
function recordsOf({ grants, credentials, block }: PersonRecord): string[] {
  return [
    ...grants.flatMap((grant) => [`grant:${grant.id}`, `${stateOfGrant(grant)}\n${grantRecord(parseGrant(grant))}`]),
    ...credentials.flatMap((one) => [`credential:${one.id}`, `${stateOfCredential(one)}\n${credentialRecord(one)}`]),
    ...(block === undefined ? [] : ['blocked', scriptJson(block)]),
  ];
}

function stateOfGrant(grant: GrantRecord): string {
  const { clientId, credential, codeHash, redeemed, recipient, createdAt, lastUsedAt, expiresAt, generation } = grant;
  const sendsGithubToken = recipient?.credential === 'github';
  const { refreshHash, spent } = grant;
  return withoutEnd([
    ...[clientId, credential, codeHash, redeemed, sendsGithubToken, createdAt, lastUsedAt, expiresAt, generation],
    ...[refreshHash, spent?.hash, spent?.until, spent?.sealedSuccessor],
  ]);
}

function stateOfCredential(credential: CredentialRecord): string {
  const { appClientId, generation, sealedTokens, accessExpiresAt, refreshExpiresAt, resetDue } = credential;
  const superseded = credential.superseded.length > 0 ? credential.superseded : undefined;
  return withoutEnd([appClientId, generation, sealedTokens, accessExpiresAt, refreshExpiresAt, resetDue, superseded]);
}

/** A list as scripts write it: null for an absent member, and its end is the last one that is present. */
function withoutEnd(members: readonly unknown[]): string {
  return scriptJson(members.slice(0, members.findLastIndex((member) => member !== undefined) + 1));
}

function outboxOf({ person, revocations }: PersonRecord): string[] {
  return revocations.flatMap((revocation) => [revocation.id, scriptJson({ person, ...revocation })]);
}
