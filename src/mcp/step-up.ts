/**
 * Step-up: a call whose token lacks a scope that the tool needs is answered with 403 and a challenge, which names all
 * that the call needs, so that the client asks the person for more and calls again.
 * @see RFC 6750 section 3.1, MCP Authorization, "Scope Challenge Handling"
 */
import type { AuthInfo, ScopeChallenge } from '@modelcontextprotocol/server';
import type { UpstreamScopes } from '../oauth/scope.ts';
import type { Tool } from './tool.ts';

/** What a call lacks: all the scopes that the tool needs, and why. */
type Challenge = ScopeChallenge & { readonly errorDescription: string };

export interface StepUp {
  /** The challenge for a call of a tool; undefined when the token has what the tool needs, or there is no such tool. */
  challenge(toolName: string, authInfo: AuthInfo | undefined): Challenge | undefined;
}

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

/** The 403 for transports whose challenge the SDK does not write; the SDK writes the same at `/mcp`. */
export function insufficientScope({ scopes, errorDescription }: Challenge, resourceMetadataUrl: string): Response {
  const challenge = `Bearer error="insufficient_scope", error_description="${errorDescription}", scope="${scopes.join(' ')}", resource_metadata="${resourceMetadataUrl}"`;
  return Response.json(
    { error: 'insufficient_scope', error_description: errorDescription },
    { status: 403, headers: { 'WWW-Authenticate': challenge } },
  );
}
