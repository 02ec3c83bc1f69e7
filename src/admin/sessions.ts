/** `sessions …`: the sessions of all people. */
import type { SessionDirectory } from '../account/session-directory.ts';
import type { Command } from './command.ts';

export const sessionCommands: readonly Command[] = [
  {
    words: 'sessions list',
    synopsis: '[TEXT]',
    about: 'lists all sessions, or those whose login, client or server contains TEXT',
    async run({ bridge: { directory }, terminal }, { positionals: [text = ''] }) {
      const { sessions, more } = await directory.search(text);
      const described = sessions.map(directory.describe);
      const lines = described.map(lineOf);
      terminal.answer(
        { sessions: described, more },
        [...lines, ...(more ? ['… and more: name a TEXT'] : []), `${lines.length} shown`].join('\n'),
      );
    },
  },
  {
    words: 'sessions end',
    synopsis: 'SESSION',
    about: 'ends a session, given by its full name or by a unique beginning of it',
    async run({ bridge: { directory }, terminal }, { positionals: [name = ''] }) {
      const ended = await directory.revoke(name, 'operator');
      if (ended === undefined) throw new Error('no such session, or several: name it as "sessions list" does');
      terminal.answer({ ended: [ended] }, `Ended ${ended}.`);
    },
  },
];

function lineOf(session: ReturnType<SessionDirectory['describe']>): string {
  const { session: name, login, client_name, resource, recipient, last_used_at } = session;
  const server =
    recipient === null ? resource : `${resource} → ${recipient.host} (credential: ${recipient.credential})`;
  return `${name}  ${login}  ${client_name}  ${server}  last used ${last_used_at}`;
}
