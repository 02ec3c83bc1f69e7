/**
 * `OAuthError`, and functions that create the common ones. The answer shows the HTTP status, the code and the
 * description; the detail goes only to events and logs (design decision 15).
 */
import { defined } from '../base/defined.ts';

/** The error codes that this server answers with: OAuth 2.1, RFC 6750, RFC 7591, RFC 8707 and OpenID Connect Core. */
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

/** An error that is answered as an OAuth error. The default status is 400. */
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

/* Errors with status 400, one function per code. The `detail` of `invalidGrant` is for events and logs only. */
export const invalidRequest = (description: string): OAuthError => oauthError('invalid_request', description);
export const invalidGrant = (description: string, detail?: string): OAuthError =>
  oauthError('invalid_grant', description, detail);
export const invalidTarget = (description: string): OAuthError => oauthError('invalid_target', description);
export const invalidScope = (description: string): OAuthError => oauthError('invalid_scope', description);
export const invalidClientMetadata = (description: string): OAuthError =>
  oauthError('invalid_client_metadata', description);
export const invalidRedirectUri = (description: string): OAuthError => oauthError('invalid_redirect_uri', description);

/**
 * `invalid_client` with status 401, on which MCP clients register again (OAuth 2.1 section 3.2.4).
 * @param basic whether the request used the Authorization header: the answer then has a `WWW-Authenticate` challenge
 */
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
