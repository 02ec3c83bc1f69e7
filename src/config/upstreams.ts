/** MCP servers that the bridge stands in front of. */

/** What an MCP server behind the bridge gets as `Authorization: Bearer`. */
export const UPSTREAM_CREDENTIALS = ['github', 'identity', 'none'] as const;
export type UpstreamCredential = (typeof UPSTREAM_CREDENTIALS)[number];

/** One MCP server behind the bridge, checked. */
export interface McpUpstream {
  /** It is served at `/mcp/<name>`; without a name at `/mcp`, in place of the built-in tools. */
  readonly name?: string;
  /** As the operator wrote it; a query in it is kept. */
  readonly url: string;
  /** For people. */
  readonly title: string;
  readonly credential: UpstreamCredential;
  /** GitHub scopes requested when the client names none. */
  readonly scopes: readonly string[];
  /** Fixed request headers, by name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names of tools, perhaps with `*` at the end; when absent, every tool that is not denied may be called. */
  readonly allowTools?: readonly string[];
  readonly denyTools: readonly string[];
  /** Seconds until an answer must begin. */
  readonly firstByteTimeout: number;
}

/** The path at which an MCP server is served. */
export function upstreamPath({ name }: Pick<McpUpstream, 'name'>): string {
  return name === undefined ? '/mcp' : `/mcp/${name}`;
}
