/**
 * People as operators and administrators name them, by login or as `id:123`, and what is done to a person: all sessions end,
 * or the person is blocked.
 */
import { defined } from '../base/defined.ts';
import type { SessionEnding } from '../oauth/session-ending.ts';
import type { EndedBy, EventBus } from '../observe/events.ts';
import type { Block } from '../store/people-operations.ts';
import type { Store } from '../store/store.ts';

/** People who are compared with a login at most: those whose logins begin so. */
const MAX_CANDIDATES = 50;
/** Blocked people that are read at once. */
const BLOCKS_PER_PAGE = 500;

/** A person who was named. */
export interface NamedPerson {
  /** The opaque tag. */
  readonly person: string;
  readonly githubId: number;
  /** Absent for a person who is named by the id and was never here. */
  readonly login?: string;
}

export interface People {
  /**
   * The people whom a name means: one for `id:123`, known here or not; for a login, everybody with a session or a block who
   * had it at the last login here. GitHub gives the login of a renamed account to others, so these may be several.
   */
  find(name: string): Promise<NamedPerson[]>;
  /** Blocks a person: all sessions end, and no login is taken. @returns how many sessions ended */
  block(person: NamedPerson, reason: string | undefined, by: EndedBy): Promise<number>;
  /** @returns false when the person was not blocked */
  unblock(person: NamedPerson, by: EndedBy): Promise<boolean>;
  /** Ends all sessions of a person. @returns how many there were */
  endAll(person: NamedPerson, by: EndedBy): Promise<number>;
}

interface PeopleOptions {
  readonly store: Pick<Store, 'directory' | 'blocks' | 'sessions'>;
  readonly events: EventBus;
  readonly sessionEnding: SessionEnding;
  readonly personTag: (githubId: number) => string;
}

/** The GitHub id in `id:123`; undefined for anything else. */
export function githubIdIn(name: string): number | undefined {
  const [, digits] = /^id:([1-9]\d{0,14})$/i.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

export function createPeople({ store, events, sessionEnding, personTag }: PeopleOptions): People {
  /** A person by the id, with the login of the newest session or of the block. */
  async function byId(githubId: number): Promise<NamedPerson> {
    const person = personTag(githubId);
    const [[newest], block] = await Promise.all([store.sessions.list(person), store.blocks.read(person)]);
    return { person, githubId, ...defined({ login: newest?.credential.account.login ?? block?.login }) };
  }

  async function blockedAs(login: string): Promise<Block[]> {
    const found: Block[] = [];
    for (let after = ''; ; ) {
      const page = await store.blocks.list(after, BLOCKS_PER_PAGE);
      found.push(...page.filter((block) => block.login?.toLowerCase() === login));
      const last = page.at(-1);
      if (last === undefined) return found;
      after = last.person;
    }
  }

  return {
    async find(name) {
      const githubId = githubIdIn(name);
      if (githubId !== undefined) return [await byId(githubId)];
      const login = name.toLowerCase();
      const [entries, blocked] = await Promise.all([
        store.directory.people({ sort: 'login', login, limit: MAX_CANDIDATES }),
        blockedAs(login),
      ]);
      const ids = [...entries.filter((entry) => entry.login === login), ...blocked].map((one) => one.githubId);
      return Promise.all([...new Set(ids)].map(byId));
    },

    async block({ person, githubId, login }, reason, by) {
      const ended = await store.blocks.add({ person, githubId, ...defined({ login, reason }) });
      events.emit('person.blocked', { person, githubId, ...defined({ githubLogin: login, reason }), by });
      await sessionEnding.afterStoreEnded(person, ended, 'blocked', by);
      return ended.length;
    },

    async unblock({ person, githubId, login }, by) {
      const removed = await store.blocks.remove(person);
      if (removed) events.emit('person.unblocked', { person, githubId, ...defined({ githubLogin: login }), by });
      return removed;
    },

    endAll: ({ person }, by) => sessionEnding.endAll(person, 'administrator', by),
  };
}
