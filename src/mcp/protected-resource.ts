/** Protected resource metadata: one document for each name of each resource of the bridge. @see RFC 9728 sections 2 and 3 */
import { buildOAuthProtectedResourceMetadata } from '@modelcontextprotocol/server';

/** Paths that name the built-in resource; '' stands for `PUBLIC_URL` itself. */
export const RESOURCE_PATHS: readonly string[] = ['', '/mcp', '/sse'];
/** The built-in resource, for people. */
export const RESOURCE_NAME = 'mcp-github-bridge';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** The path of the metadata document for a resource at a path of the bridge (RFC 9728 section 3.1). */
export function metadataPath(path: string): string {
  return `${WELL_KNOWN}${path}`;
}

/** What a document says of a resource. */
interface ProtectedResource {
  /** The path at which it is served; '' stands for the issuer itself. */
  readonly path: string;
  /** For people. */
  readonly resourceName: string;
  /** The scopes that clients should request first; a tool that needs more asks for them by a step-up. */
  readonly scope: readonly string[];
}

/**
 * The document for a resource at one path. `resource` must equal the URL that the client was configured with, because
 * clients compare them (RFC 9728 section 3.3).
 * @param authorizationServer the authorization server metadata (RFC 8414)
 */
export function protectedResourceMetadata(
  issuer: string,
  { path, resourceName, scope }: ProtectedResource,
  authorizationServer: Record<string, unknown>,
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
    resourceName,
  });
  // The SDK writes URLs with a slash at the end, but clients compare issuers and resources byte for byte.
  return {
    ...document,
    resource: `${issuer}${path}`,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
  };
}
