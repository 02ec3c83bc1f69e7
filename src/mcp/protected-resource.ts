/** Protected resource metadata: one document per name of each resource. @see RFC 9728 sections 2 and 3 */
import { buildOAuthProtectedResourceMetadata } from '@modelcontextprotocol/server';
import { defined } from '../base/defined.ts';
import type { Operator } from '../config/operator.ts';
import type { Resource } from '../oauth/resource-indicators.ts';

/** The path of the built-in tools, and of the MCP server in their place. */
export const MCP_PATH = '/mcp';
/** The path of the old transport of the built-in tools. */
export const SSE_PATH = '/sse';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** The path of the metadata document for a resource path (RFC 9728 section 3.1). */
export function metadataPath(path: string): string {
  return `${WELL_KNOWN}${path}`;
}

/** The paths that name a resource; '' stands for `PUBLIC_URL` itself. None for a resource that is served elsewhere. */
export function resourcePaths(issuer: string, { audience, own, upstream }: Resource): string[] {
  if (!own) return [];
  const path = audience.slice(issuer.length);
  if (path !== MCP_PATH) return [path];
  return upstream === undefined ? ['', MCP_PATH, SSE_PATH] : ['', MCP_PATH];
}

/**
 * The document for one path of a resource. `resource` must equal the URL that the client was configured with, because
 * clients compare them (RFC 9728 section 3.3). Its scopes are those that clients should request first; a tool that needs
 * more asks for them by a step-up.
 * @param authorizationServer the authorization server metadata (RFC 8414)
 */
export function protectedResourceMetadata(
  issuer: string,
  path: string,
  authorizationServer: Record<string, unknown>,
  { scope, upstream }: Resource,
  operator: Operator,
): Record<string, unknown> {
  const document = buildOAuthProtectedResourceMetadata({
    oauthMetadata: {
      ...authorizationServer,
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      response_types_supported: ['code'],
    },
    resourceServerUrl: new URL(`${issuer}${path}`),
    scopesSupported: [...scope],
    resourceName: upstream?.title ?? operator.name ?? 'mcp-github-bridge',
  });
  // The SDK writes URLs with a slash at the end, but clients compare issuers and resources byte for byte.
  return {
    ...document,
    resource: `${issuer}${path}`,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    ...defined({ resource_policy_uri: operator.privacyUrl, resource_tos_uri: operator.termsUrl }),
  };
}
