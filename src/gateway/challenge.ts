/**
 * Step-up through the bridge: the challenge of GitHub's MCP server for more scopes becomes one of the bridge, so that the
 * client asks the bridge for them, the person consents, and the call succeeds when it is repeated.
 * @see RFC 6750 section 3.1, MCP Authorization, "Scope Challenge Handling"
 */
import type { UpstreamScopes } from '../oauth/scope.ts';

/** A scheme, or a parameter with its value: a quoted string is one value, whatever it says (RFC 9110 section 11.2). */
const PART = /([^\s=,"]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/g;

/**
 * The scopes of the bridge's own challenge: those of the token and, of those that the server names, the ones that the bridge
 * can request from GitHub.
 * @param header `WWW-Authenticate` of a 403
 * @param held the scopes of the client's token
 * @param refused scopes that GitHub did not grant when the client requested them
 * @returns undefined when it is no challenge for more scopes, or names none that would help: clients would loop
 */
export function stepUpScopes(
  header: string | string[] | undefined,
  held: readonly string[],
  refused: readonly string[],
  scopes: Pick<UpstreamScopes, 'isKnown' | 'covers'>,
): string[] | undefined {
  const challenge = [header ?? []]
    .flat()
    .flatMap(challengesIn)
    .find((parameters) => parameters.get('error') === 'insufficient_scope');
  // Scopes have no quotes in them (RFC 6749 section 3.3), so that no escapes are undone.
  const named = (challenge?.get('scope') ?? '').split(/[\s,]+/).filter((scope) => scopes.isKnown(scope));
  const missing = named.filter((scope) => !scopes.covers(held, scope) && !refused.includes(scope));
  return missing.length === 0 ? undefined : [...new Set([...held, ...missing])];
}

/** The parameters of each challenge in a header, the first of each name. */
function challengesIn(header: string): Map<string, string>[] {
  const challenges: Map<string, string>[] = [];
  for (const [, name = '', quoted, bare] of header.matchAll(PART)) {
    const parameters = challenges.at(-1);
    const value = quoted ?? bare;
    if (value === undefined || parameters === undefined) challenges.push(new Map());
    else if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
  }
  return challenges;
}
