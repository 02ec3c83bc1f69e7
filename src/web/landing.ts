/** `GET /`: what this server is and how to connect a client to it; as JSON for programs that prefer JSON. */
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

/** Creates the handler. */
export function landing({ issuer, web, tools, resources, operator, simulated }: LandingOptions): Koa.Middleware {
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
    const uiLocales = typeof ctx.query.ui_locales === 'string' ? ctx.query.ui_locales : undefined;
    web.page(ctx, 'landing', uiLocales, { issuer, servers, tools: shown, simulated });
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
