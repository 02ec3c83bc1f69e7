/**
 * Who really asks: behind proxies named in `TRUSTED_PROXIES` their X-Forwarded headers count, from anybody else they
 * are ignored.
 */
import ipaddr from 'ipaddr.js';
import type Koa from 'koa';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Sets the request's address and host to those of the client. @param trusted addresses or CIDR ranges */
export function forwarded(trusted: readonly string[]): Koa.Middleware {
  const ranges = trusted.map((text): Range => {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.parse(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  });
  const isTrusted = (text: string): boolean => {
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.process(text);
    return ranges.some(([range, bits]) => address.kind() === range.kind() && address.match(range, bits));
  };

  return (ctx, next) => {
    const peer = ctx.req.socket.remoteAddress ?? '';
    let address = peer;
    if (ranges.length > 0 && isTrusted(peer)) {
      // The last proxy is believed about the one before it, and so on, up to the first that is not ours.
      for (const hop of ctx
        .get('x-forwarded-for')
        .split(',')
        .map((part) => part.trim())
        .reverse()) {
        if (!ipaddr.isValid(hop)) break;
        address = hop;
        if (!isTrusted(hop)) break;
      }
      const host = ctx.get('x-forwarded-host').split(',')[0]?.trim();
      if (host) ctx.req.headers.host = host;
    }
    ctx.request.ip = ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
    return next();
  };
}
