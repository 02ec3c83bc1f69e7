/**
 * The upstream: the interface of the identity provider behind this authorization server. `../github/upstream.ts`
 * implements it for GitHub; this folder knows GitHub only through it.
 */

import { OAuthError } from '../protocol/oauth-error.ts';
import type { Parameters } from '../protocol/parameters.ts';
import type { Account, Credential, CredentialState } from '../store/records.ts';
import type { UpstreamScopes } from './scope.ts';

/** An authorization request to the upstream. */
export interface UpstreamRequest {
  readonly state: string;
  /** The PKCE verifier of the request to the upstream; only its challenge is sent. */
  readonly codeVerifier: string;
  readonly scope: readonly string[];
  readonly loginHint?: string;
  /** Whether the upstream should let the person choose an account. */
  readonly selectAccount: boolean;
}

/** A login that the upstream completed: the person's account, and the credential for it. */
export interface UpstreamLogin {
  /** Opaque tag of the person; also the hash tag in Redis Cluster (design decision 18). */
  readonly person: string;
  readonly credentialId: string;
  readonly credential: Credential;
  readonly account: Account;
  /** The scopes that the upstream granted; they limit the scope of the token. */
  readonly grantedScope: readonly string[];
}

/** A login failed at the upstream: `code` is the OAuth error for the client, `page` the error page for the person. */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';
  readonly code: 'access_denied' | 'server_error' | 'temporarily_unavailable';
  readonly page:
    | 'github_denied'
    | 'github_account'
    | 'github_suspended'
    | 'github_unreachable'
    | 'github_rate_limited'
    | 'github_misconfigured'
    | 'not_allowed'
    | 'expired_request';
  readonly description: string;
  /** The GitHub login that the policy refused. */
  readonly login: string | undefined;
  /** Seconds after which to try again, when the upstream said so. */
  readonly retryAfter: number | undefined;

  constructor(
    code: UpstreamFailure['code'],
    page: UpstreamFailure['page'],
    description: string,
    options: { detail?: string; login?: string; retryAfter?: number | undefined; cause?: unknown } = {},
  ) {
    super(options.detail ?? description, { cause: options.cause });
    this.code = code;
    this.page = page;
    this.description = description;
    this.login = options.login;
    this.retryAfter = options.retryAfter;
  }
}

export interface Upstream {
  readonly scopes: UpstreamScopes;
  /** Whether scopes limit the upstream's tokens. Those of a GitHub App have the permissions of the app instead. */
  readonly tokensHaveScopes: boolean;
  /** Scopes requested only for the operator's policy: shown on the consent page, never part of a token's scope. */
  readonly policyScope: readonly string[];
  /** The address of the upstream's authorization page, to which the browser is sent. */
  authorizationUrl(request: UpstreamRequest): string;
  /**
   * Reads the upstream's authorization response, redeems its code, reads the account and applies the operator's policy.
   * @param parameters the parameters of the response: a code or an error
   * @param requestedScope the scopes that were requested from the upstream
   * @throws {UpstreamFailure} when the response is an error, the account is not allowed, or the upstream is unavailable
   */
  finishLogin(parameters: Parameters, codeVerifier: string, requestedScope: readonly string[]): Promise<UpstreamLogin>;
  /** Revokes the tokens of a login that no session will use. Never fails. */
  discard(login: UpstreamLogin): Promise<void>;
  /** The store failed to store a login: revokes its tokens once it is known that they are not stored. Does not wait. */
  discardUnlessStored(login: UpstreamLogin): void;
  /**
   * Applies the operator's policy again, at a refresh, renews the credential when that is due, and asks once an hour
   * whether it is still alive.
   * @param loginAt when the person logged in, in epoch seconds
   * @throws {UpstreamFailure} access_denied when the person is not allowed any more or the credential is dead,
   *   temporarily_unavailable when the policy cannot be checked now
   */
  recheck(credential: CredentialState, loginAt: number): Promise<void>;
  /**
   * The verified primary e-mail address, for the scope `email`; undefined when there is none.
   * @throws {UpstreamFailure} access_denied when the credential is dead, temporarily_unavailable otherwise
   */
  email(credential: CredentialState): Promise<string | undefined>;
}

/** The 503 answer while the upstream is unavailable; no session has changed (design decision 10). */
export function upstreamUnavailable(failure: UpstreamFailure): OAuthError {
  return new OAuthError('temporarily_unavailable', failure.description, {
    status: 503,
    detail: failure.message,
    headers: { 'Retry-After': String(failure.retryAfter ?? 30) },
  });
}
