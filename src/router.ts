/**
 * The router: mounts the route table of `app.ts`. A path matches exactly, case and trailing slash included, so that a
 * proxy's rule for a path holds for everything that reaches its route.
 */
import { METHODS } from 'node:http';
import Router from '@koa/router';
import type Koa from 'koa';
import { type BodyRule, body } from './protocol/body.ts';
import type { OriginAccess } from './security/origins.ts';

/** One row of the table: method, path (several answer alike), web pages that may call it, body taken, handler. */
export type Route = readonly [
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string | readonly string[],
  origins: OriginAccess,
  body: BodyRule | undefined,
  handler: Koa.Middleware,
];

/** Rows with something in common. */
export interface RouteGroup {
  /** Answers what a handler throws. */
  readonly errors: Koa.Middleware;
  /** Run before the body is read, in this order. */
  readonly guards?: readonly Koa.Middleware[];
  readonly routes: readonly Route[];
}

interface RouteTable {
  /** Lets an app answer what a row matches, and 405 for another method of its path. */
  mount(app: Koa): void;
  /** Web pages that may call the route at a path; for a path that no row has, our own alone. */
  originAccess(path: string): OriginAccess;
}

export function createRouter(groups: readonly RouteGroup[]): RouteTable {
  // Every method is known, so that one that a path does not take is 405 (the sender's mistake), not 501 (ours).
  const router = new Router({ methods: METHODS, sensitive: true, strict: true });
  const access = new Map<string, OriginAccess>();
  for (const { errors, guards = [], routes } of groups) {
    for (const [method, paths, origins, rule, handler] of routes) {
      const chain = [errors, ...guards, rule && body(rule), handler].filter((part) => part !== undefined);
      for (const path of [paths].flat()) {
        router.register(path, [method.toLowerCase()], chain);
        access.set(path, origins);
      }
    }
  }
  return {
    mount: (app) => void app.use(router.routes()).use(router.allowedMethods()),
    originAccess(path) {
      const [layer] = router.match(path, 'OPTIONS').path;
      return access.get(String(layer?.path)) ?? 'own';
    },
  };
}
