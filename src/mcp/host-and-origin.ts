/**
 * What may reach the MCP endpoints: requests to our own host, from no origin or an allowed one. Without this any web page
 * could drive a server on the reader's machine by DNS rebinding. @see MCP Transports, security warning
 */
import type Koa from 'koa';
import { isLoopbackAuthority } from '../security/hosts.ts';
import type { OriginRule } from '../security/origins.ts';

/** Refuses foreign hosts and origins with 403. @param loopback whether any name of this machine is our own host */
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
