/** Ending many sessions: they are found first, the operator confirms, and Ctrl-C stops between two of them. */
import { formatSid } from '../oauth/tokens/session-tokens.ts';
import type { Session } from '../store/records.ts';
import type { CommandArguments, CommandContext, CommandOption } from './command.ts';
import { checkPerson, counted, personNamed, textIn } from './options.ts';

/** People whose sessions are read at once. */
const PAGE_SIZE = 100;
/** UTF-16 units of a client's name by which the directory finds it. */
const MAX_NAME = 60;

/** Which sessions: those to which all that is given applies. */
export interface Selection {
  readonly session?: string | undefined;
  readonly person?: string | undefined;
  readonly client?: string | undefined;
  readonly scope?: string | undefined;
}

/** Options that select sessions. */
export const SELECTING: Readonly<Record<string, CommandOption>> = {
  person: { type: 'string', value: 'PERSON', about: 'of this person: a GitHub login, or id: and the number' },
  client: { type: 'string', value: 'CLIENT', about: 'of this client: its id, or its name in full' },
  scope: { type: 'string', value: 'SCOPE', about: 'that have this scope' },
};

/** What was typed. @throws {Misuse} */
export function selectionIn(args: CommandArguments): Selection {
  const [person, client, scope] = ['person', 'client', 'scope'].map((name) => textIn(args, name));
  if (person !== undefined) checkPerson(person);
  return { session: args.positionals[0], person, client, scope };
}

/** The selected sessions, a page of people at a time. Ends early at Ctrl-C. */
export async function* selected({ bridge, signal }: CommandContext, selection: Selection): AsyncGenerator<Session[]> {
  const { session, person, client, scope } = selection;
  const { directory } = bridge;
  const tag = person === undefined ? undefined : (await personNamed(bridge, person)).person;
  const lowerClient = client?.toLowerCase();
  const isWanted = ({ grant }: Session) =>
    (tag === undefined || grant.ref.person === tag) &&
    (client === undefined || grant.clientId === client || grant.clientName.toLowerCase() === lowerClient) &&
    (scope === undefined || grant.scope.includes(scope));
  if (session !== undefined) yield (await directory.named(session)).filter(isWanted);
  else if (tag !== undefined) yield (await bridge.services.store.sessions.list(tag)).filter(isWanted);
  else {
    const text = client === undefined ? '' : `client:${client.slice(0, MAX_NAME)}`;
    for (let after: string | undefined; !signal.aborted; ) {
      const { people, next } = await directory.people({ text, limit: PAGE_SIZE, ...(after ? { after } : {}) });
      yield people.flatMap(({ sessions }) => sessions).filter(isWanted);
      if (next === undefined) return;
      after = next;
    }
  }
}

/**
 * Ends the sessions of one item after the other, until Ctrl-C.
 * @param all how many sessions there are
 * @param end returns how many sessions it has ended
 * @returns how many have ended
 * @throws {Error} when one cannot be ended; it says how many have
 */
export async function endEach<Item>(
  { terminal, signal }: Pick<CommandContext, 'terminal' | 'signal'>,
  items: Iterable<Item>,
  all: number,
  end: (item: Item) => Promise<number>,
): Promise<number> {
  let ended = 0;
  for (const item of items) {
    if (signal.aborted) break;
    try {
      ended += await end(item);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`stopped after ${ended} of ${counted(all, 'session')}: ${reason}`, { cause: error });
    }
    terminal.progress(`ended ${ended} of ${counted(all, 'session')}`);
  }
  return ended;
}

/** Finds the selected sessions, asks when they are several, ends them one by one, and answers. */
export async function endSelected(context: CommandContext, selection: Selection): Promise<void> {
  const { bridge, terminal, signal } = context;
  const sessions: Session[] = [];
  for await (const some of selected(context, selection)) {
    sessions.push(...some);
    terminal.progress(`found ${counted(sessions.length, 'session')}`);
  }
  if (selection.session !== undefined && sessions.length !== 1)
    throw new Error('no such session, or several: name it as "sessions list" does');
  if (sessions.length === 0 && !signal.aborted) throw new Error('no session matches; nothing was ended');
  const people = new Set(sessions.map(({ grant }) => grant.ref.person)).size;
  const what = `End ${counted(sessions.length, 'session')} of ${counted(people, 'person', 'people')}`;
  const ended: string[] = [];
  if (!signal.aborted && (sessions.length === 1 || (await terminal.confirm(what)))) {
    await endEach(context, sessions, sessions.length, async ({ grant }) => {
      const hasEnded = await bridge.services.sessionEnding.end(grant.ref, 'administrator', 'operator');
      if (hasEnded) ended.push(formatSid(grant.ref));
      return Number(hasEnded);
    });
  }
  const rest = signal.aborted ? ', and stopped. The same command goes on with the others' : '';
  const said = sessions.length === 1 && ended.length === 1 ? ended[0] : counted(ended.length, 'session');
  terminal.answer({ ended, stopped: signal.aborted }, `Ended ${said}${rest}.`);
}
