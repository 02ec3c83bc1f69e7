/** `trace`: the story of one login, from `/authorize` to the first call and the end of its session. */
import { isoTime } from '../base/iso-time.ts';
import { loginOf, readLoginId } from '../base/login-id.ts';
import { formatSid, parseSid } from '../oauth/tokens/session-tokens.ts';
import type { Actor } from '../observe/request-context.ts';
import { readStoryEntry, type StoryEntry } from '../observe/stories.ts';
import { displayText } from '../web/display.ts';
import { type BridgeCommand, Misuse } from './command.ts';

/** Characters of a text that a client or a server elsewhere chose. */
const MAX_TEXT = 200;

/** One thing that happened; what is not known, or not said of it, is absent. */
interface Happening {
  readonly time: string;
  readonly event: string;
  readonly request?: string;
  readonly address?: string;
  readonly client?: string;
  readonly person?: string;
  readonly session?: string;
  readonly github_id?: number;
  readonly github_login?: string;
  readonly outcome?: string;
  readonly detail?: string;
  readonly path?: string;
  readonly by?: string;
  readonly via?: string;
  readonly actor?: string;
}

/** What happened, in words. */
const WORDS: Readonly<Record<string, string>> = {
  'consent.shown': 'the person was asked for consent',
  'consent.allowed': 'the person allowed it, and was sent to GitHub',
  'consent.denied': 'the person cancelled',
  'login.returned': 'the browser came back from GitHub',
  'login.completed': 'the login is complete, and the client got a code',
  'login.failed': 'the login failed',
  'code.redeemed': 'the client got its tokens',
  'code.replayed': 'the code was presented a second time',
  'session.used': 'the client made its first MCP request',
  'refresh_token.rotated': 'the client refreshed',
  'refresh_token.repeated': 'the client sent a refresh again',
  'refresh_token.reused': 'an old refresh token was presented',
  'credential.refresh_failed': 'GitHub did not renew its token',
  'credential.dead': 'GitHub does not accept its token any more',
  'grant.ended': 'the session ended',
  'request.failed': 'a request was refused or failed',
};

export const traceCommand: BridgeCommand = {
  words: 'trace',
  synopsis: 'ID',
  about: 'tells what happened to a login, by its id, the X-Request-Id of one of its requests, or a session name',
  check({ positionals: [id = ''] }) {
    if (loginNamed(id) === undefined)
      throw new Misuse(
        `"${displayText(id, MAX_TEXT)}" names no login: write the 16 letters that an error page or a log line has, or a session as "sessions list" names it`,
      );
  },
  async run({ bridge, terminal }, { positionals: [id = ''] }) {
    const login = loginNamed(id) ?? '';
    const stored = await bridge.services.store.stories.read(login);
    const entries = stored.map(readStoryEntry).filter((entry) => entry !== undefined);
    if (entries.length === 0)
      throw new Error(
        `no story of login ${login}: it is kept for one day, and for seven once the browser came back from GitHub; the lines of the log with "login":"${login}" may have more`,
      );
    const happenings = happeningsOf(entries);
    terminal.answer({ login, happenings }, [`login ${login}`, ...happenings.map(lineOf)].join('\n'));
  },
};

/** The id of the login that a text names. */
function loginNamed(id: string): string | undefined {
  const ref = parseSid(id);
  return ref === undefined ? readLoginId(id) : loginOf(ref.grant);
}

/** What happened, in order. Client and person are said once in a story, and hold for all that comes after. */
function happeningsOf(entries: readonly StoryEntry[]): Happening[] {
  let known: Partial<Happening> = {};
  // Replicas write each on its own; entries of one instant stay as they are.
  return [...entries]
    .sort((one, other) => one.at - other.at)
    .flatMap(({ at, reference, address, events }) =>
      events.map(([event, details = {}]): Happening => {
        known = { ...known, ...subjectOf(details) };
        return {
          time: isoTime(at),
          event,
          ...(reference === undefined ? {} : { request: reference }),
          ...(address === undefined ? {} : { address: displayText(address, MAX_TEXT) }),
          ...known,
          ...texts(details, ['outcome', 'detail', 'path', 'by', 'via']),
          ...(details.actor === undefined ? {} : { actor: actorText(details.actor as Actor) }),
        };
      }),
    );
}

/** The client and the person that an event names. */
function subjectOf(details: Readonly<Record<string, unknown>>): Partial<Happening> {
  const { person, grant, githubId, githubLogin } = details;
  return {
    ...texts(details, ['client', 'person']),
    ...(typeof person === 'string' && typeof grant === 'string' ? { session: formatSid({ person, grant }) } : {}),
    ...(typeof githubId === 'number' ? { github_id: githubId } : {}),
    ...(typeof githubLogin === 'string' ? { github_login: displayText(githubLogin, MAX_TEXT) } : {}),
  };
}

/** The members of these names, as a terminal may show them. */
function texts(details: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const text = details[name];
      return typeof text === 'string' ? [[name, displayText(text, MAX_TEXT)]] : [];
    }),
  );
}

function actorText(actor: Actor): string {
  return actor.kind === 'operator'
    ? displayText(actor.name, MAX_TEXT)
    : displayText(`${actor.kind} ${actor.githubLogin} (id:${actor.githubId})`, MAX_TEXT);
}

function lineOf(happening: Happening): string {
  const { time, event, outcome, detail, path, by, via, actor, client, github_login, github_id } = happening;
  const how = [outcome, detail, path && `at ${path}`, by && `by ${by}`, via && `via ${via}`, actor];
  const said = how.filter((part) => part !== undefined).join(', ');
  const person =
    github_login === undefined ? '' : `${github_login}${github_id === undefined ? '' : ` (id:${github_id})`}`;
  return [
    time,
    `${WORDS[event] ?? event}${said === '' ? '' : `: ${said}`}`,
    ...(client === undefined ? [] : [`client ${client}`]),
    ...(person === '' ? [] : [person]),
    ...(happening.address === undefined ? [] : [`from ${happening.address}`]),
    ...(happening.request === undefined ? [] : [`request ${happening.request}`]),
  ].join('  ');
}
