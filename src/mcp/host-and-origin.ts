/**
 * Host and Origin check of the MCP endpoints: the Host must be ours, and the Origin absent or allowed. Without it any
 * web page could call a server on a person's machine by DNS rebinding.
 * @see MCP Transports, "Security Warning"
 */
import type Koa from 'koa';
import { isLoopbackAuthority } from '../security/hosts.ts';
import type { OriginRule } from '../security/origins.ts';

/** Refuses other hosts and origins with 403. @param loopback whether every loopback host counts as ours */
export function checkHostAndOrigin(publicUrl: string, loopback: boolean, origins: OriginRule): Koa.Middleware {
  const own = new URL(publicUrl);
  const isOwnHost = (host: string): boolean =>
    host.toLowerCase() === own.host || (loopback && isLoopbackAuthority(host));
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
