/**
 * Client metadata documents: the client id is the https URL of the client's own metadata. Cached by its HTTP headers; a
 * stale copy serves for at most a day when the host fails, never after the document is gone or wrong. @see OAuth Client
 * ID Metadata Document, draft-ietf-oauth-client-id-metadata-document
 */

import type { JWK } from 'jose';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { invalidClient, OAuthError } from '../../protocol/oauth-error.ts';
import { type FetchedJson, FetchRefused, type GuardedFetch } from '../../security/guarded-fetch.ts';
import type { Client, ClientDocuments } from './client.ts';
import { type ClientRules, parseClientMetadata } from './client-metadata.ts';

/** Bytes. */
const MAX_DOCUMENT = 5 * 1024;
const MAX_JWKS = 32 * 1024;
/** Seconds. */
const [MIN_FRESH, DEFAULT_FRESH, MAX_FRESH, MAX_STALE] = [60, 300, 86400, 86400];
const REMEMBERED = 1000;
/** Documents fetched at the same time. */
const AT_ONCE = 32;

interface FetchedDocuments extends ClientDocuments {
  /** A client's key set, from its `jwks_uri`. @throws {OAuthError} invalid_client */
  fetchJwks(uri: string): Promise<{ keys: JWK[] }>;
}

interface ClientDocumentOptions {
  readonly fetch: GuardedFetch;
  readonly rules: ClientRules;
  /** Epoch seconds. */
  readonly now: () => number;
}

interface Kept<Value> {
  readonly value: Value;
  readonly freshUntil: number;
  readonly fetchedAt: number;
}

export function createClientDocuments({ fetch, rules, now }: ClientDocumentOptions): FetchedDocuments {
  /** Fetches and keeps one kind of document; calls for one address at a time share a fetch. */
  function kept<Value extends object>(
    maxBytes: number,
    parse: (url: string, body: unknown) => Value,
  ): (url: string) => Promise<Value> {
    const cache = new LRUCache<string, Kept<Value>>({ max: REMEMBERED });
    const underWay = new Map<string, Promise<Value>>();

    async function load(url: string): Promise<Value> {
      const before = cache.get(url);
      if (before !== undefined && now() < before.freshUntil) return before.value;
      try {
        const fetched = await fetch.json(url, maxBytes);
        const value = parse(url, fetched.body);
        cache.set(url, { value, fetchedAt: now(), freshUntil: now() + freshFor(fetched.headers) });
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
            `the document at client_id ${error.message}`.slice(0, 300).replace(/["\\]/g, "'"),
            error.message,
          );
        throw error;
      }
    }

    return (url) => {
      let running = underWay.get(url);
      if (running === undefined) {
        const fresh = cache.get(url);
        if (fresh !== undefined && now() < fresh.freshUntil) return Promise.resolve(fresh.value);
        // Strangers choose what is fetched: only so much of it at once.
        if (underWay.size >= AT_ONCE) return Promise.reject(tooMany());
        running = load(url).finally(() => underWay.delete(url));
        underWay.set(url, running);
      }
      return running;
    };
  }

  return {
    isDocumentId: isDocumentUrl,
    fetch: kept(MAX_DOCUMENT, (url, body): Client => {
      const document = z.looseObject({ client_id: z.string() }).safeParse(body);
      if (!document.success || document.data.client_id !== url)
        throw invalidClient('the document at client_id does not name itself as client_id');
      if ('client_secret' in document.data || 'client_secret_expires_at' in document.data)
        throw invalidClient('the document at client_id holds a client_secret');
      // Whoever publishes a document has no shared secret with this server: not saying how it authenticates means
      // `none`.
      const metadata = parseClientMetadata({ token_endpoint_auth_method: 'none', ...document.data }, rules);
      if (metadata.token_endpoint_auth_method.startsWith('client_secret'))
        throw invalidClient('a metadata document cannot use a client secret');
      return { clientId: url, origin: 'document', metadata };
    }),
    fetchJwks: kept(MAX_JWKS, (_url, body) => {
      const set = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(20) }).safeParse(body);
      if (!set.success) throw invalidClient('the document at jwks_uri is not a key set');
      return { keys: set.data.keys as JWK[] };
    }),
  };
}

/** An https URL with a path, without fragment, user information or dot segments, spelled as URLs normalise. */
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

/** @see RFC 9110 section 15.6.4 */
function tooMany(): OAuthError {
  return new OAuthError('temporarily_unavailable', 'too many client documents are being fetched: try again', {
    status: 503,
    headers: { 'Retry-After': '5' },
  });
}

/** Seconds for which HTTP lets a cache keep the answer, within our bounds (RFC 9111 section 4.2.1). */
function freshFor(headers: FetchedJson['headers']): number {
  const control = String(headers['cache-control'] ?? '');
  if (/\bno-(?:store|cache)\b/i.test(control)) return MIN_FRESH;
  const maxAge = /\bmax-age=(\d{1,9})/i.exec(control)?.[1];
  const age = Number(headers.age ?? 0);
  const seconds = maxAge === undefined ? DEFAULT_FRESH : Number(maxAge) - (Number.isFinite(age) ? age : 0);
  return Math.min(MAX_FRESH, Math.max(MIN_FRESH, seconds));
}
