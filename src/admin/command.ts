/** What a command is: how it is called, and what it does. */
import type { Bridge } from '../wiring.ts';
import type { Terminal } from './terminal.ts';

export { Misuse } from './misuse.ts';

/** An option of a command, without the two dashes. */
export interface CommandOption {
  readonly type: 'boolean' | 'string';
  /** What stands for the value in the usage: `FILE`. Only for strings. */
  readonly value?: string;
  /** One line for `--help`. */
  readonly about: string;
}

/** What a command works with. */
export interface CommandContext {
  readonly bridge: Bridge;
  readonly terminal: Terminal;
  /** Aborts at Ctrl-C. A long command stops at the next whole step, and says where it stopped. */
  readonly signal: AbortSignal;
}

/** What was typed after the words of the command. */
export interface CommandArguments {
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

/** One command. */
export interface Command {
  /** The words that choose it: `sessions list`. */
  readonly words: string;
  /** What may follow the words, as in the usage: `[TEXT]`. What is not in brackets is needed. */
  readonly synopsis?: string;
  /** One line for the list of commands. */
  readonly about: string;
  readonly options?: Readonly<Record<string, CommandOption>>;
  /** Looks at the arguments before anything is opened. @throws {Misuse} */
  readonly check?: (args: CommandArguments) => void;
  /** Carries it out. @throws {Error} when it cannot be done, with what the operator can do */
  readonly run: (context: CommandContext, args: CommandArguments) => Promise<void>;
}

/** The option of a command that asks before it does something ({@link Terminal.confirm}). */
export const YES: Readonly<Record<string, CommandOption>> = {
  yes: { type: 'boolean', about: 'does it without asking' },
};
