/**
 * Which web pages may call which routes. Browsers send the origin of a page, and read the answer only where it allows
 * that origin. @see Fetch standard, section 3.2 (CORS protocol)
 */
import cors from '@koa/cors';
import type Koa from 'koa';
import { isLoopbackHost } from './hosts.ts';

export interface OriginRule {
  /** Whether a page of this origin may use the endpoints for clients. */
  allows(origin: string): boolean;
}

/** Pages that may call a route: of any origin, of an allowed one, or our own pages alone. */
export type OriginAccess = 'any' | 'allowed' | 'own';

/**
 * `ALLOWED_ORIGINS`, or the default: any https origin for a public bridge, any loopback origin for one on a developer's
 * machine.
 * @param publicUrl always allowed
 */
export function createOriginRule(
  publicUrl: string,
  loopback: boolean,
  allowed: readonly string[] | undefined,
): OriginRule {
  return {
    allows(origin) {
      if (origin === publicUrl) return true;
      if (allowed !== undefined) return allowed.includes(origin);
      if (!URL.canParse(origin)) return false;
      const { protocol, hostname } = new URL(origin);
      return loopback ? /^https?:$/.test(protocol) && isLoopbackHost(hostname) : protocol === 'https:';
    },
  };
}

/**
 * Tells browsers which pages may read an answer, and answers their preflights, which carry no token (clients.md,
 * use-mcp).
 * @param accessOf who may call the route at a path
 */
export function crossOrigin(origins: OriginRule, accessOf: (path: string) => OriginAccess): Koa.Middleware {
  return cors({
    origin(ctx) {
      const access = accessOf(ctx.path);
      if (access === 'any') return '*';
      const origin = ctx.get('origin');
      return access === 'allowed' && origins.allows(origin) ? origin : '';
    },
    allowMethods: 'GET,POST,PUT,DELETE,OPTIONS',
    allowHeaders:
      'authorization,content-type,accept,mcp-protocol-version,mcp-session-id,mcp-method,mcp-name,last-event-id',
    exposeHeaders: 'WWW-Authenticate,Mcp-Session-Id,Retry-After,X-Request-Id',
    maxAge: 600,
  });
}
