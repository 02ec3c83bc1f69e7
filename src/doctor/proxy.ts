/** Checks the proxy in front: whether its X-Forwarded headers count, without which all its clients share their limits. */
import { isoTime } from '../base/iso-time.ts';
import type { Config } from '../config/config.ts';
import { inRanges } from '../security/address-ranges.ts';
import { readIgnoredProxy } from '../security/ignored-proxy.ts';
import type { SharedStore } from '../store/store.ts';
import type { Finding } from './finding.ts';

const CHECK = 'TRUSTED_PROXIES';
const CONSEQUENCE = 'until then all its clients count as one address, and share their limits';

/** Compares `TRUSTED_PROXIES` with what the bridge has seen, and with `PUBLIC_URL`. */
export async function checkProxy({ trustedProxies, publicUrl }: Config, store: SharedStore): Promise<Finding[]> {
  const ignored = await readIgnoredProxy(store);
  if (ignored !== undefined && !inRanges(trustedProxies)(ignored.peer)) {
    const when = isoTime(ignored.at);
    const warning = `the X-Forwarded headers of ${ignored.peer} were ignored (${when}); if it is your proxy, name it here: ${CONSEQUENCE}`;
    return [{ check: CHECK, warning }];
  }
  // The bridge itself speaks http only.
  if (publicUrl.startsWith('https:') && trustedProxies.length === 0) {
    const warning = `PUBLIC_URL is https, so a proxy is in front, and none is named here: ${CONSEQUENCE}`;
    return [{ check: CHECK, warning }];
  }
  return [];
}
