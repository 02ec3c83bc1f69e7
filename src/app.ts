/** The Koa app: its middleware, and the table of all routes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import Koa from 'koa';
import { adminBlock, adminEndAll, adminPage, adminRevoke, adminUnblock } from './account/administration.ts';
import { accountDisconnect, accountPage, accountSignIn, accountSignOut } from './account/pages.ts';
import { githubWebhook, requireSignature } from './github/webhook.ts';
import { checkHostAndOrigin } from './mcp/host-and-origin.ts';
import {
  MCP_PATH,
  metadataPath,
  protectedResourceMetadata,
  resourcePaths,
  SSE_PATH,
} from './mcp/protected-resource.ts';
import { authorize } from './oauth/endpoints/authorize.ts';
import { callback } from './oauth/endpoints/callback.ts';
import { decideConnect } from './oauth/endpoints/connect.ts';
import { decideConsent } from './oauth/endpoints/consent.ts';
import { introspect } from './oauth/endpoints/introspect.ts';
import { authorizationServerMetadata, openidConfiguration, publicDocument } from './oauth/endpoints/metadata.ts';
import { readRegistration, register, removeRegistration, updateRegistration } from './oauth/endpoints/registration.ts';
import { revoke } from './oauth/endpoints/revoke.ts';
import { token } from './oauth/endpoints/token.ts';
import { userinfo } from './oauth/endpoints/userinfo.ts';
import type { Metrics } from './observe/metrics.ts';
import { observeRequests, type RequestListener } from './observe/requests.ts';
import { jsonErrors } from './protocol/json-errors.ts';
import { OAuthError } from './protocol/oauth-error.ts';
import { createRouter, type Route, type RouteGroup } from './router.ts';
import { securityHeaders } from './security/headers.ts';
import { createOriginRule, crossOrigin, type OriginRule } from './security/origins.ts';
import { forwarded } from './security/proxies.ts';
import type { Store } from './store/store.ts';
import { asset } from './web/assets.ts';
import { landing, mcpPage } from './web/landing.ts';
import { notFound } from './web/not-found.ts';
import { pageErrors } from './web/page-errors.ts';
import { preferences } from './web/preferences.ts';
import type { Bridge } from './wiring.ts';

/** The bodies that routes accept; limits in bytes. `/mcp` and the gateway read their bodies themselves. */
const NO_BODY = undefined;
const FORM = { as: 'form', limit: 64 * 1024 } as const;
/** A form with a page in it, sealed. */
const PAGE = { as: 'form', limit: 512 * 1024 } as const;
const METADATA = { as: 'json', limit: 64 * 1024 } as const;
const MESSAGE = { as: 'json', limit: 1024 * 1024 } as const;
const DELIVERY = { as: 'bytes', limit: 1024 * 1024 } as const;

const PROXY_ADVICE =
  'its X-Forwarded headers are ignored; if it is your proxy, add it to TRUSTED_PROXIES, else all its clients share their limits';

interface AppOptions {
  readonly metrics: Pick<Metrics, 'request'>;
  readonly onRequest?: RequestListener;
  /** Begins the span of a request, when there are traces. */
  readonly trace?: Koa.Middleware;
  /** Whether the process is stopping: `/readyz` then says so. */
  readonly isStopping?: () => boolean;
  /** Whether GitHub is the simulated one of the demo; the landing page then says so. */
  readonly simulated?: boolean;
}

export interface App {
  /** Serves every request; an unknown path is answered 404. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  /** Whether a path has a route, so that a request to it is not for another program. */
  hasRoute(path: string): boolean;
}

/** Creates the app that serves a wired bridge. */
export function createApp(bridge: Bridge, options: AppOptions): App {
  const { config, services } = bridge;
  const origins = createOriginRule(services.issuer, config.loopback, config.allowedOrigins);
  const router = createRouter(routes(bridge, origins, options), services.events.context);

  const app = new Koa();
  // Each group of routes answers its own errors; the only errors that get here are closed connections.
  app.on('error', () => {});
  app.use(
    forwarded(config.trustedProxies, (peer) => services.events.emit('proxy.untrusted', { peer, advice: PROXY_ADVICE })),
  );
  app.use(observeRequests(services.events.context, options.metrics, options.onRequest));
  if (options.trace !== undefined) app.use(options.trace);
  app.use(securityHeaders(services.issuer.startsWith('https:')));
  app.use(crossOrigin(origins, router.originAccess));
  app.use(notFound(pageErrors(services)));
  router.mount(app);
  const callback = app.callback();
  return { handler: (request, response) => void callback(request, response), hasRoute: router.hasRoute };
}

/**
 * The route table. A row has the method, the path, the web pages that may call the route (`any` origin, those
 * `allowed` by `ALLOWED_ORIGINS`, or our `own` pages only), the body that is read, and the handler.
 */
