/** The Koa app of the simulated GitHub: its middlewares and routes, in their order. */
import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import { createApplicationRoutes } from './applications.ts';
import type { Calls, RecordedCall } from './calls.ts';
import type { Exchange } from './exchange.ts';
import type { Faults } from './faults.ts';
import { html } from './html.ts';
import type { McpEndpoint } from './mcp/index.ts';
import { messagePage } from './pages.ts';
import { type RestParts, RestRoutes, restConventions } from './rest.ts';
import { addGistRoutes } from './rest-gists.ts';
import { addIssueRoutes } from './rest-issues.ts';
import { addOrganizationRoutes } from './rest-organizations.ts';
import { addRepositoryRoutes } from './rest-repositories.ts';
import { addSearchRoutes } from './rest-search.ts';
import { addTeamRoutes } from './rest-teams.ts';
import { addUserRoutes } from './rest-users.ts';
import { createSignInRoutes, notFound, type SignInParts } from './sign-in.ts';
import { createTokenEndpoint, type TokenEndpointParts } from './token-endpoint.ts';
import { createWebFlowRoutes, type WebFlowParts } from './web-flow.ts';

interface ServerParts extends RestParts, SignInParts, TokenEndpointParts, WebFlowParts {
  calls: Calls;
  faults: Faults;
  mcp: McpEndpoint;
  origin(): string;
}

export function createServerApp(parts: ServerParts): Koa<Exchange> {
  const rest = new RestRoutes(parts);
  addUserRoutes(rest, parts);
  addOrganizationRoutes(rest, parts);
  addRepositoryRoutes(rest, parts);
  addTeamRoutes(rest, parts);
  addIssueRoutes(rest, parts);
  addGistRoutes(rest, parts);
  addSearchRoutes(rest, parts);
  const routers = [
    createWebFlowRoutes(parts),
    createSignInRoutes(parts),
    createTokenEndpoint(parts),
    createSiteRoutes(parts),
    createApplicationRoutes(parts),
    rest.router,
  ];
  const app = new Koa<Exchange>();
  app.on('error', (error: unknown) => {
    // Broken connections are expected, because tests break them on purpose; other errors are bugs of the simulator.
    const broken =
      error instanceof Error && 'code' in error && /^(ECONNRESET|EPIPE|ERR_STREAM)/.test(String(error.code));
    if (!broken) console.error('simulated GitHub:', error);
  });
  app.use(recordCalls(parts));
  app.use(parts.faults.middleware());
  app.use(securePages());
  app.use(restConventions());
  app.use(parts.mcp.middleware);
  for (const router of routers) app.use(router.routes());
  app.use((ctx) => {
    if (!ctx.path.startsWith('/api/v3/')) notFound(ctx);
  });
  return app;
}

function recordCalls({ calls, now }: ServerParts): Middleware<Exchange> {
  return async (ctx, next) => {
    const [scheme = ''] = ctx.get('Authorization').toLowerCase().split(' ');
    const known = scheme === 'bearer' || scheme === 'token' || scheme === 'basic';
    const call: RecordedCall = {
      method: ctx.method,
      path: ctx.path,
      queryKeys: [...new URLSearchParams(ctx.querystring).keys()],
      status: undefined,
      at: now(),
      authorization: scheme === '' ? 'none' : known ? scheme : 'other',
      accept: ctx.get('Accept') || undefined,
      userAgent: ctx.get('User-Agent') || undefined,
      apiVersion: ctx.get('X-GitHub-Api-Version') || undefined,
      conditional: ctx.get('If-None-Match') !== '',
    };
    ctx.state.call = call;
    calls.add(call);
    try {
      await next();
      if (ctx.respond !== false) call.status = ctx.status;
    } catch (error) {
      call.status = 500;
      throw error;
    }
  };
}

function securePages(): Middleware<Exchange> {
  return async (ctx, next) => {
    await next();
    if (!ctx.response.is('html')) return;
    // No form-action, because browsers would also apply it to the redirect to the app.
    ctx.set(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    );
    ctx.set('Cache-Control', 'no-store');
    ctx.set('Referrer-Policy', 'same-origin');
    ctx.set('X-Content-Type-Options', 'nosniff');
  };
}

/** The other routes of the site: authorization server metadata (RFC 8414), avatars, and the front page. */
function createSiteRoutes({ origin, issuer, enterprise, directory }: ServerParts): Router<Exchange> {
  const router = new Router<Exchange>();

  router.get('/', (ctx) => {
    ctx.body = messagePage('Simulated GitHub', 'It is up. An app sends you here when you sign in with it.');
  });

  router.get('/.well-known/oauth-authorization-server/login/oauth', (ctx) => {
    if (enterprise) return notFound(ctx);
    ctx.body = {
      issuer: `${origin()}/login/oauth`,
      authorization_endpoint: `${origin()}/login/oauth/authorize`,
      token_endpoint: `${origin()}/login/oauth/access_token`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['client_secret_post'],
      code_challenge_methods_supported: ['S256'],
      ...(issuer() === undefined ? {} : { authorization_response_iss_parameter_supported: true }),
      service_documentation: 'https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
    };
  });

  router.get('/avatars/u/:id', (ctx) => {
    const id = Number(ctx.params.id);
    const letter = directory.findAccount(id)?.login.slice(0, 1).toUpperCase() ?? '?';
    ctx.type = 'image/svg+xml';
    ctx.body = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64"
fill="hsl(${(id * 47) % 360 || 0} 45% 40%)"/><text x="32" y="44" font-family="sans-serif" font-size="34" fill="#fff"
text-anchor="middle">${letter}</text></svg>`.text;
  });

  return router;
}
