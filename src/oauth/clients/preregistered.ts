/**
 * Preregistered clients: the operator's `CLIENTS_FILE`, a JSON list in RFC 7591 terms. A resource server that
 * introspects tokens is also an entry; its member `resource` names the resource.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { defined } from '../../base/defined.ts';
import { parseJson } from '../../base/json.ts';
import { SettingError, systemCode } from '../../base/setting-error.ts';
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
 * @throws {SettingError} which says which entry is wrong, and why
 */
export function readClientsFile(path: string, rules: ClientRules, resources: readonly string[]): Map<string, Client> {
  const clients = new Map<string, Client>();
  for (const entry of entriesOf(path)) {
    const { client_id: clientId, client_secret: secret, resource, ...rest } = entry;
    const entryError = (problem: string) => fileError(`client ${clientId}: ${problem}`);
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

/** The entries, each of the right shape. @throws {SettingError} */
function entriesOf(path: string): z.infer<typeof entrySchema>[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw fileError(`the file cannot be read (${systemCode(cause)})`, 'Name a file this process may read.', cause);
  }
  const list = parseJson(text);
  if (!Array.isArray(list))
    throw fileError(list === undefined ? 'the file is not JSON' : 'the file holds no JSON list');
  return list.map((entry, index) => {
    const { data, error } = entrySchema.safeParse(entry);
    if (data !== undefined) return data;
    const { path: where, message } = error.issues[0] ?? { path: [], message: 'not an object' };
    throw fileError(`entry ${index + 1}: ${[...where, message].join(': ')}`);
  });
}

const EXAMPLE =
  'Write for example [{"client_id": "my-client", "redirect_uris": ["https://app.example.com/callback"]}].';

function fileError(problem: string, remedy = EXAMPLE, cause?: unknown): SettingError {
  return new SettingError('CLIENTS_FILE', problem, remedy, { cause });
}
