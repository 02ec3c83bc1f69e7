/**
 * The cache of documents that clients publish: when a document is fetched, for whom, and what is answered meanwhile. Anyone
 * can make this server fetch, by naming a URL, so each network has a budget and few fetches at the same time; a failure is
 * remembered for a short time, and a document of a client that somebody has logged in with is not evicted by others
 * (design decision 13).
 */
import { LRUCache } from 'lru-cache';
import { OAuthError } from '../../protocol/oauth-error.ts';
import { networkOf } from '../../security/address-ranges.ts';
import { type FetchedJson, FetchRefused, type GuardedFetch } from '../../security/guarded-fetch.ts';
import { type RateLimit, TooManyRequests } from '../../security/rate-limits.ts';

/**
 * Seconds: the minimum, default and maximum time for which a fetched document is fresh, and the time since its fetch
 * for which a stale document may be used.
 */
const [MIN_FRESH, DEFAULT_FRESH, MAX_FRESH, MAX_STALE] = [60, 300, 86400, 86400];
/** Seconds for which a failure is answered again without another fetch. */
const FAILURE_TTL = 30;
/** Documents of clients in use, documents of other clients, and failures; each is bounded for itself. */
const MAX_CACHED = 500;
/** Documents that are fetched at the same time: in all, and for one network. */
const [MAX_FETCHES, MAX_FETCHES_OF_NETWORK] = [32, 4];
/** `Retry-After` in seconds when too many documents are being fetched; a fetch takes at most 5 seconds. */
const FETCHES_RETRY = 5;

export interface DocumentCache<Value> {
  /**
   * The document at a URL: a cached copy while it is fresh, otherwise a fetched one. A stale copy is used for at most a day
   * while the host fails, or while this network, or all together, may not fetch.
   * @param address the IP address of the request
   * @throws {OAuthError} temporarily_unavailable when the document cannot be fetched; also what `parse` throws
   * @throws {TooManyRequests} when the network of the address has used up its budget of fetches
   */
  get(url: string, address: string): Promise<Value>;
  /** Marks a cached document as one of a client in use: strangers can neither evict it nor prevent its revalidation. */
  markUsed(url: string): void;
}

/** What the caches of all kinds of documents share. */
export interface DocumentFetching {
  readonly fetch: GuardedFetch;
  /** The budget of fetches of a network. */
  readonly limit: RateLimit;
  /** Epoch seconds. */
  readonly now: () => number;
}

interface DocumentKind<Value> {
  /** The member that has the URL; it is named in the answer. */
  readonly member: 'client_id' | 'jwks_uri';
  readonly maxBytes: number;
  /** @param body undefined when it is not valid JSON @throws {OAuthError} when the document is not valid */
  readonly parse: (url: string, body: unknown) => Value;
}

