/**
 * The error that is answered in the protocol's own terms. It has two faces: the wire shows the HTTP status, the code and
 * the description; only events and logs see the detail.
 */
import { defined } from '../base/defined.ts';

/**
 * Error codes of the OAuth 2.1, RFC 6750, 7591, 7009, 8707 and OpenID Connect registries that this server answers with.
 */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'access_denied'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'interaction_required';

/** An error answered in the protocol's own terms. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly status: number;
  readonly code: OAuthErrorCode;
  readonly description: string;
  /** For events and logs only. */
  readonly detail: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: OAuthErrorCode,
    description: string,
    options: { status?: number; detail?: string; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(`${code}: ${description}${options.detail === undefined ? '' : ` (${options.detail})`}`, {
      cause: options.cause,
    });
    this.status = options.status ?? 400;
    this.code = code;
    this.description = description;
    this.detail = options.detail;
    this.headers = options.headers ?? {};
  }
}

export const invalidRequest = (description: string, detail?: string): OAuthError =>
  oauthError('invalid_request', description, detail);
export const invalidGrant = (description: string, detail?: string): OAuthError =>
  oauthError('invalid_grant', description, detail);
export const invalidTarget = (description: string, detail?: string): OAuthError =>
  oauthError('invalid_target', description, detail);
export const invalidScope = (description: string, detail?: string): OAuthError =>
  oauthError('invalid_scope', description, detail);
export const invalidClientMetadata = (description: string, detail?: string): OAuthError =>
  oauthError('invalid_client_metadata', description, detail);
export const invalidRedirectUri = (description: string, detail?: string): OAuthError =>
  oauthError('invalid_redirect_uri', description, detail);

/** `invalid_client` with 401, which makes MCP clients register again (OAuth 2.1 section 3.2.4). */
export function invalidClient(description: string, detail?: string, basic = false): OAuthError {
  return new OAuthError('invalid_client', description, {
    status: 401,
    ...defined({ detail }),
    headers: basic ? { 'WWW-Authenticate': 'Basic realm="mcp-github-bridge", charset="UTF-8"' } : {},
  });
}

function oauthError(code: OAuthErrorCode, description: string, detail?: string): OAuthError {
  return new OAuthError(code, description, defined({ detail }));
}
