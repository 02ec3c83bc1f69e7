/**
 * Preregistered clients: the operator's `CLIENTS_FILE`, a JSON list in RFC 7591 terms. A resource server that
 * introspects tokens is also an entry; its member `resource` names the resource.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { defined } from '../../base/defined.ts';
import { OAuthError } from '../../protocol/oauth-error.ts';
import { hashToken } from '../../security/secrets.ts';
import type { Client } from './client.ts';
import { type ClientRules, clientMetadataSchema, parseClientMetadata, usesClientSecret } from './client-metadata.ts';

const entrySchema = z.looseObject({
  client_id: z.string().min(1).max(200),
  client_secret: z.string().min(16).optional(),
  resource: z.string().optional(),
  redirect_uris: z.array(z.string()).default([]),
});

/**
 * Reads the file.
 * @param resources all audiences of this server; the `resource` of an entry must be one of them
 * @returns the clients by id
 * @throws {Error} whose message says which entry is wrong, and why
 */
export function readClientsFile(path: string, rules: ClientRules, resources: readonly string[]): Map<string, Client> {
  const entries = z.array(entrySchema).parse(JSON.parse(readFileSync(path, 'utf8')));
  const clients = new Map<string, Client>();
  for (const entry of entries) {
    const { client_id: clientId, client_secret: secret, resource, ...rest } = entry;
    const entryError = (problem: string) => new Error(`client ${clientId}: ${problem}`);
    if (clients.has(clientId)) throw entryError('named twice');
    if (resource !== undefined && !resources.includes(resource))
      throw entryError(`resource ${resource} is not one of this server's (RESOURCES)`);
    try {
      // A resource server only introspects tokens, so it needs no redirect URI.
      const metadata =
        resource !== undefined && rest.redirect_uris.length === 0
          ? clientMetadataSchema.parse(rest)
          : parseClientMetadata(rest, rules);
      if (usesClientSecret(metadata) && secret === undefined) throw entryError('client_secret is missing');
      clients.set(clientId, {
        clientId,
        origin: 'preregistered',
        metadata,
        ...defined({ secretHash: secret === undefined ? undefined : hashToken(secret), resource }),
      });
    } catch (error) {
      if (error instanceof OAuthError) throw entryError(error.description);
      throw error;
    }
  }
  return clients;
}
