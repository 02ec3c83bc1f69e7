/** Everybody's sessions, for administrators: search, end, count. What one question reads is bounded. */
import type { SessionEnding } from '../oauth/session-ending.ts';
import { formatSid, parseSid } from '../oauth/tokens/session-tokens.ts';
import type { EndedBy } from '../observe/events.ts';
import type { Session } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { displayText } from '../web/display.ts';

/** People read for one question. */
const MAX_PEOPLE = 1000;
const PAGE = 100;
/** Sessions in one answer. */
const MAX_SESSIONS = 200;
const DAY = 86400;
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
  readonly created_at: string;
  readonly last_used_at: string;
  readonly expires_at: string;
}

export interface SessionDirectory {
  /**
   * Sessions whose login, client or name contains a text; `more` when there are others that were not looked at or
   * shown.
   */
  search(query: string): Promise<{ sessions: Session[]; more: boolean }>;
  describe(session: Session): DescribedSession;
  /** Ends the session of that name, or the only one whose name begins so. @returns its name */
  revoke(name: string, by: EndedBy): Promise<string | undefined>;
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

export function createSessionDirectory({ store, sessionEnding, now }: SessionDirectoryOptions): SessionDirectory {
  /** Visits the sessions of one person after another, up to the bound. @returns whether everybody was visited */
  async function everybody(visit: (sessions: Session[]) => boolean): Promise<boolean> {
    let after = '';
    for (let read = 0; read < MAX_PEOPLE; ) {
      const people = await store.sessions.people(after, PAGE);
      const lists = await Promise.all(people.map((person) => store.sessions.list(person)));
      for (const sessions of lists) if (!visit(sessions)) return false;
      if (people.length < PAGE) return true;
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
      const complete = await everybody((sessions) => {
        found.push(...sessions.filter((session) => texts(session).some((text) => text.toLowerCase().includes(wanted))));
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
      created_at: instant(grant.createdAt),
      last_used_at: instant(grant.lastUsedAt),
      expires_at: instant(grant.expiresAt),
    }),
    async revoke(name, by) {
      if (parseSid(name) !== undefined) return end(name, by);
      const matches: string[] = [];
      await everybody((sessions) => {
        for (const session of sessions)
          if (formatSid(session.grant.ref).startsWith(name)) matches.push(formatSid(session.grant.ref));
        return matches.length < 2;
      });
      const [only, ...others] = matches;
      return only === undefined || others.length > 0 ? undefined : end(only, by);
    },
    async statistics() {
      const perClient = new Map<string, number>();
      let [people, sessions, active] = [0, 0, 0];
      const complete = await everybody((list) => {
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

function texts({ grant, credential: { account } }: Session): string[] {
  return [account.login, String(account.id), grant.clientName, grant.clientId, formatSid(grant.ref)];
}

function instant(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString();
}
