/**
 * The router: mounts the route table of `app.ts`. Paths match exactly, including case and trailing slash, so that a
 * proxy's rule for a path cannot be bypassed by another spelling of it.
 */
import { METHODS } from 'node:http';
import Router from '@koa/router';
import type Koa from 'koa';
import type { RequestContext, Via } from './observe/request-context.ts';
import { type BodyRule, body } from './protocol/body.ts';
import type { OriginAccess } from './security/origins.ts';

/** Where clients look for metadata, whether there is some or not. */
const METADATA_PROBE = /\/\.well-known\//;

/** One row of the table; several paths may have the same handler. */
export type Route = readonly [
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string | readonly string[],
  origins: OriginAccess,
  body: BodyRule | undefined,
  handler: Koa.Middleware,
];

/** Rows with the same error middleware and guards. */
export interface RouteGroup {
  /** Answers the errors that handlers throw. */
  readonly errors: Koa.Middleware;
  /** Run before the body is read, in this order. */
  readonly guards?: readonly Koa.Middleware[];
  /** By which way whatever these routes do is done; for the audit trail. */
  readonly via: Via;
  /** Whether `GET` opens a stream. The handlers then refuse `HEAD`, whose answer would not end, and `Allow` does not name it. */
  readonly streams?: boolean;
  readonly routes: readonly Route[];
}

interface RouteTable {
  /** Adds the routes to an app. A known path with another method is answered 405. */
  mount(app: Koa): void;
  /**
   * Which web pages may call the route at a path; `own` for a path without a route. But any page may read that there is no
   * metadata at a place where clients look for some.
   */
  originAccess(path: string): OriginAccess;
  /** Whether a path has a route, whatever the method. */
  hasRoute(path: string): boolean;
}

/** Creates the router of a route table. */
export function createRouter(groups: readonly RouteGroup[], context: RequestContext): RouteTable {
  // All methods of HTTP are listed, so that a method that a path does not support is answered 405, not 501.
  const router = new Router({ methods: METHODS, sensitive: true, strict: true });
  const access = new Map<string, OriginAccess>();
  const streams = new Set<string>();
  for (const { errors, guards = [], routes, via, streams: areStreams = false } of groups) {
    const byThisWay: Koa.Middleware = (_ctx, next) => {
      context.by(via);
      return next();
    };
    for (const [method, paths, origins, rule, handler] of routes) {
      const chain = [byThisWay, errors, ...guards, rule && body(rule), handler].filter((part) => part !== undefined);
      for (const path of [paths].flat()) {
        router.register(path, [method.toLowerCase()], chain);
        access.set(path, origins);
        if (areStreams) streams.add(path);
      }
    }
  }
  /** Most paths are their own pattern; the others are tried one by one. */
  const accessOf = (path: string) =>
    access.get(path) ?? access.get(String(router.match(path, 'OPTIONS').path[0]?.path));
  /** The router adds `HEAD` to each `GET`; `Allow` lists the methods that are supported (RFC 9110 section 10.2.1). */
  const allowWithoutHead: Koa.Middleware = async (ctx, next) => {
    await next();
    if (streams.has(ctx.path)) ctx.set('Allow', ctx.response.get('Allow').replace(/\bHEAD, /, ''));
  };
  return {
    mount: (app) => void app.use(router.routes()).use(allowWithoutHead).use(router.allowedMethods()),
    originAccess: (path) => accessOf(path) ?? (METADATA_PROBE.test(path) ? 'any' : 'own'),
    hasRoute: (path) => accessOf(path) !== undefined,
  };
}
