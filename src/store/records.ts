/**
 * The stored records: clients, logins in progress, sessions and GitHub credentials. Instants are in epoch seconds,
 * durations in seconds. README.md beside this file says what is hashed and what is sealed.
 */

/** A dynamically registered client (RFC 7591). `metadata` is that of the registration response, in wire spelling. */
export interface RegisteredClient {
  readonly clientId: string;
  readonly issuedAt: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** SHA-256 of the client secret; absent for public clients. */
  readonly secretHash?: string;
  /** SHA-256 of the registration access token (RFC 7592). */
  readonly registrationTokenHash: string;
}

/** A registration as a store keeps it. */
export interface StoredRegistration {
  readonly client: RegisteredClient;
  /** When it is deleted, unless it is used before. */
  readonly expiresAt: number;
}

/** Another MCP server that gets the calls of a session, and what it gets of the person with each call. */
export interface Recipient {
  /** Its URL without the query. */
  readonly address: string;
  /** The GitHub token, a token of this server that names the GitHub account, or nothing. */
  readonly credential: 'github' | 'identity' | 'none';
}

/** A validated authorization request, kept until the person decides (OAuth 2.1 section 4.1.1). */
export interface AuthorizationRequest {
  readonly clientId: string;
  readonly clientName: string;
  /** Whether the client's grant types include `refresh_token`. */
  readonly refreshable: boolean;
  readonly redirectUri: string;
  /** Whether the client sent `redirect_uri`; if it did, the token request must repeat it. */
  readonly redirectUriSent: boolean;
  readonly codeChallenge: string;
  readonly scope: readonly string[];
  /** The canonical resource for which the tokens will be valid (RFC 8707). */
  readonly resource: string;
  /** Who gets the calls, when that is another MCP server; the person consents to it. */
  readonly recipient?: Recipient;
  readonly state?: string;
  readonly nonce?: string;
  readonly prompt?: string;
  readonly loginHint?: string;
  readonly uiLocales?: string;
}

/** A login in progress in a browser; `purpose` says whether it is for a client or for the account page. */
export type Login = ClientLogin | AccountLogin;

/** A login for a client: it ends in an authorization response. */
export interface ClientLogin {
  readonly purpose: 'client';
  readonly request: AuthorizationRequest;
  /** Scopes to request from the upstream: computed once, when the login begins. */
  readonly upstreamScope: readonly string[];
  /** SHA-256 of the cookie set with the consent page; absent when a remembered consent let the login skip the page. */
  readonly consentHash?: string;
  /** The person whose remembered consent let this login skip the page; another person is shown the page. */
  readonly expectedPerson?: string;
}

/** A login of a person to the account page. */
export interface AccountLogin {
  readonly purpose: 'account';
  /** Scopes to request from the upstream: computed once, when the login begins. */
  readonly upstreamScope: readonly string[];
  /** `select_account` when the person wants to choose an account. */
  readonly prompt?: string;
}

/** What Allow adds to a login: what the callback from GitHub must bring. */
export interface Approval {
  /** SHA-256 of the `state` sent to GitHub. */
  readonly stateHash: string;
  /** SHA-256 of the cookie that the callback must bring. */
  readonly browserHash: string;
  /** The PKCE verifier of the authorization request to GitHub, sealed. */
  readonly sealedVerifier: string;
  /** Whether the person asked that this consent be remembered. */
  readonly remember: boolean;
  /** The scopes that the person did not leave out; absent when there was no consent page: then all that was requested. */
  readonly scope?: readonly string[];
}

/** Why `decide` or `finish` did nothing: there is no such login, or it belongs to another browser. */
export type LoginProblem = 'unknown' | 'other_browser';

/** Identifies one session: the person's opaque tag (in Redis Cluster also the hash tag) and the grant's id. */
export interface SessionRef {
  readonly person: string;
  readonly grant: string;
}

/** What one login granted to one client; it never changes. */
export interface Grant {
  readonly clientId: string;
  readonly clientName: string;
  readonly redirectUri: string;
  readonly redirectUriSent: boolean;
  readonly codeChallenge: string;
  /** Scopes granted to the client, as it spelled them. */
  readonly scope: readonly string[];
  /** Scopes that the client requested and GitHub did not grant; absent when there are none. */
  readonly refusedScope?: readonly string[];
  readonly resource: string;
  /** The recipient that the person consented to; absent when the calls stay in the bridge. */
  readonly recipient?: Recipient;
  /** The id of the credential it uses, which belongs to the same person. */
  readonly credential: string;
  /** When the browser came back from GitHub. */
  readonly authTime: number;
  readonly nonce?: string;
  /** Whether this grant gets refresh tokens. */
  readonly refreshable: boolean;
}

/** A grant and its members that change. */
export interface GrantState extends Grant {
  readonly ref: SessionRef;
  /** How many refresh tokens were issued; 0 until the code is redeemed. */
  readonly generation: number;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly expiresAt: number;
}

/** A GitHub account at the last login. The numeric id identifies it; the other members may change. */
export interface Account {
  readonly id: number;
  readonly login: string;
  readonly name?: string;
  readonly avatarUrl?: string;
}

/** A GitHub credential: one per person, app and granted scope set (design decision 9). */
export interface Credential {
  /** The GitHub app's client id. */
  readonly appClientId: string;
  readonly account: Account;
  /** The GitHub scopes granted; empty for a GitHub App, whose permissions are those of the app. */
  readonly scope: readonly string[];
  /** The token pair, sealed with the credential's identity as associated data. */
  readonly sealedTokens: string;
  /** When the access token expires; absent when it does not. */
  readonly accessExpiresAt?: number;
  /** When the refresh token expires; absent when there is none. */
  readonly refreshExpiresAt?: number;
}

/**
 * A credential and its generation, which begins at a random number and grows by one whenever another token pair is
 * written. It is compared before the tokens are replaced (compare-and-set). Because it begins at random, a generation of
 * an earlier credential of the same id does not match.
 */
export interface CredentialState extends Credential {
  readonly person: string;
  readonly id: string;
  readonly generation: number;
  /**
   * Set when a session has ended that sent the current token pair to another MCP server (its recipient), which may still
   * hold it: GitHub must replace the pair.
   */
  readonly resetDue?: true;
}

/** A session: a grant and the credential it uses. */
export interface Session {
  readonly grant: GrantState;
  readonly credential: CredentialState;
}

/** A GitHub token pair that no grant uses any more and that must still be revoked at GitHub. */
export interface PendingRevocation {
  readonly person: string;
  readonly id: string;
  /** The id of the credential that the pair belonged to; the seal is bound to it (associated data). */
  readonly credential: string;
  readonly appClientId: string;
  readonly sealedTokens: string;
}

/** A grant that was ended, for the audit trail. */
export interface EndedGrant {
  readonly ref: SessionRef;
  readonly clientId: string;
}
