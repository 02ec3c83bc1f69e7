/**
 * Dynamic client registration and its management. The answer equals the stored registration; a registration is deleted
 * 90 days after its last use.
 * @see RFC 7591 section 3, RFC 7592 section 2
 */
import type Koa from 'koa';
import { defined } from '../../base/defined.ts';
import { bearerToken, jsonBody, noStore } from '../../protocol/http.ts';
import { invalidClientMetadata, OAuthError } from '../../protocol/oauth-error.ts';
import { hashToken, isRandomId, matchesHash, randomId, randomToken } from '../../security/secrets.ts';
import type { RegisteredClient } from '../../store/records.ts';
import { UNUSED_CLIENT_TTL } from '../clients/client.ts';
import { parseClientMetadata, usesClientSecret } from '../clients/client-metadata.ts';
import type { Services } from './services.ts';

/** Maximum number of stored registrations that no login has used; the oldest one is deleted for a new one. */
const MAX_UNUSED_CLIENTS = 20_000;

type Registration = Pick<Services, 'issuer' | 'store' | 'events' | 'limits' | 'now' | 'clientRules' | 'sessionEnding'>;

/** `POST /register` */
export function register(services: Registration): Koa.Middleware {
  const { store, events, limits, now } = services;
  return async (ctx) => {
    noStore(ctx);
    const metadata = parseClientMetadata(jsonBody(ctx, invalidClientMetadata), services.clientRules);
    await limits.registration.consume(ctx.ip);
    const registrationToken = randomToken();
    const secret = usesClientSecret(metadata) ? randomToken() : undefined;
    const client: RegisteredClient = {
      clientId: randomId(),
      issuedAt: now(),
      metadata,
      registrationTokenHash: hashToken(registrationToken),
      ...defined({ secretHash: secret === undefined ? undefined : hashToken(secret) }),
    };
    await store.clients.add(client, UNUSED_CLIENT_TTL, MAX_UNUSED_CLIENTS);
    events.emit('client.registered', { clientId: client.clientId, clientName: metadata.client_name ?? '' });
    ctx.status = 201;
    ctx.body = clientInformation(services.issuer, client, { registrationToken, ...defined({ secret }) });
  };
}

/** `GET /register/:client_id` */
export function readRegistration(services: Registration): Koa.Middleware {
  return async (ctx) => {
    noStore(ctx);
    const { client, token } = await authenticated(services, ctx);
    ctx.body = clientInformation(services.issuer, client, { registrationToken: token });
  };
}

/** `PUT /register/:client_id` */
export function updateRegistration(services: Registration): Koa.Middleware {
  return async (ctx) => {
    noStore(ctx);
    const { client, token } = await authenticated(services, ctx);
    const body = jsonBody(ctx, invalidClientMetadata);
    if (body.client_id !== client.clientId)
      throw invalidClientMetadata('client_id: must be the one this address names');
    if (
      typeof body.client_secret === 'string' &&
      !(client.secretHash !== undefined && matchesHash(body.client_secret, client.secretHash))
    ) {
      throw invalidClientMetadata('client_secret: not the one that was issued');
    }
    const metadata = parseClientMetadata(body, services.clientRules);
    const secret = usesClientSecret(metadata) && client.secretHash === undefined ? randomToken() : undefined;
    const { secretHash: before, ...rest } = client;
    const secretHash = usesClientSecret(metadata) ? (secret === undefined ? before : hashToken(secret)) : undefined;
    const updated: RegisteredClient = { ...rest, metadata, ...defined({ secretHash }) };
    if (!(await services.store.clients.replace(updated, client.registrationTokenHash))) throw unknownRegistration();
    services.events.emit('client.updated', { clientId: client.clientId });
    ctx.body = clientInformation(services.issuer, updated, { registrationToken: token, ...defined({ secret }) });
  };
}

/** `DELETE /register/:client_id`; ends the client's grants too (RFC 7592 section 2.3). */
export function removeRegistration(services: Registration): Koa.Middleware {
  const { store, events, sessionEnding } = services;
  return async (ctx) => {
    noStore(ctx);
    const { client } = await authenticated(services, ctx);
    const { clientId } = client;
    const people = await store.clients.remove(clientId, client.registrationTokenHash);
    if (people === undefined) throw unknownRegistration();
    events.emit('client.removed', { clientId });
    for (const person of people) await sessionEnding.endAll(person, 'client_removed', 'client', clientId);
    ctx.status = 204;
  };
}

/** The registration of the request, if its registration access token is right. @throws {OAuthError} invalid_token */
async function authenticated(
  services: Registration,
  ctx: Koa.Context,
): Promise<{ client: RegisteredClient; token: string }> {
  const clientId: unknown = ctx.params?.client_id;
  const token = bearerToken(ctx);
  const registration =
    typeof clientId === 'string' && isRandomId(clientId) ? await services.store.clients.get(clientId) : undefined;
  const client = registration?.client;
  // The same answer for a wrong token and an unknown client, so that the answer does not reveal which ids exist.
  if (token === undefined || client === undefined || !matchesHash(token, client.registrationTokenHash))
    throw unknownRegistration();
  return { client, token };
}

function unknownRegistration(): OAuthError {
  return new OAuthError('invalid_token', 'no registration answers to this registration access token', {
    status: 401,
    headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
  });
}

/**
 * The client information response (RFC 7591 section 3.2.1). It has the client secret only when that was just issued.
 */
function clientInformation(
  issuer: string,
  client: RegisteredClient,
  shown: { registrationToken: string; secret?: string },
): Record<string, unknown> {
  return {
    client_id: client.clientId,
    client_id_issued_at: client.issuedAt,
    ...defined({ client_secret: shown.secret }),
    ...(client.secretHash === undefined ? {} : { client_secret_expires_at: 0 }),
    ...client.metadata,
    registration_access_token: shown.registrationToken,
    registration_client_uri: `${issuer}/register/${client.clientId}`,
  };
}
