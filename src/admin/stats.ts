/** `stats`: counts of what the store holds. */
import type { Command } from './command.ts';

export const statsCommand: Command = {
  words: 'stats',
  about: 'counts people, sessions and clients',
  async run({ bridge: { directory }, terminal }) {
    const statistics = await directory.statistics();
    terminal.answer(statistics, JSON.stringify(statistics, null, 2));
  },
};
