/**
 * Step-up: a tool call whose token lacks a needed scope is answered with 403 and a challenge. The challenge names all
 * scopes that the tool needs, so that the client can request them from the person and call again.
 * @see RFC 6750 section 3.1, MCP Authorization, "Scope Challenge Handling"
 */
import type { AuthInfo, ScopeChallenge } from '@modelcontextprotocol/server';
import type { UpstreamScopes } from '../oauth/scope.ts';
import type { Tool } from './tool.ts';

/** The scopes that a tool needs, all of them, and a text that says so. */
type Challenge = ScopeChallenge & { readonly errorDescription: string };

export interface StepUp {
  /** The challenge for a tool call; undefined when the token has the needed scopes, or there is no such tool. */
  challenge(toolName: string, authInfo: AuthInfo | undefined): Challenge | undefined;
}

/** Creates the step-up check. */
export function createStepUp(tools: readonly Tool[], scopes: Pick<UpstreamScopes, 'covers'>): StepUp {
  return {
    challenge(toolName, authInfo) {
      const tool = tools.find(({ name }) => name === toolName);
      const [first, ...more] = tool?.scopes ?? [];
      if (tool === undefined || first === undefined || authInfo === undefined) return undefined;
      if (tool.scopes.every((scope) => scopes.covers(authInfo.scopes, scope))) return undefined;
      return { scopes: [first, ...more], errorDescription: `${tool.name} needs the scope ${tool.scopes.join(' ')}` };
    },
  };
}

/** The 403 answer for the SSE transport; at `/mcp` the SDK answers the same. */
export function insufficientScope({ scopes, errorDescription }: Challenge, resourceMetadataUrl: string): Response {
  const challenge = `Bearer error="insufficient_scope", error_description="${errorDescription}", scope="${scopes.join(' ')}", resource_metadata="${resourceMetadataUrl}"`;
  return Response.json(
    { error: 'insufficient_scope', error_description: errorDescription },
    { status: 403, headers: { 'WWW-Authenticate': challenge } },
  );
}
