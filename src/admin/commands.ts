/** All commands, in the order in which the usage lists them. */
import { clientCommands } from './clients.ts';
import type { Command } from './command.ts';
import { keyCommands } from './keys.ts';
import { peopleCommands } from './people.ts';
import { sessionCommands } from './sessions.ts';
import { statsCommand } from './stats.ts';

export const commands: readonly Command[] = [
  ...sessionCommands,
  ...peopleCommands,
  ...clientCommands,
  ...keyCommands,
  statsCommand,
];
