/**
 * Client authentication at the token, revocation and introspection endpoints. Public clients send only their id;
 * confidential clients send a secret (in the header or the body) or a signed assertion, which can be used once.
 * @see OAuth 2.1 section 2.4, RFC 7523 section 3
 */

import { createLocalJWKSet, decodeJwt, type JWK, jwtVerify } from 'jose';
import type Koa from 'koa';
import { defined } from '../../base/defined.ts';
import { invalidClient, invalidRequest } from '../../protocol/oauth-error.ts';
import type { Parameters } from '../../protocol/parameters.ts';
import type { RateLimit } from '../../security/rate-limits.ts';
import { hashToken, matchesHash } from '../../security/secrets.ts';
import type { Store } from '../../store/store.ts';
import type { Client, ClientDirectory } from './client.ts';
import { ASSERTION_ALGORITHMS } from './client-metadata.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Maximum lifetime of an assertion in seconds; for so long the store remembers its `jti`. */
const MAX_ASSERTION_TTL = 600;
/** Seconds by which the client's clock may differ from ours. */
const CLOCK_TOLERANCE = 60;

/** The client id and the credentials that a request presents, not yet checked. */
interface ClientCredentials {
  readonly clientId: string;
  readonly secret?: string;
  readonly assertion?: string;
  /** Whether the Authorization header was used: the 401 answer then has a challenge (RFC 6749 section 5.2). */
  readonly basic: boolean;
}

/** Whether the assertions of a client count against its address (design decision 17): not for those of the operator. */
export function hasCountedAssertions({ origin, metadata }: Client): boolean {
  return origin !== 'preregistered' && metadata.token_endpoint_auth_method === 'private_key_jwt';
}

export interface ClientAuthentication {
  /**
   * Finds the client that sent a request, and checks its credentials.
   * @throws {OAuthError} invalid_client; invalid_request when the request presents credentials in several ways;
   * temporarily_unavailable when the client's document or key set cannot be fetched
   * @throws {TooManyRequests} when the address has used up its budget of fetched documents
   */
  identify(ctx: Koa.Context, parameters: Parameters): Promise<Client>;
}

