/**
 * The directory of people in Redis: the entries of the index of people (people.ts), which a login and each sweep write. By
 * login, a page is read from a sorted set; everything else reads all entries, a thousand in a round trip.
 */
import { z } from 'zod';
import type { ClientUse, DirectoryEntry, DirectoryQuery, DirectoryStore } from '../people-operations.ts';
import type { Grant } from '../records.ts';
import { serverOf } from '../stored.ts';
import type { PersonRecord } from '../transfer.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { parseRecords } from './person-records.ts';

/** Entries in one round trip. */
const BATCH = 1000;
/** UTF-16 units of a client's name that an entry keeps. */
const MAX_NAME = 60;

/** What a sweep leaves of a person's sessions: see scripts/person-sweep.lua. */
export const leftSchema = z.union([
  z.tuple([z.number()]),
  z.tuple([z.number(), z.number(), z.number(), z.string()], z.union([z.string(), z.number()])),
]);

/** A parsed entry: see scripts/people.lua. */
interface Entry {
  readonly githubId: number;
  readonly login: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly clients: readonly { clientId: string; clientName: string; server: string; sessions: number }[];
}

/** The members of an entry that a login adds; scripts/people-announce.lua has their names. */
export function announced(
  grant: Pick<Grant, 'clientId' | 'clientName' | 'resource' | 'recipient'>,
  account: { readonly id: number; readonly login: string },
) {
  const clientName = shortName(grant.clientName);
  const about = { clientId: grant.clientId, clientName, server: serverOf(grant) };
  return { githubId: account.id, login: account.login.toLowerCase(), ...about };
}

/** The entry of a person after a sweep. */
export function entryAfterSweep(
  left: z.infer<typeof leftSchema>,
  revocations: number,
): { entry: string; login?: string } {
  const [sessions, createdAt, lastUsedAt, credential, ...clients] = left;
  if (credential === undefined) return { entry: JSON.stringify([sessions, revocations]) };
  const { id, login } = parseRecords.account(credential);
  const list: (string | number)[] = [sessions, revocations, id, login.toLowerCase(), createdAt ?? 0, lastUsedAt ?? 0];
  for (let at = 0; at < clients.length; at += 3) {
    const record = parseRecords.grant(String(clients[at + 1]));
    list.push(String(clients[at]), shortName(record.clientName), serverOf(record), Number(clients[at + 2]));
  }
  return { entry: JSON.stringify(list), login: login.toLowerCase() };
}

/** The entry of a person whose records were imported; the next sweep corrects it. */
export function entryAfterImport({ grants, credentials, revocations }: PersonRecord): {
  entry: string;
  login?: string;
} {
  const newest = grants.toSorted((a, b) => b.createdAt - a.createdAt)[0];
  const account = credentials.find(({ id }) => id === newest?.credential)?.account;
  if (account === undefined) return { entry: JSON.stringify([grants.length, revocations.length]) };
  const clients = new Map<string, [clientId: string, clientName: string, server: string, sessions: number]>();
  for (const grant of grants) {
    const { clientId, clientName, server } = announced(grant, account);
    const [, , , sessions] = clients.get(`${clientId} ${server}`) ?? [clientId, clientName, server, 0];
    clients.set(`${clientId} ${server}`, [clientId, clientName, server, sessions + 1]);
  }
  const times = [Math.min(...grants.map((each) => each.createdAt)), Math.max(...grants.map((each) => each.lastUsedAt))];
  const login = account.login.toLowerCase();
  const about = [grants.length, revocations.length, account.id, login, ...times, ...[...clients.values()].flat()];
  return { entry: JSON.stringify(about), login };
}

const shortName = (name: string) => name.slice(0, MAX_NAME).toWellFormed();

