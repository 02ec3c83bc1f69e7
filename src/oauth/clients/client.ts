/**
 * Clients of all three origins: dynamically registered, preregistered by the operator (`CLIENTS_FILE`), or described by
 * a metadata document (design decision 13).
 * @see RFC 7591 section 2, OAuth 2.1 section 2
 */
import type Koa from 'koa';
import { defined } from '../../base/defined.ts';
import { OAuthError } from '../../protocol/oauth-error.ts';
import { isRandomId } from '../../security/secrets.ts';
import type { RegisteredClient } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { PageError } from '../../web/page-error.ts';
import { type ClientMetadata, clientMetadataSchema } from './client-metadata.ts';

/** Seconds after its last use (a login or a refresh) for which a registration is kept at least. */
export const UNUSED_CLIENT_TTL = 90 * 86400;
/** Seconds after a recorded use in which no other refresh is recorded. A recorded use keeps a registration longer by these. */
const USE_INTERVAL = 86400;

/** A client as the endpoints use it. */
export interface Client {
  readonly clientId: string;
  readonly origin: 'registered' | 'preregistered' | 'document';
  readonly metadata: ClientMetadata;
  /** SHA-256 of the client secret; absent for a client without one. */
  readonly secretHash?: string;
  /** For a preregistered resource server: its resource; it may introspect the tokens for it. */
  readonly resource?: string;
  /** Epoch seconds when a registration is deleted, unless it is used before; absent for a client of another origin. */
  readonly expiresAt?: number;
}

export interface ClientDirectory {
  /**
   * Finds a client; undefined when there is none with this id.
   * @param address the IP address of the request, which has a budget of fetched documents
   * @throws {OAuthError} when the metadata document cannot be fetched or is not valid
   * @throws {TooManyRequests} when the budget is used up
   */
  find(clientId: string, address: string): Promise<Client | undefined>;
}

/** Finds clients whose id is the URL of a metadata document. */
export interface ClientDocuments {
  /** Whether a client id has the form of such a URL. */
  isDocumentId(clientId: string): boolean;
  /**
   * The client that the document describes, cached or fetched.
   * @param address the IP address of the request
   * @throws {OAuthError} temporarily_unavailable when the document cannot be fetched; invalid_client,
   * invalid_client_metadata or invalid_redirect_uri when it is not valid
   * @throws {TooManyRequests} when the address has used up its budget of fetches
   */
  fetch(clientId: string, address: string): Promise<Client>;
}

/**
 * Creates the directory.
 * @param preregistered clients of `CLIENTS_FILE`, by id
 * @param documents absent when metadata documents are switched off
 */
export function createClientDirectory(
  store: Store,
  preregistered: ReadonlyMap<string, Client>,
  documents?: ClientDocuments,
): ClientDirectory {
  /** The clients of the records that the store keeps parsed; a changed registration is another record. */
  const parsed = new WeakMap<RegisteredClient, Client>();

  async function findRegistered(clientId: string): Promise<Client | undefined> {
    const registration = await store.clients.get(clientId);
    if (registration === undefined) return undefined;
    const client = parsed.get(registration.client) ?? fromRegistration(registration.client);
    parsed.set(registration.client, client);
    return { ...client, expiresAt: registration.expiresAt };
  }

  return {
    async find(clientId, address) {
      const fixed = preregistered.get(clientId);
      if (fixed !== undefined) return fixed;
      if (documents?.isDocumentId(clientId)) return documents.fetch(clientId, address);
      return isRandomId(clientId) ? findRegistered(clientId) : undefined;
    },
  };
}

/**
 * Finds a client for an endpoint that answers with pages.
 * @throws {PageError} when the metadata document cannot be fetched or is not valid
 */
export async function findForPage(
  clients: ClientDirectory,
  ctx: Koa.Context,
  clientId: string,
): Promise<Client | undefined> {
  return clients.find(clientId, ctx.ip).catch((error: unknown) => {
    if (!(error instanceof OAuthError)) throw error;
    const { code, description, headers } = error;
    if (code !== 'temporarily_unavailable')
      throw new PageError('invalid_client_metadata', { description, cause: error });
    throw new PageError('client_unreachable', {
      description,
      retryAfter: Number(headers['Retry-After']),
      cause: error,
    });
  });
}

/** Converts a stored registration to a client. */
function fromRegistration(registered: RegisteredClient): Client {
  return {
    clientId: registered.clientId,
    origin: 'registered',
    metadata: clientMetadataSchema.parse(registered.metadata),
    ...defined({ secretHash: registered.secretHash }),
  };
}

/** The name of a client for people: its `client_name`, or its id. */
export function clientName(client: Client): string {
  return client.metadata.client_name ?? client.clientId;
}

/** Extends the registration of a client that a person logs in to, and records the person; other clients have none. */
export async function touchRegistration({ clients }: Store, clientId: string, person: string): Promise<void> {
  if (isRandomId(clientId)) await clients.touch(clientId, UNUSED_CLIENT_TTL + USE_INTERVAL, person);
}

/**
 * Extends the registration of a client that refreshes a token, unless a use of the last {@link USE_INTERVAL} has extended it.
 * @param now epoch seconds
 */
export async function renewRegistration(store: Store, client: Client, person: string, now: number): Promise<void> {
  if (client.expiresAt !== undefined && client.expiresAt < now + UNUSED_CLIENT_TTL)
    await touchRegistration(store, client.clientId, person);
}
