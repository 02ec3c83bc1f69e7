/** The address at the MCP server: that of the operator, with the client's query behind its own. */
import { Refusal } from './refusal.ts';

/** Tokens do not travel in addresses (OAuth 2.1 section 5.1.1). */
const FORBIDDEN = 'access_token';

/**
 * Creates the function that gives path and query at an MCP server.
 * @param url the operator's; its path and query stay as they are
 */
export function createTarget(url: string): (clientQuery: string) => string {
  const { pathname, search } = new URL(url);
  const fixed = new Set([FORBIDDEN, ...namesIn(search.slice(1))]);
  return (clientQuery) => {
    if (clientQuery === '') return pathname + search;
    const taken = namesIn(clientQuery).find((name) => fixed.has(name));
    if (taken !== undefined) throw new Refusal(400, 'refused', `the query parameter ${taken} is not yours to set here`);
    return `${pathname}${search === '' ? '?' : `${search}&`}${clientQuery}`;
  };
}

/** The names of parameters, in every way in which a server may read them. */
function namesIn(query: string): string[] {
  return query.split(/[&;]/).map((pair) => {
    const name = (pair.split('=', 1)[0] ?? '').replaceAll('+', ' ');
    try {
      return decodeURIComponent(name).trim().toLowerCase();
    } catch {
      throw new Refusal(400, 'refused', 'the query is not encoded as it must be');
    }
  });
}
