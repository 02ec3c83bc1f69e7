/** The command line: which command was typed, with what; and the usage. Nothing is opened here. */
import { parseArgs } from 'node:util';
import { type Command, type CommandArguments, type CommandOption, Misuse } from './command.ts';

/** Options of every command. */
const COMMON: Readonly<Record<string, CommandOption>> = {
  json: { type: 'boolean', about: 'answers in JSON' },
  help: { type: 'boolean', about: 'prints how the command is used' },
};

/** What was typed: the usage that was asked for, or a command and its arguments. */
export type CommandLine = { readonly help: string } | { readonly command: Command; readonly args: CommandArguments };

/**
 * Reads the command line.
 * @param program what the operator types before the command
 * @throws {Misuse} when it is no command, or its arguments are wrong
 */
export function readCommandLine(argv: readonly string[], commands: readonly Command[], program: string): CommandLine {
  const command = commands.find(({ words }) => startsWith(argv, words.split(' ')));
  if (command === undefined) {
    if (argv.length === 0 || argv.includes('--help') || argv.includes('-h'))
      return { help: listOf(matching(argv, commands), program) };
    const near = matching(argv, commands).map(({ words }) => `"${words}"`);
    throw new Misuse(`no command "${argv.join(' ')}": it is one of ${near.join(', ')}; --help explains them`);
  }
  const usage = usageOf(command, program);
  const options = { ...COMMON, ...command.options };
  const parsed = parse(argv.slice(command.words.split(' ').length), options, usage);
  if (parsed.values.help === true) return { help: helpOf(command, options, usage) };
  const names = command.synopsis?.split(' ') ?? [];
  const needed = names.filter((name) => !name.startsWith('['));
  const missing = needed[parsed.positionals.length];
  if (missing !== undefined) throw new Misuse(`${missing} is missing: ${usage}`);
  const empty = needed[parsed.positionals.indexOf('')];
  if (empty !== undefined) throw new Misuse(`${empty} is empty: ${usage}`);
  const excess = parsed.positionals[names.length];
  if (excess !== undefined) throw new Misuse(`"${excess}" is one too many: ${usage}`);
  const args = { positionals: parsed.positionals, options: parsed.values };
  try {
    command.check?.(args);
  } catch (error) {
    throw error instanceof Misuse ? new Misuse(`${error.message}: ${usage}`) : error;
  }
  return { command, args };
}

function parse(args: readonly string[], options: Readonly<Record<string, CommandOption>>, usage: string) {
  const types = {
    ...Object.fromEntries(Object.entries(options).map(([name, { type }]) => [name, { type }])),
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: args.map(hideDash), options: types, allowPositionals: true });
    const shown = Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? showDash(value) : value,
    ]);
    return { values: Object.fromEntries(shown) as CommandArguments['options'], positionals: positionals.map(showDash) };
  } catch (error) {
    const [what = ''] = (error instanceof Error ? error.message : String(error)).split(/\.(?:\s|$)/);
    const hint = /^Unknown option/.test(what) ? ' (a name that begins so comes after --)' : '';
    throw new Misuse(`${what.charAt(0).toLowerCase()}${what.slice(1)}${hint}: ${usage}`);
  }
}

/** No option but -h is a single dash and a letter; but ids of clients and names of sessions may begin with a dash. */
const hideDash = (argument: string) => (/^-(?!-|h$)./.test(argument) ? `\0${argument}` : argument);
const showDash = (argument: string) => argument.replace(/^\0/, '');

const startsWith = (argv: readonly string[], words: readonly string[]) =>
  words.every((word, index) => argv[index] === word);

/** The commands whose first word was typed; all when it is the first word of none. */
function matching([subject]: readonly string[], commands: readonly Command[]): readonly Command[] {
  const found = commands.filter(({ words }) => words.split(' ')[0] === subject);
  return found.length > 0 ? found : commands;
}

function usageOf({ words, synopsis, options = {} }: Command, program: string): string {
  const flags = Object.entries(options).map(([name, { value }]) => `[--${name}${value ? ` ${value}` : ''}]`);
  return [`usage: ${program} ${words}`, ...(synopsis ? [synopsis] : []), ...flags].join(' ');
}

function helpOf({ about }: Command, options: Readonly<Record<string, CommandOption>>, usage: string): string {
  const lines = Object.entries(options).map(([name, { value, about }]): [string, string] => [
    `--${name}${value ? ` ${value}` : ''}`,
    about,
  ]);
  return `${usage}\n\n${about.charAt(0).toUpperCase()}${about.slice(1)}.\n\n${columns(lines)}`;
}

function listOf(commands: readonly Command[], program: string): string {
  const lines = commands.map(({ words, synopsis, about }): [string, string] => [
    synopsis ? `${words} ${synopsis}` : words,
    about,
  ]);
  return [
    `usage: ${program} COMMAND, with the variables of the bridge (DATA_DIR or REDIS_URL, GITHUB_CLIENT_ID, …)`,
    columns(lines),
    'Every command takes --help and --json.',
  ].join('\n\n');
}

function columns(lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([left]) => left.length));
  return lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