/** Creates the cache of one kind of document. */
export function createDocumentCache<Value extends object>(
  { fetch, limit, now }: DocumentFetching,
  { member, maxBytes, parse }: DocumentKind<Value>,
): DocumentCache<Value> {
  /** `fetchedAt` and `freshUntil` are epoch seconds. */
  type Copy = { readonly value: Value; readonly fetchedAt: number; readonly freshUntil: number };
  const [used, unused] = [
    new LRUCache<string, Copy>({ max: MAX_CACHED }),
    new LRUCache<string, Copy>({ max: MAX_CACHED }),
  ];
  const failures = new LRUCache<string, { readonly error: unknown; readonly until: number }>({ max: MAX_CACHED });
  /** By URL. */
  const fetching = new Map<string, Promise<Value>>();
  /** By network and URL: what waits for the budget of that network, and then for the fetch. */
  const asking = new Map<string, Promise<Value>>();
  /** The network of each slot that is taken. */
  const slots: string[] = [];

  const copyOf = (url: string) => used.get(url) ?? unused.get(url);

  /** The stale copy, if it may be used. @throws `error` otherwise */
  async function staleOr(url: string, error: unknown): Promise<Value> {
    const copy = copyOf(url);
    if (copy !== undefined && now() - copy.fetchedAt < MAX_STALE) return copy.value;
    throw error;
  }

  /** The answer that costs no new fetch; undefined when there is none. */
  function answerAtHand(url: string): Promise<Value> | undefined {
    const copy = copyOf(url);
    if (copy !== undefined && now() < copy.freshUntil) return Promise.resolve(copy.value);
    const failure = failures.get(url);
    if (failure !== undefined && now() < failure.until) return staleOr(url, failure.error);
    return fetching.get(url);
  }

  function load(url: string): Promise<Value> {
    const running = fetchNow(url).finally(() => fetching.delete(url));
    fetching.set(url, running);
    return running;
  }

  async function fetchNow(url: string): Promise<Value> {
    try {
      const { body, headers } = await fetch.json(url, maxBytes);
      const value = parse(url, body);
      const copy = { value, fetchedAt: now(), freshUntil: now() + freshnessLifetime(headers) };
      (used.has(url) ? used : unused).set(url, copy);
      return value;
    } catch (thrown) {
      const hostFails = thrown instanceof FetchRefused && thrown.unreachable;
      // A document that is gone, or is not valid any more, is not served stale.
      if (!hostFails) for (const cache of [used, unused]) cache.delete(url);
      const error = thrown instanceof FetchRefused ? cannotBeFetched(member, thrown.message, FAILURE_TTL) : thrown;
      failures.set(url, { error, until: now() + FAILURE_TTL });
      return staleOr(url, error);
    }
  }

  /** Fetches a document, if its network may. The first of several networks that ask for one URL fetches it for all. */
  async function fetchFor(url: string, address: string, network: string): Promise<Value> {
    const ofNetwork = slots.filter((other) => other === network).length;
    if (slots.length >= MAX_FETCHES || ofNetwork >= MAX_FETCHES_OF_NETWORK)
      return staleOr(url, cannotBeFetched(member, 'too many documents are being fetched', FETCHES_RETRY));
    slots.push(network);
    try {
      // Not for a client in use: others of the same network could keep its document from being revalidated.
      if (!used.has(url)) await limit.consume(address);
      return await (answerAtHand(url) ?? load(url));
    } catch (error) {
      if (!(error instanceof TooManyRequests)) throw error;
      return answerAtHand(url) ?? staleOr(url, error);
    } finally {
      slots.splice(slots.indexOf(network), 1);
    }
  }

  return {
    get(url, address) {
      const known = answerAtHand(url);
      if (known !== undefined) return known;
      const network = networkOf(address);
      const key = `${network} ${url}`;
      const asked = asking.get(key) ?? fetchFor(url, address, network).finally(() => asking.delete(key));
      asking.set(key, asked);
      return asked;
    },
    markUsed(url) {
      const copy = unused.get(url);
      if (copy === undefined) return;
      unused.delete(url);
      used.set(url, copy);
    },
  };
}

/**
 * The 503 answer (RFC 9110 section 15.6.4). Its description is the same for every reason: the reason would tell which
 * names and addresses there are in this server's network. @param detail the reason, for the log
 */
function cannotBeFetched(member: string, detail: string, retryAfter: number): OAuthError {
  return new OAuthError('temporarily_unavailable', `the document at ${member} cannot be fetched`, {
    status: 503,
    detail,
    headers: { 'Retry-After': String(retryAfter) },
  });
}

/** The freshness lifetime of an answer in seconds (RFC 9111 section 4.2.1), within the limits above. */
function freshnessLifetime(headers: FetchedJson['headers']): number {
  const control = String(headers['cache-control'] ?? '');
  if (/\bno-(?:store|cache)\b/i.test(control)) return MIN_FRESH;
  const maxAge = /\bmax-age=(\d{1,9})/i.exec(control)?.[1];
  const age = Number(headers.age ?? 0);
  const seconds = maxAge === undefined ? DEFAULT_FRESH : Number(maxAge) - (Number.isFinite(age) ? age : 0);
  return Math.min(MAX_FRESH, Math.max(MIN_FRESH, seconds));
}
