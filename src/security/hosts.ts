/** Which host names are loopback, that is, mean this machine. */
import ipaddr from 'ipaddr.js';

/**
 * Whether a host is loopback: `localhost`, 127.0.0.0/8 or `[::1]`. Names that only begin like one
 * (`localhost.evil.com`, `127.0.0.1.evil.com`) are not.
 * @param hostname as in `URL.hostname`
 * @see RFC 8252 section 7.3
 */
export function isLoopbackHost(hostname: string): boolean {
  if (hostname === 'localhost') return true;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return ipaddr.isValid(host) && ipaddr.parse(host).range() === 'loopback';
}

/** Whether a Host header names a loopback host, with any port. */
export function isLoopbackAuthority(host: string): boolean {
  // The URL parser would also accept user information, a path or a fragment, which a Host header must not contain
  // (RFC 9110 section 7.2).
  return (
    /^[\w.:[\]-]+$/.test(host) && URL.canParse(`http://${host}`) && isLoopbackHost(new URL(`http://${host}`).hostname)
  );
}
