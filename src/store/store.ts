/**
 * The store: the one interface behind which SQLite and Redis stand. It speaks the domain: whatever must happen
 * at once is one method, one transaction in SQLite and one Lua script in Redis, and one round trip. Every store
 * passes the suite in conformance/.
 *
 * Methods throw {@link StoreUnavailable} when the store cannot be reached in time; nothing else is expected of them.
 */
import type {
  Approval,
  ClientLogin,
  Credential,
  CredentialState,
  EndedGrant,
  Grant,
  GrantState,
  Login,
  LoginProblem,
  PendingRevocation,
  RegisteredClient,
  Session,
  SessionRef,
} from './records.ts';

/** The store cannot be reached: answered as 503 with Retry-After, never as a logout. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** Dynamically registered clients (RFC 7591, 7592). */
export interface ClientStore {
  /**
   * Adds a registration that is dropped after `ttl` seconds without use. When `limit` registrations that never saw a
   * login exist, the oldest of those is dropped for it.
   */
  add(client: RegisteredClient, ttl: number, limit: number): Promise<void>;
  /** Reads a registration. */
  get(clientId: string): Promise<RegisteredClient | undefined>;
  /** Notes that a person logged in: the registration lives for another `ttl` seconds and no longer counts as unused. */
  touch(clientId: string, ttl: number, person: string): Promise<void>;
  /** Replaces a registration if its registration token is still the one hashed as `ifTokenHash`. */
  replace(client: RegisteredClient, ifTokenHash: string): Promise<boolean>;
  /**
   * Removes a registration if its registration token is still the one hashed as `ifTokenHash`.
   * @returns the people who logged in to it, whose grants it leaves behind; undefined when it was not removed
   */
  remove(clientId: string, ifTokenHash: string): Promise<string[] | undefined>;
}

/** Logins between `GET /authorize` and the way back from GitHub; each step is taken at most once. */
export interface LoginStore {
  /**
   * Keeps a login for `ttl` seconds. With an approval it is past consent already: a login without `consentHash` is opened
   * only so, because it cannot be decided.
   */
  open(id: string, login: Login, ttl: number, approval?: Approval): Promise<void>;
  /**
   * Records the person's decision, once. `deny` deletes the login; an approval keeps it for `ttl` seconds, until `finish`. The
   * same approval (by `stateHash`) may come again, from a second click: it is answered like the first and changes nothing.
   * @returns the login; `unknown` when there is nothing to decide; `other_browser` when `consentHash` is not the login's.
   *   A problem changes nothing.
   */
  decide(
    id: string,
    consentHash: string,
    decision: { approval: Approval; ttl: number } | 'deny',
  ): Promise<ClientLogin | LoginProblem>;
  /**
   * Takes an approved login when the browser comes back from GitHub, once: it is deleted.
   * @returns `unknown` when no approved login has this `stateHash`, `other_browser` when `browserHash` is another; a
   *   problem changes nothing
   */
  finish(
    id: string,
    stateHash: string,
    browserHash: string,
  ): Promise<{ login: Login; approval: Approval } | LoginProblem>;
}

/** What a completed login stores, at once. */
export interface NewSession {
  readonly ref: SessionRef;
  readonly grant: Grant;
  readonly codeHash: string;
  /** Seconds in which the code must be redeemed. */
  readonly codeTtl: number;
  readonly credentialId: string;
  readonly credential: Credential;
}

/** What the presenter of a code must match (OAuth 2.1 section 4.1.3). */
export interface CodePresentation {
  readonly codeHash: string;
  readonly clientId: string;
  /** Absent when the token request did not send it. */
  readonly redirectUri?: string;
  /** The challenge computed from the presented verifier. */
  readonly codeChallenge: string;
  /** The canonical resource asked for, when one was. */
  readonly resource?: string;
}

export type Redemption =
  | { readonly outcome: 'redeemed'; readonly session: Session }
  /** Used before; everything it gave has ended now. */
  | { readonly outcome: 'replayed'; readonly ended: EndedGrant }
  | { readonly outcome: 'mismatch'; readonly of: 'client' | 'redirect_uri' | 'code_verifier' | 'resource' }
  | { readonly outcome: 'unknown' };

/** One turn of the refresh token (design decision 6). */
export interface RotationRequest {
  readonly clientId: string;
  readonly presentedHash: string;
  readonly presentedGeneration: number;
  readonly successorHash: string;
  /** The successor, sealed under a key derived from the presented token. */
  readonly sealedSuccessor: string;
  /** Seconds in which a repeat of the presented token gets the same successor. */
  readonly grace: number;
  /** Seconds for which the grant lives on. */
  readonly ttl: number;
}

export type Rotation =
  | { readonly outcome: 'rotated'; readonly grant: GrantState }
  /** The presented token was spent within the grace: the successor that was made then. */
  | { readonly outcome: 'repeated'; readonly grant: GrantState; readonly sealedSuccessor: string }
  /** An older genuine token: the grant has ended now. */
  | { readonly outcome: 'reused'; readonly ended: EndedGrant }
  | { readonly outcome: 'unknown' };

/** Sessions that one person may have: some methods read all of them at once, and other calls wait meanwhile. */
export const SESSIONS_OF_ONE = 500;

