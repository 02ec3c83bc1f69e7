/**
 * The sessions of all people, for administrators: search, end, count. People are found by the store's directory, which may
 * lag behind; what is shown of them is read anew.
 */
import { isoTime } from '../base/iso-time.ts';
import type { SessionEnding } from '../oauth/session-ending.ts';
import { formatSid, parseSid } from '../oauth/tokens/session-tokens.ts';
import type { EndedBy } from '../observe/events.ts';
import type { DirectoryQuery } from '../store/people-operations.ts';
import type { Recipient, Session } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { serverOf } from '../store/stored.ts';
import { displayText } from '../web/display.ts';
import { githubIdIn } from './people.ts';

/** People whose sessions are read at once. */
const PAGE_SIZE = 100;
/** Sessions in one answer of {@link SessionDirectory.search}. */
const MAX_SESSIONS = 200;
/** Client names in the statistics. */
const MAX_CLIENTS = 100;
/** Seconds. */
const DAY = 86400;
/** Characters that the beginning of a session's name needs, to stand for it. */
const MIN_PREFIX = 4;
/** Characters of a person's tag, with which the name of a session begins. */
const TAG_LENGTH = 16;
/** Characters of what a client chose, in a list that a terminal or a language model reads. */
const MAX_NAME = 60;
const MAX_CLIENT_ID = 200;

/** A session as the administrators' tools show it. */
interface DescribedSession {
  readonly session: string;
  readonly login: string;
  readonly github_id: number;
  readonly client_id: string;
  readonly client_name: string;
  readonly scopes: string[];
  /** The audience of its access tokens. */
  readonly resource: string;
  /** The MCP server behind the bridge that gets its calls, and what it gets of the person with each. */
  readonly recipient: { readonly host: string; readonly credential: Recipient['credential'] } | null;
  readonly created_at: string;
  readonly last_used_at: string;
  readonly expires_at: string;
}

/** Which people with sessions, and in which order. */
export interface PeopleSearch {
  /**
   * `id:123`: this GitHub account. `client:TEXT`: those with a session whose client or server contains the text. The name of a
   * session. Other texts: those whose login begins so; if there are none, as with `client:`. Empty: all.
   */
  readonly text: string;
  /** The order; by login when absent. */
  readonly sort?: DirectoryQuery['sort'];
  /** The `next` of the page before. */
  readonly after?: string;
  /** People in one page. */
  readonly limit: number;
}

/** A person and the sessions that a search found, newest first. */
export interface PersonSessions {
  /** The opaque tag. */
  readonly person: string;
  /** The id of the GitHub account. */
  readonly githubId: number;
  /** Its login, as of the latest sign-in. */
  readonly login: string;
  /** The newest first. */
  readonly sessions: readonly Session[];
}

/** The sessions of all people. */
export interface SessionDirectory {
  /** A page of people; `next` is absent when it is the last. It may have fewer people than asked for, also none. */
  people(search: PeopleSearch): Promise<{ people: PersonSessions[]; next?: string }>;
  /**
   * Finds sessions, as {@link PeopleSearch} says.
   * @returns at most 200 sessions; `more` when there are others
   */
  search(query: string): Promise<{ sessions: Session[]; more: boolean }>;
  /** Sessions by the beginning of their names, at least four characters of it; not all if there are several. */
  named(name: string): Promise<Session[]>;
  /** What administrators are shown of a session; times are ISO 8601. */
  describe(session: Session): DescribedSession;
  /**
   * Ends one session.
   * @param name its `sid`, or the beginning of it if only one session matches
   * @returns its `sid`; undefined when no session matches, or several
   */
  revoke(name: string, by: EndedBy): Promise<string | undefined>;
  /** Counts people, sessions and clients; an end of a session may be counted an hour later. */
  statistics(): Promise<{
    people: number;
    sessions: number;
    /** The hundred client names with the most sessions. */
    sessions_per_client: Record<string, number>;
    people_active_within_a_day: number;
  }>;
}

