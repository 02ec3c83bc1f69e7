/**
 * Client metadata documents: the client id is the https URL of the client's metadata. Documents are cached as their
 * HTTP headers say. While the host does not answer, a stale copy is used for at most a day; after a refusal such as
 * 404, or an invalid document, it is not used (design decision 13).
 * @see OAuth Client ID Metadata Document, draft-ietf-oauth-client-id-metadata-document
 */

import type { JWK } from 'jose';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { invalidClient, OAuthError } from '../../protocol/oauth-error.ts';
import { type FetchedJson, FetchRefused, type GuardedFetch } from '../../security/guarded-fetch.ts';
import type { Client, ClientDocuments } from './client.ts';
import { type ClientRules, parseClientMetadata, usesClientSecret } from './client-metadata.ts';

const MAX_DOCUMENT_BYTES = 5 * 1024;
const MAX_JWKS_BYTES = 32 * 1024;
/**
 * Seconds: the minimum, default and maximum time for which a fetched document is fresh, and the time since its fetch
 * for which a stale document may be used while its host does not answer.
 */
const [MIN_FRESH, DEFAULT_FRESH, MAX_FRESH, MAX_STALE] = [60, 300, 86400, 86400];
/** Documents in the cache. */
const MAX_CACHED = 1000;
/** Documents of one kind (metadata, key sets) that are fetched at the same time. */
const MAX_CONCURRENT_FETCHES = 32;

interface FetchedDocuments extends ClientDocuments {
  /** Fetches the key set at a client's `jwks_uri`. @throws {OAuthError} invalid_client when that is not possible */
  fetchJwks(uri: string): Promise<{ keys: JWK[] }>;
}

interface ClientDocumentOptions {
  readonly fetch: GuardedFetch;
  readonly rules: ClientRules;
  /** Epoch seconds. */
  readonly now: () => number;
}

interface CacheEntry<Value> {
  readonly value: Value;
  /** Epoch seconds. */
  readonly freshUntil: number;
  /** Epoch seconds. */
  readonly fetchedAt: number;
}

/** Creates the cache of documents and the cache of key sets. */
export function createClientDocuments({ fetch, rules, now }: ClientDocumentOptions): FetchedDocuments {
  /** Fetches and caches one kind of document; simultaneous calls for the same URL share one fetch. */
  function cached<Value extends object>(
    member: 'client_id' | 'jwks_uri',
    maxBytes: number,
    parse: (url: string, body: unknown) => Value,
  ): (url: string) => Promise<Value> {
    const cache = new LRUCache<string, CacheEntry<Value>>({ max: MAX_CACHED });
    const inFlight = new Map<string, Promise<Value>>();

    async function load(url: string): Promise<Value> {
      const before = cache.get(url);
      if (before !== undefined && now() < before.freshUntil) return before.value;
      try {
        const fetched = await fetch.json(url, maxBytes);
        const value = parse(url, fetched.body);
        cache.set(url, { value, fetchedAt: now(), freshUntil: now() + freshnessLifetime(fetched.headers) });
        return value;
      } catch (error) {
        if (
          error instanceof FetchRefused &&
          error.unreachable &&
          before !== undefined &&
          now() - before.fetchedAt < MAX_STALE
        )
          return before.value;
        if (error instanceof FetchRefused || error instanceof OAuthError) cache.delete(url);
        if (error instanceof FetchRefused)
          throw invalidClient(
            `the document at ${member} ${error.message}`.slice(0, 300).replace(/["\\]/g, "'"),
            error.message,
          );
        throw error;
      }
    }

    return (url) => {
      let running = inFlight.get(url);
      if (running === undefined) {
        const fresh = cache.get(url);
        if (fresh !== undefined && now() < fresh.freshUntil) return Promise.resolve(fresh.value);
        // Anyone can make this server fetch documents, so the number of simultaneous fetches is limited.
        if (inFlight.size >= MAX_CONCURRENT_FETCHES) return Promise.reject(tooManyFetches());
        running = load(url).finally(() => inFlight.delete(url));
        inFlight.set(url, running);
      }
      return running;
    };
  }

  return {
    isDocumentId: isDocumentUrl,
    fetch: cached('client_id', MAX_DOCUMENT_BYTES, (url, body): Client => {
      const document = z.looseObject({ client_id: z.string() }).safeParse(body);
      if (!document.success || document.data.client_id !== url)
        throw invalidClient('the document at client_id does not name itself as client_id');
      if ('client_secret' in document.data || 'client_secret_expires_at' in document.data)
        throw invalidClient('the document at client_id holds a client_secret');
      // The publisher of a document shares no secret with this server, so the default authentication method is `none`.
      const metadata = parseClientMetadata({ token_endpoint_auth_method: 'none', ...document.data }, rules);
      if (usesClientSecret(metadata)) throw invalidClient('a metadata document cannot use a client secret');
      return { clientId: url, origin: 'document', metadata };
    }),
    fetchJwks: cached('jwks_uri', MAX_JWKS_BYTES, (_url, body) => {
      const set = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(20) }).safeParse(body);
      if (!set.success) throw invalidClient('the document at jwks_uri is not a key set');
      return { keys: set.data.keys as JWK[] };
    }),
  };
}

/** Whether an id is a normalised https URL with a path, without fragment, user information or dot segments. */
function isDocumentUrl(clientId: string): boolean {
  if (!clientId.startsWith('https://') || clientId.length > 1024 || !URL.canParse(clientId)) return false;
  const url = new URL(clientId);
  return (
    url.href === clientId &&
    url.pathname !== '/' &&
    !clientId.includes('#') &&
    url.username === '' &&
    url.password === ''
  );
}

/** The 503 answer (RFC 9110 section 15.6.4). */
function tooManyFetches(): OAuthError {
  return new OAuthError('temporarily_unavailable', 'too many client documents are being fetched: try again', {
    status: 503,
    headers: { 'Retry-After': '5' },
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
