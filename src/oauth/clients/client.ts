/**
 * Clients, whatever their origin: dynamically registered, pre-registered by the operator (`CLIENTS_FILE`), or standing
 * behind a metadata document. @see RFC 7591 section 2, OAuth 2.1 section 2
 */
import { defined } from '../../base/defined.ts';
import type { RegisteredClient } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { type ClientMetadata, clientMetadataSchema } from './client-metadata.ts';

/** Seconds for which a registration lives without a login. */
export const UNUSED_CLIENT_TTL = 90 * 86400;

/** A client as the endpoints use it. */
export interface Client {
  readonly clientId: string;
  readonly origin: 'registered' | 'preregistered' | 'document';
  readonly metadata: ClientMetadata;
  /** SHA-256 of its secret; absent for a client without one. */
  readonly secretHash?: string;
  /** The resource a pre-registered resource server stands for, and may introspect tokens of. */
  readonly resource?: string;
}

export interface ClientDirectory {
  /**
   * Finds a client; undefined when this server knows none of that id.
   * @throws {OAuthError} when a metadata document cannot be taken
   */
  find(clientId: string): Promise<Client | undefined>;
}

/** Resolves ids that are URLs of client metadata documents. */
export interface ClientDocuments {
  isDocumentId(clientId: string): boolean;
  /** @throws {OAuthError} invalid_client when the document cannot be had or is not valid */
  fetch(clientId: string): Promise<Client>;
}

/**
 * @param preregistered clients of `CLIENTS_FILE`, by id
 * @param documents absent when metadata documents are switched off
 */
export function createClientDirectory(
  store: Store,
  preregistered: ReadonlyMap<string, Client>,
  documents?: ClientDocuments,
): ClientDirectory {
  return {
    async find(clientId) {
      const fixed = preregistered.get(clientId);
      if (fixed !== undefined) return fixed;
      if (documents?.isDocumentId(clientId)) return documents.fetch(clientId);
      const registered = isRegisteredId(clientId) ? await store.clients.get(clientId) : undefined;
      return registered === undefined ? undefined : fromRegistration(registered);
    },
  };
}

/** A stored registration as a client. */
function fromRegistration(registered: RegisteredClient): Client {
  return {
    clientId: registered.clientId,
    origin: 'registered',
    metadata: clientMetadataSchema.parse(registered.metadata),
    ...defined({ secretHash: registered.secretHash }),
  };
}

/** What people call a client. */
export function clientName(client: Client): string {
  return client.metadata.client_name ?? client.clientId;
}

/** Ids this server makes: nothing else is looked up in the store. */
export function isRegisteredId(clientId: string): boolean {
  return /^[A-Za-z0-9_-]{22}$/.test(clientId);
}
