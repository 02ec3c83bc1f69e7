/** `clients …`: the clients that have sessions. */
import { isoTime } from '../base/iso-time.ts';
import type { ClientUse } from '../store/people-operations.ts';
import { displayText } from '../web/display.ts';
import { type Command, type CommandContext, YES } from './command.ts';
import { endEach, selected } from './ending.ts';
import { aligned, counted, footOf, limitIn, PAGING } from './options.ts';

/** Characters of what a client chose for itself. */
const MAX_NAME = 60;
const MAX_ID = 200;
const COLUMNS = ['CLIENT', 'NAME', 'SESSIONS', 'PEOPLE'];

export const clientCommands: readonly Command[] = [
  {
    words: 'clients list',
    synopsis: '[TEXT]',
    about: 'lists clients with sessions; TEXT is part of the id, the name or the server',
    options: PAGING,
    check: (args) => void limitIn(args),
    async run({ bridge, terminal }, args) {
      const limit = limitIn(args);
      const { directory } = bridge.services.store;
      const text = args.positionals[0]?.trim().toLowerCase() ?? '';
      const uses = await directory.clients(text, String(args.options.after ?? ''), limit);
      const next = uses.length < limit ? undefined : uses.at(-1)?.clientId;
      terminal.answer(
        { clients: uses.map(describe), next: next ?? null },
        [...aligned(COLUMNS, uses.map(rowOf)), footOf(uses.length, next)].join('\n'),
      );
    },
  },
  {
    words: 'clients show',
    synopsis: 'CLIENT_ID',
    about: 'shows a client: its registration, if it has one, and how much it is used',
    async run({ bridge, terminal }, { positionals: [id = ''] }) {
      const { store } = bridge.services;
      const use = await useOf(bridge.services.store, id);
      const registration = await store.clients.get(id);
      if (use === undefined && registration === undefined)
        throw new Error(`no client ${id} has a session or a registration`);
      const name = registration?.client.metadata.client_name;
      const described = {
        ...describe(use ?? { clientId: id, clientName: typeof name === 'string' ? name : id, sessions: 0, people: 0 }),
        registered_at: registration === undefined ? null : isoTime(registration.client.issuedAt),
        expires_at: registration === undefined ? null : isoTime(registration.expiresAt),
        metadata: registration?.client.metadata ?? null,
      };
      const { metadata, ...rest } = described;
      const lines = Object.entries({ ...rest, ...(metadata === null ? {} : { metadata: JSON.stringify(metadata) }) });
      terminal.answer(described, lines.map(([key, value]) => `${key.padEnd(13)} ${value ?? '-'}`).join('\n'));
    },
  },
  {
    words: 'clients end',
    synopsis: 'CLIENT_ID',
    about: 'ends all sessions of a client, whose users can log in again',
    options: {
      remove: { type: 'boolean', about: 'also removes its registration: the client must register again' },
      ...YES,
    },
    run: (context, { positionals: [id = ''], options: { remove } }) => endClient(context, id, remove === true),
  },
];

async function endClient(context: CommandContext, id: string, remove: boolean): Promise<void> {
  const { bridge, terminal, signal } = context;
  const { store, events, sessionEnding } = bridge.services;
  const registration = remove ? await store.clients.get(id) : undefined;
  if (remove && registration === undefined) throw new Error(`${id} has no registration here; nothing was ended`);
  const people = new Set<string>();
  let sessions = 0;
  for await (const some of selected(context, { client: id }))
    for (const { grant } of some) {
      if (grant.clientId !== id) continue;
      people.add(grant.ref.person);
      sessions += 1;
    }
  if (sessions === 0 && !remove && !signal.aborted) throw new Error(`no session of ${id}; nothing was ended`);
  const what = `End ${counted(sessions, 'session')} of ${counted(people.size, 'person', 'people')}`;
  const agreed =
    !signal.aborted &&
    (sessions < 2 || (await terminal.confirm(remove ? `${what}, and remove the registration` : what)));
  if (!agreed) return terminal.answer({ ended: 0, removed: false, stopped: signal.aborted }, 'Ended no session.');
  let removed = false;
  if (registration !== undefined) {
    const users = await store.clients.remove(id, registration.client.registrationTokenHash);
    removed = users !== undefined;
    if (removed) events.emit('client.removed', { clientId: id });
    for (const person of users ?? []) people.add(person);
  }
  const reason = remove ? 'client_removed' : 'administrator';
  const ended = await endEach(context, people, sessions, (person) =>
    sessionEnding.endAll(person, reason, 'operator', id),
  );
  const rest = signal.aborted ? `, and stopped. "clients end ${id}" goes on with the others` : '';
  terminal.answer(
    { ended, removed, stopped: signal.aborted },
    `Ended ${counted(ended, 'session')}${removed ? ', and removed the registration' : ''}${rest}.`,
  );
}

/** How much one client is used. */
async function useOf(
  { directory }: CommandContext['bridge']['services']['store'],
  id: string,
): Promise<ClientUse | undefined> {
  for (let after = ''; ; ) {
    const page = await directory.clients(id.toLowerCase(), after, 1000);
    const found = page.find(({ clientId }) => clientId === id);
    const last = page.at(-1);
    if (found !== undefined || last === undefined) return found;
    after = last.clientId;
  }
}

function describe({ clientId, clientName, sessions, people }: ClientUse) {
  return { client_id: clientId, client_name: displayText(clientName, MAX_NAME), sessions, people };
}

function rowOf({ clientId, clientName, sessions, people }: ClientUse): string[] {
  return [displayText(clientId, MAX_ID), displayText(clientName, MAX_NAME), String(sessions), String(people)];
}
