/**
 * The client's IP address and host behind proxies: X-Forwarded headers are used when the request comes from an address
 * in `TRUSTED_PROXIES`, and ignored otherwise; the first such request is reported, because behind a proxy that is not
 * trusted everybody has one address.
 */
import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type Koa from 'koa';
import { inRanges } from './address-ranges.ts';

/**
 * Sets the IP address and the host of the request to those that the client used, and `ctx.state.fromProxy`: whether the
 * request came from a trusted proxy.
 * @param trusted addresses or CIDR ranges of proxies
 * @param onIgnored called once, with the address from which came the first X-Forwarded header that was ignored
 */
export function forwarded(trusted: readonly string[], onIgnored: (peer: string) => void): Koa.Middleware {
  const isTrusted = inRanges(trusted);
  let reported = false;
  return (ctx, next) => {
    const peer = ctx.req.socket.remoteAddress ?? '';
    let address = peer;
    const fromProxy = isTrusted(peer);
    ctx.state.fromProxy = fromProxy;
    if (fromProxy) {
      // Each proxy appends the address that it was called from. Read from the right, the first address that is not a
      // trusted proxy is the client's.
      for (const entry of ctx.get('x-forwarded-for').split(',').reverse()) {
        const hop = addressIn(entry.trim());
        if (hop === undefined) break;
        address = hop;
        if (!isTrusted(hop)) break;
      }
      const host = ctx.get('x-forwarded-host').split(',')[0]?.trim();
      if (host) ctx.req.headers.host = host;
    } else if (!reported && (ctx.get('x-forwarded-for') || ctx.get('x-forwarded-host'))) {
      reported = true;
      onIgnored(peer);
    }
    // An IPv4 address has one spelling here; parsing it would be the work of every request.
    ctx.request.ip = !isIPv4(address) && ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
    return next();
  };
}

/**
 * The address in an entry of X-Forwarded-For; undefined when it is none. Some proxies append the port; then an IPv6 address
 * is in brackets.
 */
function addressIn(entry: string): string | undefined {
  const [, inBrackets, beforePort] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(entry) ?? [];
  const text = inBrackets ?? beforePort ?? entry;
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text) ? text : undefined;
}
