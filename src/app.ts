/** The Koa app: the map of the house, every route in one place. */
import { randomUUID } from 'node:crypto';
import { METHODS } from 'node:http';
import cors from '@koa/cors';
import Router from '@koa/router';
import Koa from 'koa';
import { HttpMethodEnum, koaBody } from 'koa-body';
import helmet from 'koa-helmet';
import {
  accountDisconnect,
  accountPage,
  accountSignIn,
  accountSignOut,
  adminPage,
  adminRevoke,
} from './account/pages.ts';
import { githubWebhook } from './github/webhook.ts';
import { createOriginRule, guardMcp, type OriginRule } from './mcp/guard.ts';
import { metadataPath, protectedResourceMetadata, RESOURCE_PATHS } from './mcp/protected-resource.ts';
import { tools } from './mcp/tools/index.ts';
import { authorize } from './oauth/endpoints/authorize.ts';
import { githubCallback } from './oauth/endpoints/callback.ts';
import { decideConsent } from './oauth/endpoints/consent.ts';
import { introspect } from './oauth/endpoints/introspect.ts';
import { authorizationServerMetadata, openidConfiguration, publicDocument } from './oauth/endpoints/metadata.ts';
import { readRegistration, register, removeRegistration, updateRegistration } from './oauth/endpoints/registration.ts';
import { revoke } from './oauth/endpoints/revoke.ts';
import { token } from './oauth/endpoints/token.ts';
import { userinfo } from './oauth/endpoints/userinfo.ts';
import type { Metrics } from './observe/metrics.ts';
import { forwarded } from './security/proxies.ts';
import { landing } from './web/landing.ts';
import { PageError } from './web/page-error.ts';
import { jsonErrors, pageErrors } from './web/page-errors.ts';
import type { Bridge } from './wiring.ts';

/** Bytes of a request to the authorization server. */
const MAX_BODY = 64 * 1024;
/** Characters of a path in the log. */
const LOGGED_PATH = 300;
/** Bytes of a webhook of GitHub's. */
const MAX_WEBHOOK = 1024 * 1024;

/** Hears of every request when it is over; for the log. */
export type RequestListener = (request: {
  method: string;
  path: string;
  status: number;
  milliseconds: number;
  reference: string;
  address: string;
}) => void;

/**
 * @param simulated whether GitHub is the demo's, for the landing page to say so
 */
export function createApp(
  bridge: Bridge,
  options: { metrics: Metrics; onRequest?: RequestListener; simulated?: boolean },
): Koa {
  const { config, services, mcp, sse } = bridge;
  const { issuer, events, limits, web } = services;
  const app = new Koa();
  // Routes answer for their own errors; what is left here is a socket that went away.
  app.on('error', () => {});

  const json = jsonErrors(events, limits);
  const page = pageErrors(events, limits, web);
  const body = koaBody({
    jsonLimit: MAX_BODY,
    formLimit: MAX_BODY,
    multipart: false,
    text: false,
    includeUnparsed: true,
    parsedMethods: [HttpMethodEnum.POST, HttpMethodEnum.PUT],
    onError: unreadable,
  });
  const origins = createOriginRule(issuer, config.loopback, config.allowedOrigins);
  const guard = guardMcp(issuer, config.loopback, origins);

  const upstreamScopes = [...new Set([...config.scopes, ...tools.flatMap((tool) => tool.scopes), 'repo'])];
  const metadata = authorizationServerMetadata({
    issuer,
    clientMetadataDocuments: config.clientMetadataDocuments,
    upstreamScopes,
  });
  const discovery = openidConfiguration({
    issuer,
    clientMetadataDocuments: config.clientMetadataDocuments,
    upstreamScopes,
  });
  const account = {
    ...services,
    signIn: bridge.accountSignIn,
    directory: bridge.directory,
    isAdministrator: bridge.policy.isAdministrator,
    githubUrl: config.github.url,
    githubClientId: config.github.clientId,
  };
  const callback = {
    ...services,
    githubIssuer: `${config.github.url}/login/oauth`,
    revocations: bridge.revocations,
    accountSignIn: bridge.accountSignIn,
  };

  // Every method is known, so that one that a path does not take is 405 (the sender's mistake), not 501 (ours).
  const router = new Router({ methods: METHODS });

  // What clients discover
  router.get(
    '/.well-known/oauth-authorization-server',
    json,
    publicDocument(() => metadata),
  );
  router.get(
    '/.well-known/openid-configuration',
    json,
    publicDocument(() => discovery),
  );
  router.get(
    '/.well-known/jwks.json',
    json,
    publicDocument(() => services.keys.jwks()),
  );
  for (const path of RESOURCE_PATHS) {
    const document = protectedResourceMetadata(issuer, path, metadata, config.scopes);
    router.get(
      metadataPath(path),
      json,
      publicDocument(() => document),
    );
  }

  // What clients call
  router.post('/register', json, body, register(services));
  router.get('/register/:client_id', json, readRegistration(services));
  router.put('/register/:client_id', json, body, updateRegistration(services));
  router.delete('/register/:client_id', json, removeRegistration(services));
  router.post('/token', json, body, token(services));
  router.post('/revoke', json, body, revoke(services));
  router.post('/introspect', json, body, introspect(services));
  router.get('/userinfo', json, userinfo(services));
  router.post('/userinfo', json, userinfo(services));

  // What people see
  router.get('/', page, landing({ issuer, web, tools, simulated: options.simulated ?? false }));
  router.get('/authorize', page, authorize(services));
  router.post('/authorize', page, body, authorize(services));
  router.post('/consent', page, body, decideConsent(services));
  router.get('/github/callback', page, githubCallback(callback));
  router.get('/account', page, accountPage(account));
  router.post('/account/sign-in', page, body, accountSignIn(account));
  router.post('/account/sign-out', page, body, accountSignOut(account));
  router.post('/account/disconnect', page, body, accountDisconnect(account, false));
  router.post('/account/disconnect-all', page, body, accountDisconnect(account, true));
  router.get('/account/sessions', page, adminPage(account));
  router.post('/account/sessions/revoke', page, body, adminRevoke(account));
  router.get(web.pages.stylesheet.path, (ctx) => {
    ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
    ctx.type = 'css';
    ctx.body = web.pages.stylesheet.text;
  });

  // MCP
  for (const method of ['get', 'post', 'delete'] as const) router[method]('/mcp', json, guard, mcp.endpoint);
  router.get('/sse', json, guard, sse.stream);
  router.post(
    '/messages',
    json,
    guard,
    koaBody({ jsonLimit: MAX_WEBHOOK, multipart: false, text: false, urlencoded: false, onError: unreadable }),
    sse.messages,
  );

  // What GitHub calls
  if (config.github.webhookSecret !== undefined) {
    const raw = koaBody({
      json: true,
      jsonLimit: MAX_WEBHOOK,
      multipart: false,
      text: false,
      urlencoded: false,
      includeUnparsed: true,
      onError: unreadable,
    });
    router.post(
      '/github/webhook',
      json,
      raw,
      githubWebhook({ ...services, secret: config.github.webhookSecret, personTag: bridge.personTag }),
    );
  }

  // What operators call
  router.get('/healthz', (ctx) => {
    ctx.body = { status: 'ok' };
  });
  router.get('/readyz', json, async (ctx) => {
    await services.store.ping();
    ctx.body = { status: 'ok', store: services.store.kind };
  });
  router.get('/metrics', async (ctx) => {
    const { text, contentType } = await options.metrics.render();
    ctx.set('Content-Type', contentType);
    ctx.body = text;
  });

  app.use(observed(options.metrics, options.onRequest));
  app.use(forwarded(config.trustedProxies));
  app.use(securityHeaders(issuer.startsWith('https:')));
  app.use(crossOrigin(origins));
  app.use(notFound(page));
  app.use(router.routes());
  app.use(router.allowedMethods());
  return app;
}