export function createRedisDirectoryStore(redis: RedisConnection, keys: RedisKeys): DirectoryStore {
  /** Calls `visit` with every entry that has sessions. One may be visited twice while Redis resizes the hash. */
  async function scan(visit: (person: string, entry: Entry) => void): Promise<void> {
    const seen = new Set<string>();
    let cursor = '0';
    do {
      const [next, flat] = await redis.send((client) => client.hscan(keys.entries(), cursor, 'COUNT', BATCH));
      for (let at = 0; at < flat.length; at += 2) {
        const [person = '', value = ''] = [flat[at], flat[at + 1]];
        const entry = seen.has(person) ? undefined : toEntry(value);
        seen.add(person);
        if (entry !== undefined) visit(person, entry);
      }
      cursor = next;
    } while (cursor !== '0');
  }

  /** A page by login, from the index: its members are the cursors. */
  async function byLogin({ login = '', after, limit }: DirectoryQuery): Promise<DirectoryEntry[]> {
    const members = await redis.send((client) =>
      client.zrangebylex(
        keys.logins(),
        after === undefined || after < login ? `[${login}` : `(${after}`,
        login === '' ? '+' : `[${login}\xff`,
        'LIMIT',
        0,
        limit,
      ),
    );
    if (members.length === 0) return [];
    const people = members.map((member) => member.slice(member.indexOf(' ') + 1));
    const values = await redis.send((client) => client.hmget(keys.entries(), ...people));
    return members.flatMap((cursor, index) => {
      const entry = toEntry(values[index] ?? '');
      return entry === undefined ? [] : [{ ...about(people[index] ?? '', entry), cursor }];
    });
  }

  return {
    async people(query) {
      const { sort, login = '', app = '', after, limit } = query;
      if (sort === 'login' && app === '') return byLogin(query);
      const found: DirectoryEntry[] = [];
      const order = comparing(sort);
      const last = after === undefined ? undefined : parsedCursor(after, sort);
      await scan((person, entry) => {
        if (!entry.login.startsWith(login) || !(app === '' || entry.clients.some((one) => matches(one, app)))) return;
        const one = { ...about(person, entry), cursor: cursorOf(person, entry, sort) };
        if (last !== undefined && order(one, last) <= 0) return;
        found.push(one);
        // Sorting many at a time costs less than finding the place of each.
        if (found.length >= limit + BATCH) found.sort(order).splice(limit);
      });
      return found.sort(order).slice(0, limit);
    },

    async clients(app, after, limit) {
      const uses = new Map<string, ClientUse>();
      await scan((_person, { clients }) => {
        const counted = new Set<string>();
        for (const one of clients) {
          const { clientId, clientName, sessions } = one;
          if (clientId <= after || !(app === '' || matches(one, app))) continue;
          const use = uses.get(clientId) ?? { clientId, clientName, sessions: 0, people: 0 };
          const people = use.people + (counted.has(clientId) ? 0 : 1);
          uses.set(clientId, { ...use, sessions: use.sessions + sessions, people });
          counted.add(clientId);
        }
      });
      return [...uses.values()].sort((a, b) => compare(a.clientId, b.clientId)).slice(0, limit);
    },

    async usage(since, names) {
      let [people, sessions, active] = [0, 0, 0];
      const perName = new Map<string, number>();
      await scan((_person, { lastUsedAt, clients }) => {
        people += 1;
        if (lastUsedAt > since) active += 1;
        for (const one of clients) {
          sessions += one.sessions;
          perName.set(one.clientName, (perName.get(one.clientName) ?? 0) + one.sessions);
        }
      });
      const sorted = [...perName].sort(([a, m], [b, n]) => n - m || compare(a, b));
      return { people, sessions, active, sessionsPerName: sorted.slice(0, names) };
    },
  };
}

/**
 * Parses an entry; undefined when it has no sessions. A search parses all entries, and a schema would take several times as long as
 * the rest of it.
 */
function toEntry(value: string): Entry | undefined {
  if (!value.startsWith('[')) return undefined;
  const list: unknown = JSON.parse(value);
  if (!Array.isArray(list) || typeof list[3] !== 'string') return undefined;
  const clients: Entry['clients'][number][] = [];
  for (let at = 6; at + 3 < list.length; at += 4)
    clients.push({
      clientId: String(list[at]),
      clientName: String(list[at + 1]),
      server: String(list[at + 2]),
      sessions: Number(list[at + 3]),
    });
  return {
    githubId: Number(list[2]),
    login: list[3],
    createdAt: Number(list[4]),
    lastUsedAt: Number(list[5]),
    clients,
  };
}

function about(person: string, { githubId, login, createdAt, lastUsedAt }: Entry) {
  return { person, githubId, login, createdAt, lastUsedAt };
}

function matches({ clientId, clientName, server }: Entry['clients'][number], app: string): boolean {
  return [clientId, clientName, server].some((text) => text.toLowerCase().includes(app));
}

type Key = Pick<DirectoryEntry, 'person' | 'login' | 'createdAt' | 'lastUsedAt'>;

function cursorOf(person: string, { login, createdAt, lastUsedAt }: Entry, sort: DirectoryQuery['sort']): string {
  return `${sort === 'login' ? login : sort === 'created' ? createdAt : lastUsedAt} ${person}`;
}

function parsedCursor(cursor: string, sort: DirectoryQuery['sort']): Key {
  const space = cursor.indexOf(' ');
  const [key, person] = [cursor.slice(0, space), cursor.slice(space + 1)];
  return { person, login: sort === 'login' ? key : '', createdAt: Number(key), lastUsedAt: Number(key) };
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function comparing(sort: DirectoryQuery['sort']): (a: Key, b: Key) => number {
  if (sort === 'login') return (a, b) => compare(a.login, b.login) || compare(a.person, b.person);
  if (sort === 'created') return (a, b) => b.createdAt - a.createdAt || compare(a.person, b.person);
  return (a, b) => b.lastUsedAt - a.lastUsedAt || compare(a.person, b.person);
}
