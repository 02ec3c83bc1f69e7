/** Options that several commands have: pages, orders and persons; and what their values may be. */
import type { NamedPerson } from '../account/people.ts';
import { githubIdIn } from '../account/people.ts';
import type { DirectoryQuery } from '../store/people-operations.ts';
import { displayText } from '../web/display.ts';
import type { Bridge } from '../wiring.ts';
import type { CommandArguments, CommandOption } from './command.ts';
import { Misuse } from './misuse.ts';

type Options = Readonly<Record<string, CommandOption>>;
type Sort = DirectoryQuery['sort'];

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1000;
/** Characters of a cursor in a message. */
const MAX_CURSOR = 60;
const SORTS: readonly Sort[] = ['login', 'created', 'last-used'];

/** How a list is cut into pages. */
export const PAGING: Options = {
  limit: { type: 'string', value: 'N', about: `how many at most (${DEFAULT_LIMIT}; up to ${MAX_LIMIT})` },
  after: { type: 'string', value: 'CURSOR', about: 'continues a list: its last line says with what' },
};

/** In which order people are listed. */
export const SORTING: Options = {
  sort: { type: 'string', value: 'ORDER', about: `${SORTS.join(', ')}: by login, or the newest first` },
};

/** The limit that was typed. @throws {Misuse} */
export function limitIn({ options: { limit = String(DEFAULT_LIMIT) } }: CommandArguments): number {
  const number = /^\d{1,4}$/.test(String(limit)) ? Number(limit) : 0;
  if (number < 1 || number > MAX_LIMIT) throw new Misuse(`--limit ${limit} is no number from 1 to ${MAX_LIMIT}`);
  return number;
}

/** The order that was typed. @throws {Misuse} */
export function sortIn({ options: { sort = 'login' } }: CommandArguments): Sort {
  const found = SORTS.find((name) => name === sort);
  if (found === undefined) throw new Misuse(`--sort ${sort} is none of ${SORTS.join(', ')}`);
  return found;
}

/** The value of an option, if it was given. @throws {Misuse} when it is empty */
export function textIn({ options }: CommandArguments, name: string): string | undefined {
  const value = options[name];
  if (value === '') throw new Misuse(`--${name} is empty`);
  return typeof value === 'string' ? value : undefined;
}

/** The cursor of a list of people in this order. @throws {Misuse} when no such list gave it */
export function cursorIn(args: CommandArguments, sort: Sort): string | undefined {
  const cursor = textIn(args, 'after');
  const form = sort === 'login' ? /^(login|app):[^ ]+ [^ ]+$/ : /^(login|app):\d+ [^ ]+$/;
  if (cursor !== undefined && !form.test(cursor))
    throw new Misuse(
      `--after '${displayText(cursor, MAX_CURSOR)}' continues no such list: its last line says with what`,
    );
  return cursor;
}

/** Checks the form of a person's name. @throws {Misuse} */
export function checkPerson(name: string): void {
  if (/^id:/i.test(name) ? githubIdIn(name) === undefined : !/^[\w-]{1,100}$/.test(name))
    throw new Misuse(`"${name}" names no person: write a GitHub login, or id: and the number of the account`);
}

/** The one person whom a name means. @throws {Error} when it is nobody, or several */
export async function personNamed({ people }: Bridge, name: string): Promise<NamedPerson> {
  const [person, ...others] = await people.find(name);
  if (person === undefined) throw new Error(`nobody here has the login ${name}: id: and the number names any account`);
  if (others.length === 0) return person;
  const ids = [person, ...others].map(({ githubId }) => `id:${githubId}`).join(', ');
  throw new Error(`several accounts had the login ${name}: name one of ${ids}`);
}

/** Ends a list: how many are shown, and how to go on. */
export function footOf(shown: number, next: string | undefined): string {
  return `${shown} shown${next === undefined ? '' : `, and there are more: --after '${next}'`}`;
}

/** Rows as lines below a line with the names of the columns, with the cells of a column below each other; none without rows. */
export function aligned(names: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const widths: number[] = [];
  const lines = [names, ...rows];
  for (const row of lines)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  return lines.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** "1 session", "2 sessions". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