/**
 * A body that cannot be read is the sender's mistake, also where the library does not say so (a broken compression).
 */
function unreadable(error: Error): never {
  throw 'status' in error ? error : Object.assign(error, { status: 400 });
}

/** Gives each request a reference, and tells the log and the metrics how it ended. */
function observed(metrics: Metrics, onRequest: RequestListener | undefined): Koa.Middleware {
  return async (ctx, next) => {
    const begun = performance.now();
    const reference = randomUUID();
    ctx.state.reference = reference;
    ctx.set('X-Request-Id', reference);
    try {
      await next();
    } finally {
      const milliseconds = performance.now() - begun;
      const route: unknown = ctx._matchedRoute;
      metrics.request(typeof route === 'string' ? route : 'none', ctx.method, ctx.status, milliseconds / 1000);
      onRequest?.({
        method: ctx.method,
        path: ctx.path.slice(0, LOGGED_PATH),
        status: ctx.status,
        milliseconds,
        reference,
        address: ctx.ip,
      });
    }
  };
}

/**
 * Headers of every answer (design decision 16). There is no `form-action`: browsers apply it to every hop after the
 * form, GitHub and the client included; and pop-up clients need their opener.
 */
function securityHeaders(https: boolean): Koa.Middleware {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    crossOriginOpenerPolicy: { policy: 'unsafe-none' },
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
    strictTransportSecurity: https ? { maxAge: 63_072_000, includeSubDomains: false } : false,
  });
}

const FOR_ANY_ORIGIN = /^\/\.well-known\//;
const FOR_ALLOWED_ORIGINS = /^\/(?:register|token|revoke|userinfo|mcp|sse|messages)(?:\/|$)/;

/**
 * Browser clients: metadata is for everybody, the rest for allowed origins (clients.md, use-mcp). Preflights need no
 * token.
 */
function crossOrigin(origins: OriginRule): Koa.Middleware {
  return cors({
    origin: (ctx) => {
      if (FOR_ANY_ORIGIN.test(ctx.path)) return '*';
      const origin = ctx.get('origin');
      return FOR_ALLOWED_ORIGINS.test(ctx.path) && origins.allows(origin) ? origin : '';
    },
    allowMethods: 'GET,POST,PUT,DELETE,OPTIONS',
    allowHeaders:
      'authorization,content-type,accept,mcp-protocol-version,mcp-session-id,mcp-method,mcp-name,last-event-id',
    exposeHeaders: 'WWW-Authenticate,Mcp-Session-Id,Retry-After,X-Request-Id',
    maxAge: 600,
  });
}

/** Nothing matched: a person gets a page, a program JSON. */
function notFound(page: Koa.Middleware): Koa.Middleware {
  return async (ctx, next) => {
    await next();
    if (ctx.status !== 404 || ctx.body || ctx.respond === false) return;
    if (ctx.accepts('json', 'html') === 'html') await page(ctx, () => Promise.reject(new PageError('not_found')));
    else {
      ctx.status = 404;
      ctx.body = { error: 'not_found', error_description: 'there is nothing at this address' };
    }
  };
}
