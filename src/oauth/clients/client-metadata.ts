/**
 * Client metadata, from a registration, a metadata document or `CLIENTS_FILE`. It is checked here once; the result is
 * stored, returned to the client and trusted by all other code.
 * @see RFC 7591 section 2
 */
import { z } from 'zod';
import { invalidClientMetadata, invalidRedirectUri } from '../../protocol/oauth-error.ts';
import { spaceSeparated } from '../../protocol/parameters.ts';
import { redirectUriProblem } from './redirect-uri.ts';

/** The methods with which clients can authenticate at the token endpoint. */
export const CLIENT_AUTHENTICATION_METHODS = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
] as const;
/** For clients that name no grant types but need refresh tokens (docs/clients.md, Codex, OpenCode, Copilot CLI). */
const DEFAULT_GRANT_TYPES = ['authorization_code', 'refresh_token'];
/** Accepted signature algorithms of client assertions (RFC 7523). */
export const ASSERTION_ALGORITHMS = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const;

const MAX_REDIRECT_URIS = 20;
/** Characters of all metadata of a client, as JSON; anyone can register, so this limits what the store must keep. */
const MAX_METADATA = 16 * 1024;
const text = (max: number) => z.string().trim().max(max).refine(isPrintable, 'holds control characters');
/** A member that may be absent. A blank text and null count as absent, because clients send them for absent values. */
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (isBlank(value) || value === null ? undefined : value), schema.optional());
const webUri = z.url({ protocol: /^https?$/ }).max(2048);
/**
 * A member of a public key. A member of another type is left out: RFC 7517 section 4 says to ignore unknown members.
 */
const keyMember = z
  .union([z.string(), z.number(), z.boolean(), z.array(z.string())])
  .optional()
  .catch(undefined);
const publicKey = z
  .object({ kty: z.enum(['RSA', 'EC', 'OKP']) })
  .catchall(keyMember)
  .refine((key) => !('d' in key), 'holds a private key');

/** Client metadata in wire spelling, with the defaults applied. */
export const clientMetadataSchema = z.object({
  redirect_uris: z.array(z.string()).max(MAX_REDIRECT_URIS),
  token_endpoint_auth_method: z.enum(CLIENT_AUTHENTICATION_METHODS).default('client_secret_basic'),
  grant_types: z.array(z.string().max(100)).max(10).default(DEFAULT_GRANT_TYPES),
  response_types: z.array(z.string().max(100)).max(10).default(['code']),
  application_type: optional(z.enum(['web', 'native'])),
  client_name: optional(text(200)),
  client_uri: optional(webUri),
  logo_uri: optional(webUri),
  tos_uri: optional(webUri),
  policy_uri: optional(webUri),
  scope: optional(text(2000)),
  contacts: z.array(text(200)).max(10).optional(),
  jwks: z.object({ keys: z.array(publicKey).min(1).max(10) }).optional(),
  jwks_uri: optional(z.url({ protocol: /^https$/ }).max(2048)),
  software_id: optional(text(200)),
  software_version: optional(text(200)),
});

export type ClientMetadata = z.infer<typeof clientMetadataSchema>;

/** The settings that decide which metadata is accepted. */
export interface ClientRules {
  /** Private-use redirect schemes that are accepted besides those with a dot. */
  readonly redirectSchemes: readonly string[];
  /** Grant types that the token endpoint knows. */
  readonly grantTypes: readonly string[];
}

/**
 * Checks client metadata and fills in defaults. Unknown grant types and response types are left out, which RFC 7591
 * section 3.2.1 allows; other values that this server does not support are refused.
 * @throws {OAuthError} invalid_redirect_uri or invalid_client_metadata
 */
export function parseClientMetadata(input: unknown, rules: ClientRules): ClientMetadata {
  const result = clientMetadataSchema.safeParse(input);
  if (!result.success) {
    const [issue] = result.error.issues;
    const path = issue?.path.join('.') ?? '';
    const description = `${path === '' ? 'the metadata' : path}: ${issue?.message ?? 'not valid'}`.replace(
      /[^\x20-\x21\x23-\x5b\x5d-\x7e]/g,
      "'",
    );
    throw path.startsWith('redirect_uris') ? invalidRedirectUri(description) : invalidClientMetadata(description);
  }
  const metadata = result.data;
  if (metadata.redirect_uris.length === 0) throw invalidRedirectUri('redirect_uris: at least one is needed');
  for (const [index, uri] of metadata.redirect_uris.entries()) {
    const problem = redirectUriProblem(uri, rules.redirectSchemes);
    if (problem !== undefined) throw invalidRedirectUri(`redirect_uris.${index} ${problem}`);
  }
  const grantTypes = rules.grantTypes.filter((type) => metadata.grant_types.includes(type));
  if (!grantTypes.includes('authorization_code'))
    throw invalidClientMetadata('grant_types: authorization_code is needed');
  const responseTypes = metadata.response_types.filter((type) => spaceSeparated(type).join(' ') === 'code');
  if (responseTypes.length === 0) throw invalidClientMetadata('response_types: code is needed');
  if (metadata.jwks !== undefined && metadata.jwks_uri !== undefined)
    throw invalidClientMetadata('jwks and jwks_uri exclude each other');
  if (
    metadata.token_endpoint_auth_method === 'private_key_jwt' &&
    metadata.jwks === undefined &&
    metadata.jwks_uri === undefined
  ) {
    throw invalidClientMetadata('private_key_jwt needs jwks or jwks_uri');
  }
  if (JSON.stringify(metadata).length > MAX_METADATA)
    throw invalidClientMetadata(`the metadata is longer than ${MAX_METADATA} characters`);
  return { ...metadata, grant_types: grantTypes, response_types: ['code'] };
}

function isBlank(value: unknown): boolean {
  return typeof value === 'string' && value.trim() === '';
}

function isPrintable(value: string): boolean {
  for (const character of value) {
    const code = character.codePointAt(0) ?? 0;
    // C0 and C1 control characters, and the bidirectional controls, which can make a text look like another one.
    if (
      code < 0x20 ||
      (code >= 0x7f && code <= 0x9f) ||
      (code >= 0x202a && code <= 0x202e) ||
      (code >= 0x2066 && code <= 0x2069)
    )
      return false;
  }
  return true;
}

/** Whether a client authenticates with a client secret. @see RFC 7591 section 2, token_endpoint_auth_method */
export function usesClientSecret({ token_endpoint_auth_method: method }: ClientMetadata): boolean {
  return method === 'client_secret_basic' || method === 'client_secret_post';
}