interface SessionDirectoryOptions {
  readonly store: Pick<Store, 'sessions' | 'directory'>;
  readonly sessionEnding: SessionEnding;
  readonly personTag: (githubId: number) => string;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** Creates the directory. */
export function createSessionDirectory(options: SessionDirectoryOptions): SessionDirectory {
  const { store, sessionEnding, personTag, now } = options;

  /** One person, with the sessions for which `matches` is true; nobody when there are none. */
  async function only(person: string, matches: (session: Session) => boolean = () => true): Promise<PersonSessions[]> {
    const sessions = (await store.sessions.list(person)).filter(matches);
    const account = sessions[0]?.credential.account;
    return account === undefined ? [] : [{ person, githubId: account.id, login: account.login, sessions }];
  }

  /** The people of a page of the store's directory. */
  async function page(query: DirectoryQuery): Promise<{ people: PersonSessions[]; next?: string }> {
    const { app = '' } = query;
    const entries = await store.directory.people(query);
    const found = await Promise.all(
      entries.map(({ person }) => only(person, (session) => app === '' || hasApp(session, app))),
    );
    const last = entries.length < query.limit ? undefined : entries.at(-1);
    const mode = app === '' ? 'login' : 'app';
    return { people: found.flat(), ...(last === undefined ? {} : { next: `${mode}:${last.cursor}` }) };
  }

  async function people({ text, sort = 'login', after, limit }: PeopleSearch) {
    const wanted = text.trim();
    const id = githubIdIn(wanted);
    if (id !== undefined) return { people: await only(personTag(id)) };
    const ref = parseSid(wanted);
    if (ref !== undefined) return { people: await only(ref.person, ({ grant }) => formatSid(grant.ref) === wanted) };
    const [, mode, cursor] = /^(login|app):(.+)$/s.exec(after ?? '') ?? [];
    const query = { sort, limit, ...(cursor === undefined ? {} : { after: cursor }) };
    const [, client] = /^client:(.*)$/is.exec(wanted) ?? [];
    const app = (client ?? wanted).trim().toLowerCase();
    if (client === undefined && mode !== 'app') {
      const found = await page({ ...query, login: app });
      if (app === '' || cursor !== undefined || found.people.length > 0 || found.next !== undefined) return found;
      if (/^[1-9]\d{0,14}$/.test(app)) {
        const named = await only(personTag(Number(app)));
        if (named.length > 0) return { people: named };
      }
    }
    return page({ ...query, app });
  }

  async function end(name: string, by: EndedBy): Promise<string | undefined> {
    const ref = parseSid(name);
    return ref !== undefined && (await sessionEnding.end(ref, 'administrator', by)) ? name : undefined;
  }

  async function named(name: string): Promise<Session[]> {
    if (name.length < MIN_PREFIX) return [];
    const sessionsOf = async (person: string) =>
      (await store.sessions.list(person)).filter(({ grant }) => formatSid(grant.ref).startsWith(name));
    if (name.length >= TAG_LENGTH) return sessionsOf(name.slice(0, TAG_LENGTH));
    const found: Session[] = [];
    for (let after = name; found.length < 2; ) {
      const [person] = await store.sessions.people(after, 1);
      if (person === undefined || !person.startsWith(name)) break;
      found.push(...(await sessionsOf(person)));
      after = person;
    }
    return found;
  }

  return {
    people,
    named,
    async search(query) {
      const found: Session[] = [];
      for (let after: string | undefined; ; ) {
        const { people: some, next } = await people({ text: query, limit: PAGE_SIZE, ...(after ? { after } : {}) });
        found.push(...some.flatMap(({ sessions }) => sessions));
        const isEnough = found.length > MAX_SESSIONS;
        if (isEnough || next === undefined) return { sessions: found.slice(0, MAX_SESSIONS), more: isEnough };
        after = next;
      }
    },
    describe: ({ grant, credential: { account } }) => ({
      session: formatSid(grant.ref),
      login: account.login,
      github_id: account.id,
      client_id: displayText(grant.clientId, MAX_CLIENT_ID),
      client_name: displayText(grant.clientName, MAX_NAME),
      scopes: [...grant.scope],
      resource: grant.resource,
      recipient: grant.recipient
        ? { host: new URL(grant.recipient.address).host, credential: grant.recipient.credential }
        : null,
      created_at: isoTime(grant.createdAt),
      last_used_at: isoTime(grant.lastUsedAt),
      expires_at: isoTime(grant.expiresAt),
    }),
    async revoke(name, by) {
      if (parseSid(name) !== undefined) return end(name, by);
      const [one, another] = await named(name);
      return one === undefined || another !== undefined ? undefined : end(formatSid(one.grant.ref), by);
    },
    async statistics() {
      const { people: all, sessions, active, sessionsPerName } = await store.directory.usage(now() - DAY, MAX_CLIENTS);
      const perClient = new Map<string, number>();
      for (const [name, count] of sessionsPerName) {
        const shown = displayText(name, MAX_NAME);
        perClient.set(shown, (perClient.get(shown) ?? 0) + count);
      }
      return {
        people: all,
        sessions,
        sessions_per_client: Object.fromEntries(perClient),
        people_active_within_a_day: active,
      };
    },
  };
}

/** Whether the client or the server of a session contains a text, as the store's directory finds it. */
function hasApp({ grant }: Session, app: string): boolean {
  return [grant.clientId, grant.clientName, serverOf(grant)].some((text) => text.toLowerCase().includes(app));
}
