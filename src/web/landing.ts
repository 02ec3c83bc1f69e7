/**
 * `GET /`: what this server is and how to connect a client to it; as JSON for programs that prefer JSON. The same for one MCP
 * server, for a person who opens its address in a browser.
 */
import type Koa from 'koa';
import { defined } from '../base/defined.ts';
import type { Operator } from '../config/operator.ts';
import type { McpUpstream } from '../config/upstreams.ts';
import type { LandingView, ServerView } from './views.ts';
import type { Web } from './web.ts';

/** A resource of this authorization server (RFC 8707). */
interface LandingResource {
  /** For one that is served here, its address. */
  readonly audience: string;
  /** Whether it is served here. */
  readonly own: boolean;
  /** The MCP server behind it; absent for the built-in tools. */
  readonly upstream?: McpUpstream;
}

interface LandingOptions {
  readonly issuer: string;
  readonly web: Web;
  readonly tools: LandingView['tools'];
  readonly resources: { readonly default: LandingResource; readonly all: readonly LandingResource[] };
  readonly operator: Operator;
  /** Whether GitHub is the simulated one of the demo. */
  readonly simulated: boolean;
}

/** The MCP servers, the one at `/mcp` first, and the built-in tools if they are there. */
function serversOf({ issuer, tools, resources }: Pick<LandingOptions, 'issuer' | 'tools' | 'resources'>) {
  const { upstream } = resources.default;
  const shown = upstream ? [] : tools.map(({ name, title, scopes }) => ({ name, title, scopes }));
  const others = resources.all.filter((resource) => resource.own && resource !== resources.default);
  const taken = new Set(others.map((resource) => resource.upstream?.name));
  const nameOfFirst = firstFree(upstream ? [slug(upstream.title)] : ['github-account'], taken);
  const first: ServerView = {
    ...serverView(resources.default, nameOfFirst),
    ...(upstream ? {} : { sseUrl: `${issuer}/sse` }),
  };
  const servers = [first, ...others.map((resource) => serverView(resource, resource.upstream?.name ?? ''))] as const;
  return { upstream, shown, servers };
}

/**
 * Answers a person's browser at the address of an MCP server with a page; every other request goes on. A browser asks for HTML,
 * and sends neither a token nor a header of MCP; clients ask for JSON or a stream of events.
 * @param path of the MCP server
 */
export function mcpPage(options: Omit<LandingOptions, 'operator'>, path: string): Koa.Middleware {
  const { issuer, web, simulated } = options;
  const { servers, shown } = serversOf(options);
  const server = servers.find(({ url }) => url === `${issuer}${path}`);
  return async (ctx, next) => {
    const accept = ctx.get('accept');
    const isBrowser =
      /\btext\/html\b/.test(accept) &&
      !accept.includes('text/event-stream') &&
      !Object.keys(ctx.headers).some((name) => name === 'authorization' || name.startsWith('mcp-'));
    ctx.vary('Accept');
    if (!isBrowser || server === undefined) return next();
    const tools = server.recipient === undefined ? shown : [];
    web.page(ctx, 'landing', undefined, { issuer, servers: [server], tools, simulated, opened: true });
  };
}

/** Creates the handler of the front page. */
export function landing(options: LandingOptions): Koa.Middleware {
  const { issuer, web, operator, simulated } = options;
  const { upstream, shown, servers } = serversOf(options);
  const [first] = servers;
  return async (ctx) => {
    ctx.vary('Accept');
    if (ctx.accepts('html', 'json') === 'json') {
      ctx.body = {
        name: operator.name ?? 'mcp-github-bridge',
        description: upstream
          ? 'An OAuth 2.1 authorization server with GitHub login, in front of MCP servers'
          : 'An MCP server that acts on your GitHub account, with an OAuth 2.1 authorization server of its own',
        issuer,
        mcp: first.url,
        ...defined({ sse: first.sseUrl }),
        servers: servers.map(({ name, url, recipient }) => ({ name, url, ...recipient })),
        authorization_server_metadata: `${issuer}/.well-known/oauth-authorization-server`,
        protected_resource_metadata: `${issuer}/.well-known/oauth-protected-resource/mcp`,
        ...(upstream ? {} : { tools: shown }),
      };
      return;
    }
    web.page(ctx, 'landing', undefined, { issuer, servers, tools: shown, simulated });
  };
}

function serverView({ audience, upstream }: LandingResource, name: string): ServerView {
  const recipient = upstream && {
    title: upstream.title,
    host: new URL(upstream.url).host,
    credential: upstream.credential,
  };
  return { name, url: audience, ...defined({ recipient }) };
}

/** A title as a name in the configuration of a client; empty when it has neither Latin letters nor digits. */
function slug(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** The first of these names that no other server has. */
function firstFree(names: readonly string[], taken: ReadonlySet<string | undefined>): string {
  return names.find((name) => name !== '' && !taken.has(name)) ?? 'mcp-github-bridge';
}