function routes(
  bridge: Bridge,
  origins: OriginRule,
  { isStopping, simulated = false }: Pick<AppOptions, 'isStopping' | 'simulated'>,
): RouteGroup[] {
  const { config, services, account, gateway } = bridge;
  const { streamableHttp, sse, tools } = bridge.mcp;
  const { issuer } = services;
  const { clientMetadataDocuments, github, operator } = config;
  const webhookSecrets = github.webhookSecret === undefined ? [] : [github.webhookSecret];
  const json = jsonErrors(services);
  const page = pageErrors(services);

  const publicTools = tools.filter((tool) => !tool.administratorsOnly);
  const resourceScopes = services.resources.all.flatMap(({ scope }) => scope);
  const upstreamScopes = [...new Set([...resourceScopes, ...publicTools.flatMap((tool) => tool.scopes), 'repo'])];
  const described = { issuer, clientMetadataDocuments, upstreamScopes, operator };
  const server = authorizationServerMetadata(described);
  const openid = openidConfiguration(described);
  const resources = services.resources.all.flatMap((resource) =>
    resourcePaths(issuer, resource).map((path): Route => {
      const document = protectedResourceMetadata(issuer, path, server, resource, operator);
      return ['GET', metadataPath(path), 'any', NO_BODY, publicDocument(() => document)];
    }),
  );

  const clientsDiscover: Route[] = [
    ['GET', '/.well-known/oauth-authorization-server', 'any', NO_BODY, publicDocument(() => server)],
    ['GET', '/.well-known/openid-configuration', 'any', NO_BODY, publicDocument(() => openid)],
    ['GET', '/.well-known/jwks.json', 'any', NO_BODY, publicDocument(() => services.keys.jwks())],
    ...resources,
  ];
  const clientsCall: Route[] = [
    ['POST', '/register', 'allowed', METADATA, register(services)],
    ['GET', '/register/:client_id', 'allowed', NO_BODY, readRegistration(services)],
    ['PUT', '/register/:client_id', 'allowed', METADATA, updateRegistration(services)],
    ['DELETE', '/register/:client_id', 'allowed', NO_BODY, removeRegistration(services)],
    ['POST', '/token', 'allowed', FORM, token(services)],
    ['POST', '/revoke', 'allowed', FORM, revoke(services)],
    ['POST', '/introspect', 'own', FORM, introspect(services)],
    ['GET', '/userinfo', 'allowed', NO_BODY, userinfo(services)],
    ['POST', '/userinfo', 'allowed', NO_BODY, userinfo(services)],
  ];
  const landingParts = { ...services, tools: publicTools, operator, simulated };
  const peopleSee: Route[] = [
    ['GET', '/', 'own', NO_BODY, landing(landingParts)],
    ['POST', '/preferences', 'own', PAGE, preferences(services)],
    ['GET', '/authorize', 'own', NO_BODY, authorize(services)],
    ['POST', '/authorize', 'own', FORM, authorize(services)],
    ['POST', '/consent', 'own', FORM, decideConsent(services)],
    ['POST', '/connect', 'own', FORM, decideConnect(services)],
    ['GET', '/github/callback', 'own', NO_BODY, callback({ ...services, finishAccountLogin: account.signIn.finish })],
    ['GET', '/account', 'own', NO_BODY, accountPage(account)],
    ['POST', '/account/sign-in', 'own', FORM, accountSignIn(account)],
    ['POST', '/account/sign-out', 'own', FORM, accountSignOut(account)],
    ['POST', '/account/disconnect', 'own', FORM, accountDisconnect(account, false)],
    ['POST', '/account/disconnect-all', 'own', FORM, accountDisconnect(account, true)],
    ['GET', '/account/sessions', 'own', NO_BODY, adminPage(account)],
    ['POST', '/account/sessions/revoke', 'own', FORM, adminRevoke(account)],
    ['POST', '/account/sessions/end-all', 'own', FORM, adminEndAll(account)],
    ['POST', '/account/sessions/block', 'own', FORM, adminBlock(account)],
    ['POST', '/account/sessions/unblock', 'own', FORM, adminUnblock(account)],
    ...services.web.assets.map((one): Route => ['GET', one.path, 'own', NO_BODY, asset(one)]),
  ];
  const builtIn = services.resources.default.upstream === undefined;
  const served = [...(builtIn ? [{ path: MCP_PATH, handle: streamableHttp.endpoint }] : []), ...gateway.endpoints];
  const mcpClientsCall = served.flatMap(({ path, handle }) => {
    const forPeople = mcpPage(landingParts, path);
    return (['POST', 'GET', 'DELETE'] as const).map((method): Route => {
      const answer: Koa.Middleware = (ctx, next) => forPeople(ctx, async () => handle(ctx, next));
      return [method, [path, `${path}/`], 'allowed', NO_BODY, method === 'GET' ? answer : handle];
    });
  });
  const sseClientsOpen: Route[] = builtIn ? [['GET', [SSE_PATH, `${SSE_PATH}/`], 'allowed', NO_BODY, sse.stream]] : [];
  const sseClientsSend: Route[] = builtIn ? [['POST', '/messages', 'allowed', MESSAGE, sse.messages]] : [];
  const { personTag } = bridge;
  const githubCalls = webhookSecrets.map((secret): Route => {
    return ['POST', '/github/webhook', 'own', DELIVERY, githubWebhook({ ...services, personTag, secret })];
  });
  const operatorsCall: Route[] = [
    ['GET', '/healthz', 'own', NO_BODY, healthz],
    ['GET', '/readyz', 'own', NO_BODY, readyz(services.store, isStopping)],
  ];
  const hostAndOrigin = checkHostAndOrigin(issuer, config.loopback, origins);
  return [
    { errors: json, via: 'client', routes: [...clientsDiscover, ...clientsCall, ...operatorsCall] },
    { errors: json, via: 'github', guards: [requireSignature], routes: githubCalls },
    { errors: page, via: 'page', routes: peopleSee },
    {
      errors: json,
      via: 'client',
      guards: [hostAndOrigin],
      streams: true,
      routes: [...mcpClientsCall, ...sseClientsOpen],
    },
    { errors: json, via: 'client', guards: [hostAndOrigin, sse.authenticate], routes: sseClientsSend },
  ];
}

const healthz: Koa.Middleware = (ctx) => {
  ctx.body = { status: 'ok' };
};

function readyz(store: Store, isStopping: () => boolean = () => false): Koa.Middleware {
  return async (ctx) => {
    if (isStopping()) throw new OAuthError('temporarily_unavailable', 'this server is stopping', { status: 503 });
    await store.ping();
    ctx.body = { status: 'ok', store: store.kind };
  };
}
