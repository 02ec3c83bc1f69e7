/** Host names: which of them mean this machine. */
import ipaddr from 'ipaddr.js';

/**
 * Whether a host, as a parsed URL spells it, is loopback: `localhost`, 127.0.0.0/8 or `[::1]`.
 * Names that merely look so (`localhost.evil.com`, `127.0.0.1.evil.com`) are not.
 * @see RFC 8252 section 7.3
 */
export function isLoopbackHost(hostname: string): boolean {
  if (hostname === 'localhost') return true;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return ipaddr.isValid(host) && ipaddr.parse(host).range() === 'loopback';
}
