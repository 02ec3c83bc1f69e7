/**
 * The stored records: what the bridge remembers about clients, logins under way, sessions and GitHub credentials.
 * Instants are epoch seconds, durations seconds. What is hashed and what is sealed is said in README.md beside this
 * file.
 */

/** A dynamically registered client (RFC 7591). `metadata` is what the registration response said, in wire spelling. */
export interface RegisteredClient {
  readonly clientId: string;
  readonly issuedAt: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** SHA-256 of the client secret; absent for public clients. */
  readonly secretHash?: string;
  /** SHA-256 of the registration access token (RFC 7592). */
  readonly registrationTokenHash: string;
}

/** A validated authorization request, as it waits for the person (OAuth 2.1 section 4.1.1). */
export interface AuthorizationRequest {
  readonly clientId: string;
  readonly clientName: string;
  /** Whether the client's grant types include `refresh_token`. */
  readonly refreshable: boolean;
  readonly redirectUri: string;
  /** Whether the client sent `redirect_uri`: if so, the token request must repeat it. */
  readonly redirectUriSent: boolean;
  readonly codeChallenge: string;
  readonly scope: readonly string[];
  /** The resource the tokens will be good for (RFC 8707), canonical. */
  readonly resource: string;
  readonly state?: string;
  readonly nonce?: string;
  readonly prompt?: string;
  readonly loginHint?: string;
  readonly uiLocales?: string;
}

/** A login on its way through the browser; `purpose` says what it ends in. */
export type Login = ClientLogin | AccountLogin;

/** A login for a client: it ends in an authorization response. */
export interface ClientLogin {
  readonly purpose: 'client';
  readonly request: AuthorizationRequest;
  /** Scopes asked of the upstream: computed once, when the login begins. */
  readonly upstreamScope: readonly string[];
  /** SHA-256 of the cookie set with the consent page; absent when a remembered consent let the login skip the page. */
  readonly consentHash?: string;
  /** The person whose remembered consent let this login skip the page; anybody else is asked. */
  readonly expectedPerson?: string;
}

/** A login of a person to the account page. */
export interface AccountLogin {
  readonly purpose: 'account';
  /** Scopes asked of the upstream: computed once, when the login begins. */
  readonly upstreamScope: readonly string[];
}

/** What Allow adds to a login: the way back from GitHub. */
export interface Approval {
  /** SHA-256 of the `state` sent to GitHub. */
  readonly stateHash: string;
  /** SHA-256 of the cookie that the callback must bring. */
  readonly browserHash: string;
  /** The PKCE verifier of the GitHub leg, sealed. */
  readonly sealedVerifier: string;
  /** Whether the person asked that this consent be remembered. */
  readonly remember: boolean;
}

/** What `decide` and `finish` say when there is nothing to decide or finish. */
export type LoginProblem = 'unknown' | 'other_browser';

/** Names one session: the person's opaque tag (the hash tag in Redis Cluster) and the grant's id. */
export interface SessionRef {
  readonly person: string;
  readonly grant: string;
}

/** What one login gave one client; it never changes. */
export interface Grant {
  readonly clientId: string;
  readonly clientName: string;
  readonly redirectUri: string;
  readonly redirectUriSent: boolean;
  readonly codeChallenge: string;
  /** Scopes granted to the client, in the spelling it asked for. */
  readonly scope: readonly string[];
  readonly resource: string;
  /** The credential it uses, one of the same person's. */
  readonly credential: string;
  /** When the person came back from GitHub. */
  readonly authTime: number;
  readonly nonce?: string;
  /** Whether tokens of this grant can be refreshed. */
  readonly refreshable: boolean;
}

/** A grant with what changes while it lives. */
export interface GrantState extends Grant {
  readonly ref: SessionRef;
  /** Counts refresh tokens given: 0 while the code is unredeemed. */
  readonly generation: number;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly expiresAt: number;
}

/** A person at GitHub, as last seen. The numeric id is the identity; the login is display. */
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
  /** The GitHub scopes granted; empty for a GitHub App, whose permissions the app carries. */
  readonly scope: readonly string[];
  /** The token pair, sealed with the credential's identity as associated data. */
  readonly sealedTokens: string;
  /** When the access token expires, for apps whose tokens do. */
  readonly accessExpiresAt?: number;
  /** When the refresh token expires, for apps whose tokens do. */
  readonly refreshExpiresAt?: number;
}

/**
 * A credential with the handle of compare-and-set: `generation` begins at a random number and grows by one whenever its
 * tokens are written, so that one of an earlier credential of the same id never fits.
 */
export interface CredentialState extends Credential {
  readonly person: string;
  readonly id: string;
  readonly generation: number;
}

/** A session: a grant and the credential it uses. */
export interface Session {
  readonly grant: GrantState;
  readonly credential: CredentialState;
}

/** A GitHub token pair that no grant uses any more and that GitHub must still be told of. */
export interface PendingRevocation {
  readonly person: string;
  readonly id: string;
  /** The credential it belonged to: the associated data of the seal. */
  readonly credential: string;
  readonly appClientId: string;
  readonly sealedTokens: string;
}

/** A grant that ended, for the audit trail. */
export interface EndedGrant {
  readonly ref: SessionRef;
  readonly clientId: string;
}
