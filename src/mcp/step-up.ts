/**
 * Step-up: a tool call whose token lacks a needed scope is answered with 403 and a challenge. The challenge names all
 * scopes that the tool needs, so that the client can request them from the person and call again.
 * @see RFC 6750 section 3.1, MCP Authorization, "Scope Challenge Handling"
 */
import type { ScopeChallenge } from '@modelcontextprotocol/server';
import type { UpstreamScopes } from '../oauth/scope.ts';

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

/** The 403 answer where the SDK does not make it; at `/mcp` it answers the same. */
export function insufficientScope(challenge: ScopeChallenge, resourceMetadataUrl: string): Response {
  const { scopes, errorDescription = 'Insufficient scope' } = challenge;
  const header = `Bearer error="insufficient_scope", error_description="${errorDescription}", scope="${scopes.join(' ')}", resource_metadata="${resourceMetadataUrl}"`;
  return Response.json(
    { error: 'insufficient_scope', error_description: errorDescription },
    { status: 403, headers: { 'WWW-Authenticate': header } },
  );
}
