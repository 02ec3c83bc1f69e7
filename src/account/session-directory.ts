/**
 * The sessions of all people, for administrators: search, end, count. Each operation reads a limited number of people.
 */
import type { SessionEnding } from '../oauth/session-ending.ts';
import { formatSid, parseSid } from '../oauth/tokens/session-tokens.ts';
import type { EndedBy } from '../observe/events.ts';
import type { Recipient, Session } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { displayText } from '../web/display.ts';

/** People whose sessions one operation reads. */
const MAX_PEOPLE = 1000;
/** People whose sessions are read at once. */
const PAGE_SIZE = 100;
/** Sessions in one answer. */
const MAX_SESSIONS = 200;
/** Seconds. */
const DAY = 86400;
/** Characters that the beginning of a session's name needs, to stand for it. */
const MIN_PREFIX = 4;
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

/** The sessions of all people. */
export interface SessionDirectory {
  /**
   * Finds the sessions whose login, account id, client, resource, recipient or `sid` contains a text, in upper or lower case.
   * @returns at most 200 sessions; `more` when there are others, or people who were not read
   */
  search(query: string): Promise<{ sessions: Session[]; more: boolean }>;
  /** What administrators are shown of a session; times are ISO 8601. */
  describe(session: Session): DescribedSession;
  /**
   * Ends one session.
   * @param name its `sid`, or the beginning of it if only one session matches
   * @returns its `sid`; undefined when no session matches, or several
   */
  revoke(name: string, by: EndedBy): Promise<string | undefined>;
  /** Counts people, sessions and clients; `complete` is false when there are more people than are read. */
  statistics(): Promise<{
    people: number;
    sessions: number;
    sessions_per_client: Record<string, number>;
    active_within_a_day: number;
    complete: boolean;
  }>;
}

interface SessionDirectoryOptions {
  readonly store: Store;
  readonly sessionEnding: SessionEnding;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** Creates the directory. */
export function createSessionDirectory({ store, sessionEnding, now }: SessionDirectoryOptions): SessionDirectory {
  /**
   * Calls `visit` with the sessions of one person after another, until it returns false or {@link MAX_PEOPLE} were
   * read.
   * @returns whether all people were visited
   */
  async function visitSessions(visit: (sessions: Session[]) => boolean): Promise<boolean> {
    let after = '';
    for (let read = 0; read < MAX_PEOPLE; ) {
      const people = await store.sessions.people(after, PAGE_SIZE);
      const lists = await Promise.all(people.map((person) => store.sessions.list(person)));
      for (const sessions of lists) if (!visit(sessions)) return false;
      if (people.length < PAGE_SIZE) return true;
      read += people.length;
      after = people.at(-1) ?? after;
    }
    return false;
  }

  async function end(name: string, by: EndedBy): Promise<string | undefined> {
    const ref = parseSid(name);
    return ref !== undefined && (await sessionEnding.end(ref, 'administrator', by)) ? name : undefined;
  }

  return {
    async search(query) {
      const wanted = query.trim().toLowerCase();
      const found: Session[] = [];
      const complete = await visitSessions((sessions) => {
        found.push(
          ...sessions.filter((session) => searchableTexts(session).some((text) => text.toLowerCase().includes(wanted))),
        );
        return found.length <= MAX_SESSIONS;
      });
      return { sessions: found.slice(0, MAX_SESSIONS), more: !complete || found.length > MAX_SESSIONS };
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
      created_at: instant(grant.createdAt),
      last_used_at: instant(grant.lastUsedAt),
      expires_at: instant(grant.expiresAt),
    }),
    async revoke(name, by) {
      if (parseSid(name) !== undefined) return end(name, by);
      if (name.length < MIN_PREFIX) return undefined;
      const matches: string[] = [];
      const complete = await visitSessions((sessions) => {
        for (const session of sessions)
          if (formatSid(session.grant.ref).startsWith(name)) matches.push(formatSid(session.grant.ref));
        return matches.length < 2;
      });
      // Of the people who were not read, one may have a session of this beginning too.
      const [only] = matches;
      return only === undefined || !complete ? undefined : end(only, by);
    },
    async statistics() {
      const perClient = new Map<string, number>();
      let [people, sessions, active] = [0, 0, 0];
      const complete = await visitSessions((list) => {
        if (list.length > 0) people += 1;
        for (const { grant } of list) {
          sessions += 1;
          if (grant.lastUsedAt > now() - DAY) active += 1;
          const name = displayText(grant.clientName, MAX_NAME);
          perClient.set(name, (perClient.get(name) ?? 0) + 1);
        }
        return true;
      });
      return {
        people,
        sessions,
        sessions_per_client: Object.fromEntries(perClient),
        active_within_a_day: active,
        complete,
      };
    },
  };
}

function searchableTexts({ grant, credential: { account } }: Session): string[] {
  const server = [grant.resource, grant.recipient?.address ?? ''];
  return [account.login, String(account.id), grant.clientName, grant.clientId, ...server, formatSid(grant.ref)];
}

function instant(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString();
}
