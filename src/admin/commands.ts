/** All commands, in the order in which the usage lists them. */
import type { Command } from './command.ts';
import { keyCommands } from './keys.ts';
import { sessionCommands } from './sessions.ts';
import { statsCommand } from './stats.ts';
import { traceCommand } from './trace.ts';

export const commands: readonly Command[] = [...sessionCommands, ...keyCommands, statsCommand, traceCommand];
