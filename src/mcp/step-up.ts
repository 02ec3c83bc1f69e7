/**
 * Step-up: a tool call whose token lacks a needed scope is answered with 403 and a challenge. The challenge names all
 * scopes that the tool needs, so that the client can request them from the person and call again.
 * @see RFC 6750 section 3.1, MCP Authorization, "Scope Challenge Handling"
 */
import type { AuthInfo, ScopeChallenge } from '@modelcontextprotocol/server';
import type { UpstreamScopes } from '../oauth/scope.ts';
import { callerOf } from './bearer.ts';

/**
 * The challenge for a token that lacks one of the needed scopes. A scope that contains a needed one is enough.
 * @param what needs the scopes, for the text
 * @returns undefined when the token has them
 */
export function missingScopes(
  [first, ...more]: readonly string[],
  granted: readonly string[],
  { covers }: Pick<UpstreamScopes, 'covers'>,
  what = 'This request',
): ScopeChallenge | undefined {
  if (first === undefined || [first, ...more].every((scope) => covers(granted, scope))) return undefined;
  return { scopes: [first, ...more], errorDescription: `${what} needs the scope ${[first, ...more].join(' ')}` };
}

/**
 * The same for a request. A scope that GitHub did not grant at the login of this session is not asked for again, because the
 * answer would be the same: the request goes on without it.
 */
export function stepUp(
  needed: readonly string[],
  authInfo: AuthInfo | undefined,
  scopes: Pick<UpstreamScopes, 'covers'>,
  what?: string,
): ScopeChallenge | undefined {
  if (authInfo === undefined) return undefined;
  const { refusedScope = [] } = callerOf(authInfo).session.grant;
  return needed.some((scope) => refusedScope.includes(scope))
    ? undefined
    : missingScopes(needed, authInfo.scopes, scopes, what);
}

/** The 403 answer where the SDK does not make it; at `/mcp` it answers the same. */
export function insufficientScope(challenge: ScopeChallenge, resourceMetadataUrl: string): Response {
  const { scopes, errorDescription = 'Insufficient scope' } = challenge;
  const header = `Bearer error="insufficient_scope", error_description="${errorDescription}", scope="${scopes.join(' ')}", resource_metadata="${resourceMetadataUrl}"`;
  return Response.json(
    { error: 'insufficient_scope', error_description: errorDescription },
    { status: 403, headers: { 'WWW-Authenticate': header } },
  );
}