/**
 * Superseded token pairs of one credential that are kept, to be revoked together with it. More are not needed: GitHub
 * keeps ten tokens per user, app and scope, and revokes the oldest when it issues another.
 * @see https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#creating-multiple-tokens-for-oauth-apps
 */
export const SUPERSEDED_KEPT = 10;

/** Sessions: grants, their codes and refresh tokens, and the GitHub credentials that they share. */
export interface SessionStore {
  /**
   * Begins a session that waits for its code. A credential of the same id is renewed: its new tokens take effect for
   * all its grants, the old ones are kept to be revoked with it. Where the person has {@link SESSIONS_OF_ONE} already,
   * the one unused for longest ends.
   */
  begin(session: NewSession): Promise<void>;
  /**
   * Redeems a code, once. Only the rightful presenter can spend it, and only his replay ends what it gave.
   * @param ttl seconds for which the grant lives on
   * @param refreshHash hash of the first refresh token, for a grant that has them
   */
  redeem(ref: SessionRef, presented: CodePresentation, ttl: number, refreshHash?: string): Promise<Redemption>;
  /** Reads a redeemed, unexpired session, and notes that it was used (to the minute). */
  read(ref: SessionRef): Promise<Session | undefined>;
  /** Rotates the refresh token, or says why not. */
  rotate(ref: SessionRef, request: RotationRequest): Promise<Rotation>;
  /**
   * Ends a grant. A credential left without grants moves to the revocations. With `clientId`, only a grant of that
   * client.
   */
  end(ref: SessionRef, clientId?: string): Promise<EndedGrant | undefined>;
  /** Ends all grants of a person, or those of one client. */
  endAll(person: string, clientId?: string): Promise<EndedGrant[]>;
  /** All redeemed, unexpired sessions of a person, newest first. */
  list(person: string): Promise<Session[]>;
  /** Tags of people with sessions, after `after` in byte order; may lag. */
  people(after: string, limit: number): Promise<string[]>;
}

/** The GitHub tokens behind sessions. */
export interface CredentialStore {
  read(person: string, id: string): Promise<CredentialState | undefined>;
  /** Replaces the tokens if nobody did since `ifGeneration`; false when somebody did, or the credential is gone. */
  replaceTokens(
    person: string,
    id: string,
    ifGeneration: number,
    tokens: Pick<Credential, 'sealedTokens' | 'accessExpiresAt' | 'refreshExpiresAt'>,
  ): Promise<boolean>;
  /**
   * Ends a credential that GitHub no longer accepts, with all its grants, if its tokens are still those of
   * `ifGeneration`.
   */
  end(person: string, id: string, ifGeneration: number): Promise<EndedGrant[]>;
}

/** The sweeper's side: sessions that expired, and GitHub tokens to revoke. */
export interface RevocationStore {
  /** Claims up to `limit` people whose visit is due, for `lease` seconds. */
  duePeople(limit: number, lease: number): Promise<string[]>;
  /**
   * Ends a person's expired grants, says what GitHub must be told, and sets the next visit `interval` seconds ahead
   * (none when nothing is left).
   */
  sweep(person: string, interval: number): Promise<{ ended: EndedGrant[]; revocations: PendingRevocation[] }>;
  /** What GitHub must be told about a person's tokens. */
  pending(person: string): Promise<PendingRevocation[]>;
  /** Keeps a token pair that never became a credential, to be revoked. */
  add(revocation: PendingRevocation): Promise<void>;
  /** Forgets a revocation that GitHub has carried out. */
  done(person: string, id: string): Promise<void>;
  /** Visits a person again after `delay` seconds. */
  retry(person: string, delay: number): Promise<void>;
}

/** Consents that a person allowed to be remembered (design decision 11). */
export interface ConsentStore {
  remember(person: string, consentKey: string, ttl: number): Promise<void>;
  has(person: string, consentKey: string): Promise<boolean>;
  /** Forgets all of a person's consents. */
  forget(person: string): Promise<void>;
}

/** What all replicas share beyond records about people. */
export interface SharedStore {
  /** Reads a versioned document; version 0 is absence. */
  readDocument(name: string): Promise<{ version: number; value: string }>;
  /** Writes a versioned document if its version is still `ifVersion`. */
  writeDocument(name: string, ifVersion: number, value: string): Promise<boolean>;
  /** Takes a named lease for `ttl` seconds; false while another owner holds it. */
  acquireLease(name: string, owner: string, ttl: number): Promise<boolean>;
  releaseLease(name: string, owner: string): Promise<void>;
  /** True the first time `id` is seen within `ttl` seconds. */
  useOnce(id: string, ttl: number): Promise<boolean>;
}

export interface Store {
  /** `sqlite` or `redis`, for banners, logs and metrics. */
  readonly kind: 'sqlite' | 'redis';
  readonly clients: ClientStore;
  readonly logins: LoginStore;
  readonly sessions: SessionStore;
  readonly credentials: CredentialStore;
  readonly revocations: RevocationStore;
  readonly consents: ConsentStore;
  readonly shared: SharedStore;
  /** Resolves when the store answers; throws {@link StoreUnavailable} otherwise. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
