/** `sessions …`: the sessions of all people. */
import type { SessionDirectory } from '../account/session-directory.ts';
import type { Session } from '../store/records.ts';
import { type Command, type CommandContext, YES } from './command.ts';
import { endSelected, SELECTING, selected, selectionIn } from './ending.ts';
import { Misuse } from './misuse.ts';
import { aligned, cursorIn, footOf, limitIn, PAGING, SORTING, sortIn } from './options.ts';

const COLUMNS = ['SESSION', 'LOGIN', 'CLIENT', 'SERVER', 'LAST USED'];

export const sessionCommands: readonly Command[] = [
  {
    words: 'sessions list',
    synopsis: '[TEXT]',
    about:
      'lists sessions by person; TEXT is the beginning of a login, id:123, client:TEXT, or part of a client’s name or server',
    options: { ...SELECTING, ...SORTING, ...PAGING },
    check(args) {
      const { person, client, scope } = selectionIn(args);
      [limitIn(args), cursorIn(args, sortIn(args))];
      const selects = person !== undefined || client !== undefined || scope !== undefined;
      if (
        selects &&
        (args.positionals.length > 0 || args.options.after !== undefined || args.options.sort !== undefined)
      )
        throw new Misuse('--person, --client and --scope take no TEXT, --sort or --after');
    },
    async run(context, args) {
      const { person, client, scope } = selectionIn(args);
      const selects = person !== undefined || client !== undefined || scope !== undefined;
      const limit = limitIn(args);
      const { sessions, next } = selects
        ? await firstOf(context, { person, client, scope }, limit)
        : await pageOf(context, args.positionals[0] ?? '', sortIn(args), limit, cursorIn(args, sortIn(args)));
      const described = sessions.map(context.bridge.directory.describe);
      const foot = footOf(described.length, next);
      context.terminal.answer(
        { sessions: described, next: next ?? null },
        [
          ...aligned(COLUMNS, described.map(rowOf)),
          selects && described.length === limit ? `${foot}, perhaps not all: --limit` : foot,
        ].join('\n'),
      );
    },
  },
  {
    words: 'sessions show',
    synopsis: 'SESSION',
    about: 'shows a session, given by its full name or by a unique beginning of it',
    async run({ bridge: { directory }, terminal }, { positionals: [name = ''] }) {
      const [session, another] = await directory.named(name);
      if (session === undefined || another !== undefined)
        throw new Error(
          'no such session, or several: write all of its name as "sessions list" has it, or four letters or more of its beginning',
        );
      const described = directory.describe(session);
      const { recipient, scopes, ...rest } = described;
      const server = recipient === null ? {} : { server: `${recipient.host} (credential: ${recipient.credential})` };
      const lines = Object.entries({ ...rest, scopes: scopes.join(' '), ...server });
      terminal.answer(described, lines.map(([key, value]) => `${key.padEnd(13)} ${value}`).join('\n'));
    },
  },
  {
    words: 'sessions end',
    synopsis: '[SESSION]',
    about: 'ends a session, given by its name or a unique beginning of it, or all that the options select together',
    options: { ...SELECTING, ...YES },
    check(args) {
      if (Object.values(selectionIn(args)).every((value) => value === undefined))
        throw new Misuse('name a SESSION, or give --person, --client or --scope');
    },
    run: (context, args) => endSelected(context, selectionIn(args)),
  },
];

interface Listed {
  readonly sessions: Session[];
  readonly next?: string | undefined;
}

/** People in pages until there are `limit` sessions; the sessions of one person stay together. */
async function pageOf(
  { bridge: { directory }, signal }: CommandContext,
  text: string,
  sort: ReturnType<typeof sortIn>,
  limit: number,
  cursor: string | undefined,
): Promise<Listed> {
  const sessions: Session[] = [];
  let after = cursor;
  do {
    const left = limit - sessions.length;
    const page = await directory.people({ text, sort, limit: left, ...(after === undefined ? {} : { after }) });
    sessions.push(...page.people.flatMap((person) => person.sessions));
    after = page.next;
  } while (after !== undefined && sessions.length < limit && !signal.aborted);
  return { sessions, next: after };
}

async function firstOf(context: CommandContext, selection: object, limit: number): Promise<Listed> {
  const sessions: Session[] = [];
  for await (const some of selected(context, selection)) {
    sessions.push(...some);
    if (sessions.length >= limit) break;
  }
  return { sessions: sessions.slice(0, limit) };
}

function rowOf(session: ReturnType<SessionDirectory['describe']>): string[] {
  const { session: name, login, client_name, resource, recipient, last_used_at } = session;
  const server =
    recipient === null ? resource : `${resource} → ${recipient.host} (credential: ${recipient.credential})`;
  return [name, login, client_name, server, last_used_at];
}
