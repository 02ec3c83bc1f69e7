/** `GET /`: what this server is and how to connect a client to it; as JSON for programs that prefer JSON. */
import type Koa from 'koa';
import type { LandingView } from './views.ts';
import type { Web } from './web.ts';

interface LandingOptions {
  readonly issuer: string;
  readonly web: Web;
  readonly tools: LandingView['tools'];
  /** Whether GitHub is the simulated one of the demo. */
  readonly simulated: boolean;
}

/** Creates the handler. */
export function landing({ issuer, web, tools, simulated }: LandingOptions): Koa.Middleware {
  const shown = tools.map(({ name, title, scopes }) => ({ name, title, scopes }));
  const mcpUrl = `${issuer}/mcp`;
  const sseUrl = `${issuer}/sse`;
  return async (ctx) => {
    ctx.vary('Accept');
    if (ctx.accepts('html', 'json') === 'json') {
      ctx.body = {
        name: 'mcp-github-bridge',
        description:
          'An MCP server that acts on your GitHub account, with an OAuth 2.1 authorization server of its own',
        issuer,
        mcp: mcpUrl,
        sse: sseUrl,
        authorization_server_metadata: `${issuer}/.well-known/oauth-authorization-server`,
        protected_resource_metadata: `${issuer}/.well-known/oauth-protected-resource/mcp`,
        tools: shown,
      };
      return;
    }
    const uiLocales = typeof ctx.query.ui_locales === 'string' ? ctx.query.ui_locales : undefined;
    web.page(ctx, 'landing', uiLocales, { issuer, mcpUrl, sseUrl, tools: shown, simulated });
  };
}
