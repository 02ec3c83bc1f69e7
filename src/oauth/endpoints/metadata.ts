/**
 * Authorization server metadata, for OAuth and for OpenID Connect. It lists only what the code supports and enforces.
 * @see RFC 8414 section 2, OpenID Connect Discovery 1.0 section 3
 */

import type Koa from 'koa';
import { defined } from '../../base/defined.ts';
import type { Operator } from '../../config/operator.ts';
import { LOCALES } from '../../web/locale.ts';
import { ASSERTION_ALGORITHMS, CLIENT_AUTHENTICATION_METHODS } from '../clients/client-metadata.ts';
import { grantTypes } from '../grants/index.ts';
import { OPENID_SCOPES } from '../scope.ts';

/** Values of `prompt` (OpenID Connect Core section 3.1.2.1). */
export const PROMPT_VALUES: readonly string[] = ['none', 'login', 'consent', 'select_account'];

/** Seconds for which clients may keep metadata. */
const MAX_AGE = 300;

interface MetadataOptions {
  readonly issuer: string;
  /** Whether client ids may be https URLs of metadata documents. */
  readonly clientMetadataDocuments: boolean;
  /** The upstream scopes to list: the default ones and those that the tools need. */
  readonly upstreamScopes: readonly string[];
  readonly operator: Operator;
}

/** The authorization server metadata document (RFC 8414 section 2). */
export function authorizationServerMetadata(options: MetadataOptions): Record<string, unknown> {
  const { issuer, operator } = options;
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    revocation_endpoint: `${issuer}/revoke`,
    introspection_endpoint: `${issuer}/introspect`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    userinfo_endpoint: `${issuer}/userinfo`,
    scopes_supported: [...new Set([...options.upstreamScopes, ...OPENID_SCOPES.keys()])],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: grantTypes.map(({ name }) => name),
    token_endpoint_auth_methods_supported: [...CLIENT_AUTHENTICATION_METHODS],
    token_endpoint_auth_signing_alg_values_supported: [...ASSERTION_ALGORITHMS],
    revocation_endpoint_auth_methods_supported: [...CLIENT_AUTHENTICATION_METHODS],
    revocation_endpoint_auth_signing_alg_values_supported: [...ASSERTION_ALGORITHMS],
    introspection_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION_METHODS.filter((method) => method !== 'none'),
    introspection_endpoint_auth_signing_alg_values_supported: [...ASSERTION_ALGORITHMS],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: options.clientMetadataDocuments,
    ui_locales_supported: [...LOCALES],
    // The landing page, which names the operator and says how to connect.
    service_documentation: issuer,
    ...defined({ op_policy_uri: operator.privacyUrl, op_tos_uri: operator.termsUrl }),
  };
}

/** The OpenID Connect Discovery document: the same members, and those that OpenID Connect adds. */
export function openidConfiguration(options: MetadataOptions): Record<string, unknown> {
  return {
    ...authorizationServerMetadata(options),
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    claims_supported: [
      'iss',
      'sub',
      'aud',
      'exp',
      'iat',
      'auth_time',
      'nonce',
      'at_hash',
      'name',
      'preferred_username',
      'picture',
      'email',
      'email_verified',
    ],
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    prompt_values_supported: [...PROMPT_VALUES],
  };
}

/** Creates a handler that answers with a public document, cacheable for {@link MAX_AGE}. */
export function publicDocument(document: () => unknown | Promise<unknown>): Koa.Middleware {
  return async (ctx) => {
    ctx.set('Cache-Control', `public, max-age=${MAX_AGE}`);
    ctx.body = await document();
  };
}
