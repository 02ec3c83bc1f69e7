/** The url of an MCP server behind the bridge: which one is accepted, and to which hosts plain http is. */
import ipaddr from 'ipaddr.js';
import type { Advice } from './setting.ts';

/** Endings of names that mean nothing on the public internet: RFC 6761, RFC 6762, RFC 8375, ICANN's .internal, Kubernetes. */
const PRIVATE_NAME = /(?:^|\.)(?:localhost|internal|local|svc|cluster\.local|home\.arpa)\.?$/;
const PRIVATE_RANGES: readonly string[] = ['loopback', 'private', 'uniqueLocal'];

/**
 * What is wrong with a url; undefined when it is accepted. The operator wrote it, so private addresses are fine. The advice
 * repeats the host at most, because a path or a query may hold a secret.
 */
export function upstreamUrlAdvice(text: string): Advice | undefined {
  const isAbsolute = /^https?:\/\/[^/?#]/i.test(text) && !/[\s\p{Cc}\\]/u.test(text);
  const url = isAbsolute ? URL.parse(text) : null;
  if (url === null)
    return { problem: 'url is not an https address', remedy: 'Write for example https://mcp.example.com/mcp.' };
  if (/\/\/[^/?#]*@/.test(text))
    return {
      problem: 'url has credentials',
      remedy:
        'Take out what stands before the @: what the server gets is said by credential and headers in UPSTREAMS_FILE.',
    };
  if (text.includes('#')) return { problem: 'url has a fragment', remedy: 'Take out the # and what stands after it.' };
  if (url.protocol === 'http:' && !isPrivateHost(url.hostname))
    return {
      problem: `url is http, but ${url.hostname} may be on the public internet`,
      remedy:
        'Use https: tokens travel through it. http is for loopback, private addresses, names without a dot, and names under .internal, .local or .svc.',
    };
  return undefined;
}

/**
 * Whether a host is loopback or in the operator's own network: an address of a loopback or private range in any notation, a
 * name without a dot, or a name under one of the endings that no public name has.
 * @param hostname as in `URL.hostname`
 */
function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  // The URL parser has turned every notation of IPv4 into four numbers; process() does so with IPv4-mapped IPv6.
  if (ipaddr.isValid(host)) return PRIVATE_RANGES.includes(ipaddr.process(host).range());
  return !host.includes('.') || PRIVATE_NAME.test(host);
}
