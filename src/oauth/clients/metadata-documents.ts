/**
 * Client metadata documents: the client id is the https URL of the client's metadata; and the key sets at the `jwks_uri`
 * of clients of any kind. `document-cache.ts` says when they are fetched.
 * @see OAuth Client ID Metadata Document, draft-ietf-oauth-client-id-metadata-document (design decision 13)
 */

import type { JWK } from 'jose';
import { z } from 'zod';
import { invalidClient } from '../../protocol/oauth-error.ts';
import type { Client, ClientDocuments } from './client.ts';
import { type ClientRules, parseClientMetadata, usesClientSecret } from './client-metadata.ts';
import { createDocumentCache, type DocumentFetching } from './document-cache.ts';

const MAX_DOCUMENT_BYTES = 5 * 1024;
const MAX_JWKS_BYTES = 32 * 1024;

export interface FetchedDocuments extends ClientDocuments {
  /**
   * Fetches the key set at a client's `jwks_uri`; errors as of `fetch`.
   * @param address the IP address of the request
   */
  fetchJwks(uri: string, address: string): Promise<{ keys: JWK[] }>;
  /** Keeps the documents of a client that gets tokens: strangers can neither evict them nor prevent their revalidation. */
  markUsed(client: Client): void;
}

/** Creates the cache of documents and the cache of key sets. */
export function createClientDocuments(fetching: DocumentFetching, rules: ClientRules): FetchedDocuments {
  const documents = createDocumentCache<Client>(fetching, {
    member: 'client_id',
    maxBytes: MAX_DOCUMENT_BYTES,
    parse(url, body) {
      const document = z.looseObject({ client_id: z.string() }).safeParse(body);
      if (!document.success || document.data.client_id !== url)
        throw invalidClient('the document at client_id is not JSON that names itself as client_id');
      if ('client_secret' in document.data || 'client_secret_expires_at' in document.data)
        throw invalidClient('the document at client_id holds a client_secret');
      // The publisher of a document shares no secret with this server, so the default authentication method is `none`.
      const metadata = parseClientMetadata({ token_endpoint_auth_method: 'none', ...document.data }, rules);
      if (usesClientSecret(metadata)) throw invalidClient('a metadata document cannot use a client secret');
      return { clientId: url, origin: 'document', metadata };
    },
  });
  const keySets = createDocumentCache<{ keys: JWK[] }>(fetching, {
    member: 'jwks_uri',
    maxBytes: MAX_JWKS_BYTES,
    parse(_url, body) {
      const set = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(20) }).safeParse(body);
      if (!set.success) throw invalidClient('the document at jwks_uri is not a key set');
      return { keys: set.data.keys as JWK[] };
    },
  });

  return {
    isDocumentId: isDocumentUrl,
    fetch: documents.get,
    fetchJwks: keySets.get,
    markUsed({ clientId, metadata }) {
      documents.markUsed(clientId);
      if (metadata.jwks_uri !== undefined) keySets.markUsed(metadata.jwks_uri);
    },
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
