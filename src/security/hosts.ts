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

/** Whether a Host header names this machine, at whatever port. */
export function isLoopbackAuthority(host: string): boolean {
  // What a URL reads as user information, path or fragment is no part of a host (RFC 9110 section 7.2).
  return (
    /^[\w.:[\]-]+$/.test(host) && URL.canParse(`http://${host}`) && isLoopbackHost(new URL(`http://${host}`).hostname)
  );
}
