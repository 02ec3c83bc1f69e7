/**
 * The upstream: the identity provider behind this authorization server, as the server sees it. GitHub implements it
 * (`../github/upstream.ts`); nothing in this folder knows more of GitHub than this.
 */

import { OAuthError } from '../protocol/oauth-error.ts';
import type { Parameters } from '../protocol/parameters.ts';
import type { Account, Credential, CredentialState } from '../store/records.ts';
import type { UpstreamScopes } from './scope.ts';

/** What the authorization server sends a person upstream with. */
export interface UpstreamRequest {
  readonly state: string;
  /** The PKCE verifier of the upstream leg; its challenge is sent. */
  readonly codeVerifier: string;
  readonly scope: readonly string[];
  readonly loginHint?: string;
  readonly selectAccount: boolean;
}

/** A login that the upstream completed: who it is, and the credential that acts for them. */
export interface UpstreamLogin {
  /** Opaque tag of the person; the hash tag in Redis Cluster. */
  readonly person: string;
  readonly credentialId: string;
  readonly credential: Credential;
  readonly account: Account;
  /** Scopes the upstream really granted; decides what a token may say. */
  readonly grantedScope: readonly string[];
}

/** Why a login failed upstream, in OAuth's terms for the client and as a page for the person. */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';
  readonly code: 'access_denied' | 'server_error' | 'temporarily_unavailable';
  readonly page:
    | 'github_denied'
    | 'github_account'
    | 'github_suspended'
    | 'github_unreachable'
    | 'github_misconfigured'
    | 'not_allowed'
    | 'expired_request';
  readonly description: string;
  readonly login: string | undefined;

  constructor(
    code: UpstreamFailure['code'],
    page: UpstreamFailure['page'],
    description: string,
    options: { detail?: string; login?: string; cause?: unknown } = {},
  ) {
    super(options.detail ?? description, { cause: options.cause });
    this.code = code;
    this.page = page;
    this.description = description;
    this.login = options.login;
  }
}

export interface Upstream {
  readonly scopes: UpstreamScopes;
  /** Scopes asked for the operator's policy alone: shown at consent, not put into tokens. */
  readonly policyScope: readonly string[];
  /** Where the person's browser goes. */
  authorizationUrl(request: UpstreamRequest): string;
  /**
   * Reads the upstream's authorization response, redeems its code, reads who it is and applies the operator's policy.
   * @param parameters of the response: a code or an error
   * @param requestedScope what the upstream was asked for
   * @throws {UpstreamFailure}
   */
  finishLogin(parameters: Parameters, codeVerifier: string, requestedScope: readonly string[]): Promise<UpstreamLogin>;
  /** Hands the tokens of a login back that no session will use. Never fails. */
  discard(login: UpstreamLogin): Promise<void>;
  /**
   * Checks again, at a refresh, that the person may still be here, and renews the credential when that is due.
   * @throws {UpstreamFailure} access_denied when not, temporarily_unavailable when it cannot be decided
   */
  recheck(credential: CredentialState): Promise<void>;
  /** What userinfo says of a person beyond the account: the verified primary address, for the scope `email`. */
  email(credential: CredentialState): Promise<string | undefined>;
}

/** The answer to a program while the upstream cannot be asked: nothing has changed, try again (design decision 10). */
export function upstreamUnavailable(failure: UpstreamFailure): OAuthError {
  return new OAuthError('temporarily_unavailable', failure.description, {
    status: 503,
    detail: failure.message,
    headers: { 'Retry-After': '30' },
  });
}
