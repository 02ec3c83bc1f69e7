/**
 * Step-up through the bridge: the challenge of GitHub's MCP server for more scopes becomes one of the bridge, so that the
 * client asks the bridge for them, the person consents, and the call succeeds when it is repeated.
 * @see RFC 6750 section 3.1, MCP Authorization, "Scope Challenge Handling"
 */
import type { UpstreamScopes } from '../oauth/scope.ts';

/** The parameters of the challenge that count. Scopes have no quotes in them (RFC 6749 section 3.3). */
const INSUFFICIENT = /\berror="?insufficient_scope\b/i;
const SCOPE = /[\s,]scope=(?:"([^"]*)"|([^\s,"]+))/i;

/**
 * The scopes of the bridge's own challenge: those of the token and, of those that the server names, the ones that the bridge
 * can request from GitHub.
 * @param header `WWW-Authenticate` of a 403
 * @param held the scopes of the client's token
 * @returns undefined when it is no challenge for more scopes, or names none that would help: clients would loop
 */
export function stepUpScopes(
  header: string | string[] | undefined,
  held: readonly string[],
  scopes: Pick<UpstreamScopes, 'isKnown' | 'covers'>,
): string[] | undefined {
  const challenge = [header ?? []].flat().find((one) => INSUFFICIENT.test(one));
  const [, quoted, bare] = SCOPE.exec(challenge ?? '') ?? [];
  const named = (quoted ?? bare ?? '').split(/[\s,]+/).filter((scope) => scopes.isKnown(scope));
  const missing = named.filter((scope) => !scopes.covers(held, scope));
  return missing.length === 0 ? undefined : [...new Set([...held, ...missing])];
}
