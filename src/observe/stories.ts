/**
 * The story of each login: what happened to it, for whoever has to find out why it failed (`npm run admin -- trace`). It is
 * collected from the events, and written a moment later, all stories of the moment together. No request waits for that, and
 * a store that fails loses them.
 *
 * A story begins when the consent page is shown, which a rate limit bounds, and it has a bounded length. What goes no further is
 * kept for a day only, so that strangers cannot fill the store with stories.
 */
import { attribution, loginOfEvent } from './attribution.ts';
import type { EventBus, Events } from './events.ts';
import { redact } from './logger.ts';
import type { Known } from './request-context.ts';

/** Seconds for which a story is kept after the browser came back from GitHub. */
const STORY_TTL = 7 * 86400;
/** Seconds for which it is kept before that, because any stranger can begin one. */
const BEGUN_TTL = 86400;
/** Requests in a story; those in the middle are left out. */
const MAX_ENTRIES = 50;
/** Milliseconds after which stories are written. */
const WRITE_DELAY = 300;
/** Entries that wait to be written; more are dropped. */
const MAX_WAITING = 10_000;
/** Characters of what a client or an error says. */
const MAX_TEXT = 200;

/** What of a store this file uses; `../store/story-store.ts` says what it does. */
interface StoryStore {
  append(login: string, entries: readonly string[], limit: number, ttl?: number): Promise<void>;
}

/** What happened in one request to one login; instants are epoch seconds. */
export interface StoryEntry {
  readonly at: number;
  /** Absent for what happened outside of requests. */
  readonly reference?: string;
  readonly address?: string;
  /** Names of events, each with what is told of it. */
  readonly events: readonly (readonly [name: string, details?: Readonly<Record<string, unknown>>])[];
}

/** Writes the stories. */
export interface Stories {
  /** Writes what is waiting. Never fails. */
  flush(): Promise<void>;
}

type Tell = { [Name in keyof Events]?: (event: Events[Name]) => Record<string, unknown> };

const nothing = () => ({});
/** What is told of each event. Client and person are told once: they are the same for the whole login. */
const TOLD: Tell = {
  'consent.shown': ({ clientId, remembered }) => ({ client: cut(clientId), ...(remembered ? { remembered } : {}) }),
  'consent.allowed': nothing,
  'consent.denied': nothing,
  'login.returned': nothing,
  'login.completed': ({ person, grant, githubId, githubLogin }) => ({ person, grant, githubId, githubLogin }),
  'login.failed': ({ error, detail, githubLogin }) => ({ outcome: error, detail: cut(detail), githubLogin }),
  'code.redeemed': nothing,
  'code.replayed': nothing,
  'session.used': nothing,
  'refresh_token.rotated': nothing,
  'refresh_token.repeated': nothing,
  'refresh_token.reused': nothing,
  'credential.refresh_failed': ({ reason }) => ({ outcome: cut(reason) }),
  'credential.dead': nothing,
  'grant.ended': ({ reason, by }) => ({ outcome: reason, by }),
  'request.failed': ({ reason, error, path }) => ({
    outcome: reason,
    detail: cut(error instanceof Error ? error.message : String(error)),
    path: cut(path),
  }),
};

interface Waiting {
  readonly at: number;
  readonly known: Known | undefined;
  readonly events: [string, Record<string, unknown>?][];
}

/**
 * Collects the stories.
 * @param now epoch seconds
 */
export function recordStories(events: EventBus, store: StoryStore, now: () => number): Stories {
  let waiting = new Map<string, Waiting[]>();
  /** Seconds for which the stories of these logins are now kept. */
  let kept = new Map<string, number>();
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const [stories, ttls] = [waiting, kept];
    [waiting, kept, count] = [new Map(), new Map(), 0];
    const written = await Promise.allSettled(
      [...stories].map(([login, entries]) => store.append(login, entries.map(textOf), MAX_ENTRIES, ttls.get(login))),
    );
    const failed = written.find((result) => result.status === 'rejected');
    if (failed !== undefined) events.emit('store.error', { error: failed.reason });
  }

  events.onAny((name, event, known) => {
    const tell = TOLD[name] as ((event: Events[typeof name]) => Record<string, unknown>) | undefined;
    // An expired session is told by the absence of what came after; its story is mostly gone before.
    if (tell === undefined || ('by' in event && event.by === 'clock')) return;
    const login = loginOfEvent(event, known);
    if (login === undefined || count >= MAX_WAITING) return;
    if (name === 'login.returned') kept.set(login, STORY_TTL);
    else if (name === 'consent.shown' && !kept.has(login)) kept.set(login, BEGUN_TTL);
    const details = { ...tell(event), ...(name === 'grant.ended' ? attribution(name, event, known) : {}) };
    const told: [string, Record<string, unknown>?] = Object.keys(details).length > 0 ? [name, details] : [name];
    const entries = waiting.get(login) ?? [];
    const last = entries.at(-1);
    if (last !== undefined && last.known === known && known !== undefined) last.events.push(told);
    else entries.push({ at: now(), known, events: [told] });
    waiting.set(login, entries);
    count += 1;
    // Whatever request comes first, the timer must not keep its context.
    timer ??= events.context.exit(() => setTimeout(() => void flush(), WRITE_DELAY).unref());
  });

  function flush(): Promise<void> {
    writing = writing.then(write);
    return writing;
  }
  return { flush };
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

/** An entry as it is stored: a list without names of members, so that it is short. The login is left out of the reference. */
function textOf({ at, known, events }: Waiting): string {
  const reference = known?.reference.startsWith(`${known.login}-`)
    ? known.reference.slice((known.login?.length ?? 0) + 1)
    : known?.reference;
  return redact(JSON.stringify([at, reference ?? null, known?.address ?? null, ...events]));
}

/** Reads an entry that {@link recordStories} wrote; undefined when it is none. */
export function readStoryEntry(text: string): StoryEntry | undefined {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) return undefined;
  const [at, reference, address, ...events] = list;
  return {
    at: Number(at),
    ...(typeof reference === 'string' ? { reference } : {}),
    ...(typeof address === 'string' ? { address } : {}),
    events,
  };
}
