/** What a command is: how it is called, and what it does. */
import type { Config } from '../config/config.ts';
import type { Store } from '../store/store.ts';
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

/** What a command works with that needs the store and no bridge. */
export interface StoreContext extends Pick<CommandContext, 'terminal' | 'signal'> {
  readonly config: Config;
  /** Opens the store; the caller of the command closes it. @param serving see open-store.ts; default: false */
  open(serving?: boolean): Promise<Store>;
}

/** What was typed after the words of the command. */
export interface CommandArguments {
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

interface CommandForm {
  /** The words that choose it: `sessions list`. */
  readonly words: string;
  /** What may follow the words, as in the usage: `[TEXT]`. What is not in brackets is needed. */
  readonly synopsis?: string;
  /** One line for the list of commands. */
  readonly about: string;
  readonly options?: Readonly<Record<string, CommandOption>>;
  /** Looks at the arguments before anything is opened. @throws {Misuse} */
  readonly check?: (args: CommandArguments) => void;
}

/** A command that works with a whole bridge over the store. */
export interface BridgeCommand extends CommandForm {
  /** Carries it out. @throws {Error} when it cannot be done, with what the operator can do */
  readonly run: (context: CommandContext, args: CommandArguments) => Promise<void>;
}

/** A command that works with the store alone: a bridge would write its keys into an empty one. */
export interface StoreCommand extends CommandForm {
  /** Whether the store may be a new one. */
  readonly makesStore?: true;
  /** Carries it out. @throws {Error} when it cannot be done, with what the operator can do */
  readonly runOnStore: (context: StoreContext, args: CommandArguments) => Promise<void>;
}

/** One command. */
export type Command = BridgeCommand | StoreCommand;

/** The option of a command that asks before it does something ({@link Terminal.confirm}). */
export const YES: Readonly<Record<string, CommandOption>> = {
  yes: { type: 'boolean', about: 'does it without asking' },
};
