/** Protected resource metadata: one document per name of the built-in resource. @see RFC 9728 sections 2 and 3 */
import { buildOAuthProtectedResourceMetadata } from '@modelcontextprotocol/server';

/** Paths that name the built-in resource; '' stands for `PUBLIC_URL` itself. */
export const RESOURCE_PATHS = ['', '/mcp', '/sse'] as const;
export type ResourcePath = (typeof RESOURCE_PATHS)[number];

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** The path of the metadata document for a resource path (RFC 9728 section 3.1). */
export function metadataPath(path: ResourcePath): string {
  return `${WELL_KNOWN}${path}`;
}

/**
 * The document for one path. `resource` must equal the URL that the client was configured with, because clients compare
 * them (RFC 9728 section 3.3).
 * @param authorizationServer the authorization server metadata (RFC 8414)
 * @param scope the scopes that clients should request first; a tool that needs more asks for them by a step-up
 */
export function protectedResourceMetadata(
  issuer: string,
  path: ResourcePath,
  authorizationServer: Record<string, unknown>,
  scope: readonly string[],
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
    resourceName: 'mcp-github-bridge',
  });
  // The SDK writes URLs with a slash at the end, but clients compare issuers and resources byte for byte.
  return {
    ...document,
    resource: `${issuer}${path}`,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
  };
}
