/**
 * Resources: the audiences that tokens can have. The default resource, `PUBLIC_URL/mcp`, has more names (`PUBLIC_URL`, and
 * `PUBLIC_URL/sse` when the built-in tools stand there). Each MCP server behind the bridge is a resource at its own path,
 * and each of `RESOURCES` is its own identifier.
 * @see RFC 8707, RFC 9728
 */
import { type McpUpstream, upstreamPath } from '../config/upstreams.ts';
import { invalidTarget } from '../protocol/oauth-error.ts';
import { spaceSeparated } from '../protocol/parameters.ts';
import { comparableResource } from '../protocol/resource.ts';
import type { Recipient } from '../store/records.ts';

export interface Resource {
  /** The audience of its tokens: its canonical identifier. */
  readonly audience: string;
  /** Whether this server serves it; false for one of `RESOURCES`, whose server checks the tokens itself. */
  readonly own: boolean;
  /** The scopes requested when the client names none. */
  readonly scope: readonly string[];
  /** The MCP server behind it; absent for the built-in tools and for `RESOURCES`. */
  readonly upstream?: McpUpstream;
  /** Who gets the calls, and what of the person with them; set with `upstream`. */
  readonly recipient?: Recipient;
}

export interface Resources {
  /** The resource of a request that names none: `PUBLIC_URL/mcp`. */
  readonly default: Resource;
  /** All resources; the default one is the first. */
  readonly all: readonly Resource[];
  /** The resource with an audience; undefined when it is not one of this server any more. */
  find(audience: string): Resource | undefined;
  /**
   * The resource that a `resource` parameter names; the default one when the parameter is absent.
   * @throws {OAuthError} invalid_target when it names no resource of this server, or several
   */
  resolve(parameter: string | undefined): Resource;
}

interface ResourceOptions {
  /** The bridge's origin. */
  readonly publicUrl: string;
  /** The value of `SCOPES`. */
  readonly scopes: readonly string[];
  readonly upstreams: readonly McpUpstream[];
  /** The value of `RESOURCES`: identifiers of other resource servers. */
  readonly others: readonly string[];
}

/** Creates the resources. */
export function createResources({ publicUrl, scopes, upstreams, others }: ResourceOptions): Resources {
  const behind = (upstream: McpUpstream): Resource => ({
    audience: `${publicUrl}${upstreamPath(upstream)}`,
    own: true,
    scope: upstream.scopes,
    upstream,
    recipient: { address: addressOf(upstream.url), credential: upstream.credential },
  });
  const inPlace = upstreams.find(({ name }) => name === undefined);
  const first = inPlace === undefined ? { audience: `${publicUrl}/mcp`, own: true, scope: scopes } : behind(inPlace);
  const all = [
    first,
    ...upstreams.filter(({ name }) => name !== undefined).map(behind),
    ...others.map((audience) => ({ audience, own: false, scope: scopes })),
  ];
  const byName = new Map(all.map((resource) => [comparableResource(resource.audience), resource]));
  byName.set(comparableResource(publicUrl), first);
  if (inPlace === undefined) byName.set(comparableResource(`${publicUrl}/sse`), first);
  return {
    default: first,
    all,
    find: (audience) => all.find((resource) => resource.audience === audience),
    resolve(parameter) {
      if (parameter === undefined) return first;
      const found = new Set(spaceSeparated(parameter).map((word) => byName.get(comparableResource(word))));
      const [resource] = found;
      if (found.size > 1)
        throw invalidTarget('a token is good for one resource only: ask for each in a request of its own');
      if (resource === undefined) throw invalidTarget('this server issues no tokens for that resource');
      return resource;
    },
  };
}

/**
 * Whether the calls still go where the person agreed that they go. The operator may have put another server behind a
 * resource since then, which must not get what the person allowed for the first.
 */
export function isSameRecipient(one: Recipient | undefined, other: Recipient | undefined): boolean {
  return one?.address === other?.address && one?.credential === other?.credential;
}

/** Without the query, in which a secret may stand. */
function addressOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