interface ClientAuthenticationOptions {
  readonly issuer: string;
  readonly store: Store;
  readonly clients: ClientDirectory;
  /** Fetches the key set at a client's `jwks_uri`, for a request of an IP address. */
  readonly fetchJwks: (uri: string, address: string) => Promise<{ keys: JWK[] }>;
  /** Counts assertions by IP address; the token endpoint gives back those that led to tokens. */
  readonly limit: RateLimit;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** Creates the check of client credentials. */
export function createClientAuthentication(options: ClientAuthenticationOptions): ClientAuthentication {
  const { issuer, store, clients, fetchJwks, limit, now } = options;

  /** @see RFC 7523 section 3 */
  async function checkAssertion(assertion: string, client: Client, address: string): Promise<void> {
    const { jwks, jwks_uri } = client.metadata;
    const keySet = jwks ?? (jwks_uri === undefined ? undefined : await fetchJwks(jwks_uri, address));
    if (keySet === undefined) throw invalidClient('the client has no keys to check its assertion with');
    // Each costs a check of its signature, and is kept.
    if (hasCountedAssertions(client)) await limit.consume(address);
    const { payload } = await jwtVerify(assertion, createLocalJWKSet({ keys: keySet.keys as JWK[] }), {
      algorithms: [...ASSERTION_ALGORITHMS],
      issuer: client.clientId,
      subject: client.clientId,
      audience: [issuer, `${issuer}/token`],
      requiredClaims: ['exp', 'jti'],
      clockTolerance: CLOCK_TOLERANCE,
      currentDate: new Date(now() * 1000),
    }).catch((error: unknown) => {
      // Not only errors of jose: malformed keys make WebCrypto throw other errors.
      throw invalidClient('client_assertion: not valid', error instanceof Error ? error.message : undefined);
    });
    const lifetime = (payload.exp ?? 0) - now();
    if (lifetime > MAX_ASSERTION_TTL) throw invalidClient('client_assertion: expires too far ahead', `${lifetime} s`);
    // Hashed to a fixed length, because the client chooses the length of `jti`.
    const id = hashToken(JSON.stringify([client.clientId, payload.jti]));
    const fresh = await store.shared.useOnce(`assertion:${id}`, Math.ceil(lifetime) + 2 * CLOCK_TOLERANCE);
    if (!fresh) throw invalidClient('client_assertion: used before');
  }

  async function authenticate(
    credentials: ClientCredentials,
    client: Client | undefined,
    address: string,
  ): Promise<Client> {
    const refuse = (detail: string) =>
      invalidClient(
        'client authentication failed; register again if this server has forgotten you',
        detail,
        credentials.basic,
      );
    if (client === undefined) throw refuse('unknown client');
    switch (client.metadata.token_endpoint_auth_method) {
      case 'none':
        return client;
      case 'private_key_jwt':
        if (credentials.assertion === undefined) throw refuse('no assertion');
        await checkAssertion(credentials.assertion, client, address);
        return client;
      default:
        // The secret may be in the header or the body, whichever was registered (docs/clients.md, SDK v1).
        if (credentials.secret === undefined || client.secretHash === undefined) throw refuse('no secret');
        if (!matchesHash(credentials.secret, client.secretHash)) throw refuse('wrong secret');
        return client;
    }
  }

  return {
    async identify(ctx, parameters) {
      const credentials = clientCredentials(ctx, parameters);
      return authenticate(credentials, await clients.find(credentials.clientId, ctx.ip), ctx.ip);
    },
  };
}

/**
 * Reads the client id and the credentials of a request.
 * @throws {OAuthError} invalid_request when there are several kinds of credentials, invalid_client when there is no id
 */
function clientCredentials(ctx: Koa.Context, parameters: Parameters): ClientCredentials {
  const header = ctx.get('authorization');
  const named = parameters.get('client_id');
  const secret = parameters.get('client_secret');
  const assertion = parameters.get('client_assertion');
  if (header !== '') {
    const basic = parseBasic(header);
    if (basic === undefined)
      throw invalidClient('the Authorization header is not Basic client authentication', undefined, true);
    if (secret !== undefined || assertion !== undefined)
      throw invalidRequest('client authentication in the header and in the body');
    if (named !== undefined && named !== basic.clientId)
      throw invalidRequest('client_id differs from the one in the header');
    return { ...basic, basic: true };
  }
  if (assertion !== undefined) {
    if (secret !== undefined) throw invalidRequest('client_secret and client_assertion exclude each other');
    if (parameters.get('client_assertion_type') !== ASSERTION_TYPE)
      throw invalidRequest(`client_assertion_type must be ${ASSERTION_TYPE}`);
    const clientId = named ?? assertionSubject(assertion);
    if (clientId === undefined) throw invalidClient('client_assertion: names no client');
    return { clientId, assertion, basic: false };
  }
  if (named === undefined) throw invalidClient('client_id is missing');
  return { clientId: named, ...defined({ secret }), basic: false };
}

/** Parses the Basic header; id and secret are form-encoded inside it (OAuth 2.1 section 2.4.1). */
function parseBasic(header: string): { clientId: string; secret?: string } | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/_-]+=*)$/i.exec(header)?.[1];
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString('utf8')) ?? [];
  try {
    const clientId = decodeForm(id ?? '');
    if (clientId === '') return undefined;
    return secret === undefined || secret === '' ? { clientId } : { clientId, secret: decodeForm(secret) };
  } catch {
    return undefined;
  }
}

function decodeForm(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

function assertionSubject(assertion: string): string | undefined {
  try {
    const { sub } = decodeJwt(assertion);
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}
