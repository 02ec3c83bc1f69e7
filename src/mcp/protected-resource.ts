/** Protected resource metadata: one document for each name of the built-in resource. @see RFC 9728 sections 2 and 3 */
import { buildOAuthProtectedResourceMetadata } from '@modelcontextprotocol/server';

/** Paths that name the built-in resource. */
export const RESOURCE_PATHS = ['', '/mcp', '/sse'] as const;
export type ResourcePath = (typeof RESOURCE_PATHS)[number];

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** Where the metadata of a path is served (RFC 9728 section 3.1). */
export function metadataPath(path: ResourcePath): string {
  return `${WELL_KNOWN}${path}`;
}

/**
 * The document for one path: `resource` carries the URL that the client was given, since clients compare it
 * (clients.md).
 * @param authorizationServer the RFC 8414 document
 * @param scope what to ask for at first; more is asked for when a tool needs it
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
  // The SDK writes URLs, which end in a slash; issuers and resources here are compared byte for byte.
  return {
    ...document,
    resource: `${issuer}${path}`,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
  };
}
