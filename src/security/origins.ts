/**
 * Which web pages may call which routes. A browser sends the origin of the page, and lets the page read the answer only
 * if the answer allows that origin.
 * @see Fetch standard, "CORS protocol"
 */
import cors from '@koa/cors';
import type Koa from 'koa';
import { isLoopbackHost } from './hosts.ts';

export interface OriginRule {
  /** Whether a page of this origin may call the endpoints that clients use. */
  allows(origin: string): boolean;
}

/** Which pages may call a route: pages of any origin, of an allowed origin, or our own pages only. */
export type OriginAccess = 'any' | 'allowed' | 'own';

/**
 * The rule of `ALLOWED_ORIGINS`. Without that setting, a public bridge allows any https origin, and a bridge on
 * loopback allows any loopback origin.
 * @param publicUrl the bridge's own origin, always allowed
 * @param loopback whether `publicUrl` is loopback
 * @param allowed the value of `ALLOWED_ORIGINS`
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
 * Sets the CORS headers and answers preflight requests, which carry no token (docs/clients.md, use-mcp).
 * @param accessOf which pages may call the route at a path
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
    // Without allowHeaders a page may send whatever it asks for: MCP has headers for the parameters of tools (Mcp-Param-*), and
    // MCP servers behind this one take headers of their own. No request is authorized by a cookie here.
    exposeHeaders: 'WWW-Authenticate,Mcp-Session-Id,Retry-After,X-Request-Id',
    maxAge: 600,
  });
}
