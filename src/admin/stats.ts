/** `stats`: counts of what the store holds. */
import type { Command } from './command.ts';
import { counted } from './options.ts';

export const statsCommand: Command = {
  words: 'stats',
  about: 'counts people, sessions, clients and the GitHub tokens that are still to be revoked',
  async run({ bridge: { directory, services }, terminal }) {
    const [statistics, { revocations, oldestRevocation }] = await Promise.all([
      directory.statistics(),
      services.store.counts(),
    ]);
    const { people, sessions, people_active_within_a_day, sessions_per_client } = statistics;
    terminal.answer(
      { ...statistics, revocations_waiting: revocations, oldest_revocation_seconds: oldestRevocation },
      [
        `${counted(people, 'person', 'people')}, of whom ${people_active_within_a_day} active within a day`,
        counted(sessions, 'session'),
        ...Object.entries(sessions_per_client).map(([name, count]) => `  ${String(count).padStart(7)}  ${name}`),
        `${counted(revocations, 'GitHub token pair')} waiting to be revoked${revocations === 0 ? '' : `, the oldest for ${oldestRevocation} s`}`,
      ].join('\n'),
    );
  },
};
