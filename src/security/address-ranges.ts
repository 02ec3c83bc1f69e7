/** Ranges of IP addresses, as the operator writes them, and the network that an address counts as. */
import ipaddr from 'ipaddr.js';

/**
 * Creates a test whether an address is in one of the ranges.
 * @param ranges addresses or CIDR ranges
 */
export function inRanges(ranges: readonly string[]): (address: string) => boolean {
  const parsed = ranges.map((text): [ipaddr.IPv4 | ipaddr.IPv6, number] => {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.parse(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  });
  return (text) => {
    if (parsed.length === 0 || !ipaddr.isValid(text)) return false;
    const address = ipaddr.process(text);
    return parsed.some(([range, bits]) => address.kind() === range.kind() && address.match(range, bits));
  };
}

/** What limits count: an IPv4 address, or the /64 of an IPv6 address, because one host can use every address in it. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toNormalizedString().split(':').slice(0, 4).join(':');
}
