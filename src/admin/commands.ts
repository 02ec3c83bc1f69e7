/** All commands, in the order in which the usage lists them. */
import { backupCommand } from './backup.ts';
import { clientCommands } from './clients.ts';
import type { Command } from './command.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { keyCommands } from './keys.ts';
import { peopleCommands } from './people.ts';
import { sessionCommands } from './sessions.ts';
import { statsCommand } from './stats.ts';
import { traceCommand } from './trace.ts';

export const commands: readonly Command[] = [
  ...sessionCommands,
  ...peopleCommands,
  ...clientCommands,
  ...keyCommands,
  statsCommand,
  traceCommand,
  backupCommand,
  exportCommand,
  importCommand,
];
