/** `people …`: people with sessions, and people who are blocked. */
import { isoTime } from '../base/iso-time.ts';
import type { Block } from '../store/people-operations.ts';
import type { Session } from '../store/records.ts';
import { displayText } from '../web/display.ts';
import { type Command, type CommandContext, YES } from './command.ts';
import { Misuse } from './misuse.ts';
import {
  aligned,
  checkPerson,
  counted,
  cursorIn,
  footOf,
  limitIn,
  PAGING,
  personNamed,
  SORTING,
  sortIn,
} from './options.ts';

/** Characters of a reason. */
const MAX_REASON = 200;
const COLUMNS = ['PERSON', 'LOGIN', 'SESSIONS', 'LAST USED', 'BLOCKED'];
const SESSION_COLUMNS = ['SESSION', 'CLIENT', 'SCOPES', 'LAST USED'];

interface Described {
  readonly person: string;
  readonly githubId: number;
  readonly login?: string | undefined;
  readonly sessions: readonly Session[];
}

const PERSON = {
  synopsis: 'PERSON',
  check: ({ positionals: [name = ''] }: { positionals: readonly string[] }) => checkPerson(name),
};

export const peopleCommands: readonly Command[] = [
  {
    words: 'people list',
    synopsis: '[TEXT]',
    about:
      'lists people with sessions; TEXT is the beginning of a login, id:123, client:TEXT, or part of a client’s name',
    options: {
      blocked: { type: 'boolean', about: 'lists the people who are blocked, whether they were here or not' },
      ...SORTING,
      ...PAGING,
    },
    check(args) {
      [limitIn(args), sortIn(args)];
      if (args.options.blocked !== true) cursorIn(args, sortIn(args));
      if (args.options.blocked === true && (args.positionals.length > 0 || args.options.sort !== undefined))
        throw new Misuse('--blocked takes no TEXT and no --sort');
    },
    async run({ bridge, terminal }, args) {
      const { store } = bridge.services;
      const limit = limitIn(args);
      const after = String(args.options.after ?? '');
      let people: Described[];
      let next: string | undefined;
      if (args.options.blocked === true) {
        const blocks = await store.blocks.list(after, limit);
        people = blocks.map((block) => ({ ...block, login: block.login, sessions: [] }));
        next = blocks.length < limit ? undefined : blocks.at(-1)?.person;
      } else {
        const search = { text: args.positionals[0] ?? '', sort: sortIn(args), limit };
        const found = await bridge.directory.people({ ...search, ...(after === '' ? {} : { after }) });
        ({ people, next } = { next: undefined, ...found });
      }
      const blocks = await Promise.all(people.map(({ person }) => store.blocks.read(person)));
      const described = people.map((one, index) => describe(one, blocks[index]));
      terminal.answer(
        { people: described, next: next ?? null },
        [...aligned(COLUMNS, described.map(rowOf)), footOf(described.length, next)].join('\n'),
      );
    },
  },
  {
    words: 'people show',
    ...PERSON,
    about: 'shows a person, given by the GitHub login or as id:123, with all sessions',
    async run(context, { positionals: [name = ''] }) {
      const { bridge, terminal } = context;
      const { person, githubId, login } = await personNamed(bridge, name);
      const { store } = bridge.services;
      const [sessions, block] = await Promise.all([store.sessions.list(person), store.blocks.read(person)]);
      const described = describe({ person, githubId, login, sessions }, block);
      const list = sessions.map(bridge.directory.describe);
      const rows = list.map(({ session, client_name, scopes, last_used_at }) => [
        session,
        client_name,
        scopes.join(' '),
        last_used_at,
      ]);
      const lines = [...aligned(COLUMNS, [rowOf(described)]), ...aligned(SESSION_COLUMNS, rows)];
      terminal.answer({ ...described, sessions: list }, lines.join('\n'));
    },
  },
  {
    words: 'people end',
    ...PERSON,
    about: 'ends all sessions of a person, who can log in again',
    options: YES,
    async run(context, { positionals: [name = ''] }) {
      const { bridge, terminal } = context;
      const person = await personNamed(bridge, name);
      if (!(await confirmed(context, person, 'End'))) return terminal.answer({ ended: 0 }, 'Ended no session.');
      const ended = await bridge.people.endAll(person, 'operator');
      terminal.answer({ ended, github_id: person.githubId }, `Ended ${counted(ended, 'session')}.`);
    },
  },
  {
    words: 'people block',
    synopsis: 'PERSON [REASON]',
    check({ positionals: [name = '', reason = ''] }) {
      checkPerson(name);
      if (reason.length > MAX_REASON) throw new Misuse(`REASON has more than ${MAX_REASON} characters`);
    },
    about:
      'ends all sessions of a person, and refuses logins until the person is unblocked; only administrators see the REASON',
    options: YES,
    async run(context, { positionals: [name = '', reason] }) {
      const { bridge, terminal } = context;
      const person = await personNamed(bridge, name);
      if (!(await confirmed(context, person, 'Block the person, and end')))
        return terminal.answer({ blocked: false, ended: 0 }, 'Nobody was blocked.');
      const ended = await bridge.people.block(person, reason || undefined, 'operator');
      const { githubId, login } = person;
      terminal.answer(
        { blocked: true, github_id: githubId, login: login ?? null, ended },
        `Blocked ${login ?? 'the account'} (id:${githubId}), and ended ${counted(ended, 'session')}.`,
      );
    },
  },
  {
    words: 'people unblock',
    ...PERSON,
    about: 'lets a blocked person log in again',
    async run({ bridge, terminal }, { positionals: [name = ''] }) {
      const person = await personNamed(bridge, name);
      if (!(await bridge.people.unblock(person, 'operator'))) throw new Error(`${name} is not blocked`);
      terminal.answer({ unblocked: true, github_id: person.githubId }, `Unblocked ${name}.`);
    },
  },
];

/** Asks before several sessions of a person end. */
async function confirmed({ bridge, terminal, signal }: CommandContext, { person }: { person: string }, what: string) {
  const { length } = await bridge.services.store.sessions.list(person);
  return length < 2 ? !signal.aborted : terminal.confirm(`${what} ${counted(length, 'session')}`);
}

function describe({ githubId, login, sessions }: Described, block: Block | undefined) {
  const used = sessions.map(({ grant }) => grant.lastUsedAt);
  return {
    github_id: githubId,
    login: login ?? null,
    sessions: sessions.length,
    last_used_at: used.length === 0 ? null : isoTime(Math.max(...used)),
    blocked: block === undefined ? null : { at: isoTime(block.blockedAt), reason: block.reason ?? null },
  };
}

function rowOf({ github_id, login, sessions, last_used_at, blocked }: ReturnType<typeof describe>): string[] {
  return [
    `id:${github_id}`,
    login ?? '-',
    String(sessions),
    last_used_at ?? '-',
    blocked === null ? '-' : `${blocked.at}${blocked.reason ? `: ${displayText(blocked.reason, MAX_REASON)}` : ''}`,
  ];
}
