/**
 * What may reach MCP endpoints: requests to our own host, from no origin or an allowed one. Without it any web page
 * could drive a server on the reader's machine by DNS rebinding. @see MCP Transports, security warning
 */
import type Koa from 'koa';
import { isLoopbackAuthority, isLoopbackHost } from '../security/hosts.ts';

export interface OriginRule {
  /** Whether a page of this origin may use the endpoints. */
  allows(origin: string): boolean;
}

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

/** Refuses foreign hosts and origins with 403. */
export function guardMcp(publicUrl: string, loopback: boolean, origins: OriginRule): Koa.Middleware {
  const own = new URL(publicUrl);
  const isOwnHost = (host: string): boolean => {
    if (host.toLowerCase() === own.host) return true;
    return loopback && isLoopbackAuthority(host);
  };
  return async (ctx, next) => {
    const origin = ctx.get('origin');
    const problem = !isOwnHost(ctx.get('host'))
      ? 'Host is not this server'
      : origin !== '' && !origins.allows(origin)
        ? 'Origin is not allowed'
        : undefined;
    if (problem === undefined) return next();
    ctx.status = 403;
    ctx.body = { jsonrpc: '2.0', error: { code: -32000, message: `Forbidden: ${problem}` }, id: null };
  };
}
