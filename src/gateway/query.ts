/** The address at the MCP server: that of the operator, with the client's query behind its own. */
import { Refusal } from './refusal.ts';
import { folded } from './tool-filter.ts';

/** Tokens do not travel in addresses (OAuth 2.1 section 5.1.1). */
const FORBIDDEN = 'access_token';

/**
 * Creates the function that gives path and query at an MCP server.
 * @param url the operator's; its path and query stay as they are
 */
export function createTarget(url: string): (clientQuery: string) => string {
  const { pathname, search } = new URL(url);
  const fixed = new Set([FORBIDDEN, ...namesIn(search.slice(1))].flatMap(readings));
  return (clientQuery) => {
    if (clientQuery === '') return pathname + search;
    const taken = namesIn(clientQuery).find((name) => readings(name).some((reading) => fixed.has(reading)));
    if (taken !== undefined) throw new Refusal(400, 'refused', `the query parameter ${taken} is not yours to set here`);
    return `${pathname}${search === '' ? '?' : `${search}&`}${clientQuery}`;
  };
}

/** The names of parameters. */
function namesIn(query: string): string[] {
  const names = query.split(/[&;]/).map((pair) => {
    try {
      return decodeURIComponent((pair.split('=', 1)[0] ?? '').replaceAll('+', ' '));
    } catch {
      throw new Refusal(400, 'refused', 'the query is not encoded as it must be');
    }
  });
  return names.filter((name) => name !== '');
}

/**
 * What servers may take a name for: case and width do not count, PHP takes a dot or a space for `_` and cuts at NUL, and
 * `name[]` or `name[x]` is a part of `name` for PHP, Rails and Express.
 */
function readings(name: string): string[] {
  return [name, name.replace(/(?<=[^[])(?:\[|\0).*$/s, '')].map((one) => {
    const comparable = folded(one);
    return comparable.replace(/[^\p{L}\p{N}]/gu, '') || comparable;
  });
}
