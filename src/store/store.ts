/**
 * The store: one interface, implemented for SQLite and for Redis. Its methods are operations of the domain. Each method
 * is atomic: one transaction in SQLite, one Lua script and one round trip in Redis (README.md lists the exceptions).
 * Every store must pass the suite in conformance/.
 *
 * Durations are in seconds. Every method throws {@link StoreUnavailable} when the store does not answer in time; any
 * other error is a bug.
 */
import type { BlockStore, DirectoryStore } from './people-operations.ts';
import type {
  Approval,
  ClientLogin,
  Credential,
  CredentialState,
  EndedGrant,
  Login,
  LoginProblem,
  PendingRevocation,
  RegisteredClient,
  Session,
  SessionRef,
  StoredRegistration,
} from './records.ts';
import type {
  CodePresentation,
  NewSession,
  Redemption,
  Rotation,
  RotationRequest,
  Swept,
} from './session-operations.ts';

/** The store does not answer. HTTP requests are then answered 503 with Retry-After; no session ends. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** Dynamically registered clients (RFC 7591, 7592). */
export interface ClientStore {
  /**
   * Adds a registration, which is deleted after `ttl` seconds unless it is used. A registration counts as unused until
   * its first login; when there are `limit` unused ones already, the oldest of them is deleted.
   */
  add(client: RegisteredClient, ttl: number, limit: number): Promise<void>;
  /** Reads a registration. For the same stored record, `client` may be the same frozen object each time. */
  get(clientId: string): Promise<StoredRegistration | undefined>;
  /** Records a use by a person: the registration is kept for another `ttl` seconds and is no longer unused. */
  touch(clientId: string, ttl: number, person: string): Promise<void>;
  /** Replaces a registration if the hash of its registration token is still `ifTokenHash`. */
  replace(client: RegisteredClient, ifTokenHash: string): Promise<boolean>;
  /**
   * Removes a registration if the hash of its registration token is still `ifTokenHash`. Its grants stay.
   * @returns the people who logged in to it, so that the caller can end their grants; undefined when it was not removed
   */
  remove(clientId: string, ifTokenHash: string): Promise<string[] | undefined>;
}

/** Logins between `GET /authorize` and the callback from GitHub. Each step succeeds at most once. */
export interface LoginStore {
  /**
   * Keeps a login for `ttl` seconds. With an approval it can be finished at once. A login without `consentHash` needs
   * an approval, because `decide` does not accept it.
   */
  open(id: string, login: Login, ttl: number, approval?: Approval): Promise<void>;
  /**
   * Records the person's decision, once. `deny` deletes the login. An approval keeps it for another `ttl` seconds,
   * until `finish`; the same approval (the same `stateHash`) sent again, by a second click, gets the same answer and
   * changes nothing.
   * @returns the login; `unknown` when there is nothing to decide; `other_browser` when the login has another
   *   `consentHash`. A problem changes nothing.
   */
  decide(
    id: string,
    consentHash: string,
    decision: { approval: Approval; ttl: number } | 'deny',
  ): Promise<ClientLogin | LoginProblem>;
  /**
   * Deletes an approved login after the browser returned from GitHub, and returns it.
   * @returns `unknown` when the approval has another `stateHash`, or there is none; `other_browser` when it has another
   *   `browserHash`. A problem changes nothing.
   */
  finish(
    id: string,
    stateHash: string,
    browserHash: string,
  ): Promise<{ login: Login; approval: Approval } | LoginProblem>;
}

/** Some methods read all sessions of a person at once, and other calls wait meanwhile; this limits how long. */
export const MAX_SESSIONS_PER_PERSON = 500;

/**
 * Superseded token pairs of one credential that are kept, to be revoked together with it. More are not needed: GitHub
 * keeps ten tokens per user, app and scope. When GitHub issues another token, it revokes one that was never used, or
 * else the least recently used one. That is the oldest pair, because the bridge uses each pair at its login, and later
 * only the newest pair.
 * @see https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/token-expiration-and-revocation
 */
export const MAX_SUPERSEDED_PAIRS = 10;

/**
 * Sessions: grants, their codes and refresh tokens, and the GitHub credentials that they share.
 *
 * Whenever a grant ends, by whatever method, the same atomic operation deletes each credential that no unexpired grant
 * uses any more; its tokens become pending revocations. If the ended grant was redeemed, its recipient gets the GitHub
 * token, and other grants still use its credential, then the superseded tokens of that credential become pending
 * revocations, and a reset of its current tokens becomes due (`resetDue`).
 */
export interface SessionStore {
  /**
   * Begins a session, whose code can then be redeemed. When the credential exists already, all its grants use the new
   * tokens from now on, and the old tokens are kept, to be revoked with it (at most {@link MAX_SUPERSEDED_PAIRS} pairs).
   * If a reset of the old tokens was due, they become a pending revocation instead, and the reset is done.
   * When the person has {@link MAX_SESSIONS_PER_PERSON} sessions already, the one whose last use is oldest is ended.
   * @returns what was ended; `blocked` when the person is blocked, and then nothing has begun
   */
  begin(session: NewSession): Promise<EndedGrant[] | 'blocked'>;
  /**
   * Redeems a code, once. A mismatch changes nothing, whether the code was redeemed before or not; a second redemption
   * with everything right is a replay, which ends the grant.
   * @param ttl seconds until the grant expires
   * @param refreshHash hash of the first refresh token; absent when the grant gets none
   */
  redeem(ref: SessionRef, presented: CodePresentation, ttl: number, refreshHash?: string): Promise<Redemption>;
  /** Reads a redeemed, unexpired session, and records when it was used (to the minute). */
  read(ref: SessionRef): Promise<Session | undefined>;
  /** Rotates the refresh token, or says why it cannot. */
  rotate(ref: SessionRef, request: RotationRequest): Promise<Rotation>;
  /** Ends an unexpired grant; with `clientId`, only if it is that client's. */
  end(ref: SessionRef, clientId?: string): Promise<EndedGrant | undefined>;
  /** Ends all unexpired grants of a person; with `clientId`, those of that client. */
  endAll(person: string, clientId?: string): Promise<EndedGrant[]>;
  /** All redeemed, unexpired sessions of a person, newest first. */
  list(person: string): Promise<Session[]>;
  /** Tags of people with sessions, after `after` in byte order. The list may lag behind. */
  people(after: string, limit: number): Promise<string[]>;
}

/** The GitHub tokens behind sessions. */
export interface CredentialStore {
  read(person: string, id: string): Promise<CredentialState | undefined>;
  /**
   * Replaces the tokens, whose predecessors are dead at GitHub, if the generation is still `ifGeneration`. A reset is
   * then no longer due: no recipient got the new tokens before this.
   * @returns false when the generation is another one, or the credential is gone
   */
  replaceTokens(
    person: string,
    id: string,
    ifGeneration: number,
    tokens: Pick<Credential, 'sealedTokens' | 'accessExpiresAt' | 'refreshExpiresAt'>,
  ): Promise<boolean>;
  /**
   * Replaces the sealed form of the same token pair, if the generation is still `ifGeneration`, which stays as it is. A
   * reset that is due stays due.
   * @returns false when the generation is another one, or the credential is gone
   */
  reseal(person: string, id: string, ifGeneration: number, sealedTokens: string): Promise<boolean>;
  /**
   * Ends a credential that GitHub no longer accepts, and all its unexpired grants, if its generation is still
   * `ifGeneration`. Only its superseded tokens become pending revocations.
   */
  end(person: string, id: string, ifGeneration: number): Promise<EndedGrant[]>;
}

/** What the sweeper uses: people to visit, expired grants, and GitHub tokens to revoke and to reset. */
export interface RevocationStore {
  /** Claims up to `limit` people whose visit is due: other replicas do not get them for `lease` seconds. */
  duePeople(limit: number, lease: number): Promise<string[]>;
  /**
   * Ends a person's expired grants, and sets the next visit `interval` seconds ahead (none when nothing is left).
   * @returns the grants that ended, all pending revocations of the person, and the credentials whose reset is due
   */
  sweep(person: string, interval: number): Promise<Swept>;
  /** All pending revocations of a person. */
  pending(person: string): Promise<PendingRevocation[]>;
  /** The ids of a person's credentials whose reset is due. */
  resets(person: string): Promise<string[]>;
  /** Adds a pending revocation of a token pair that never became a credential. */
  add(revocation: PendingRevocation): Promise<void>;
  /** Deletes a pending revocation after GitHub has revoked the tokens. */
  done(person: string, id: string): Promise<void>;
  /** Sets a person's next visit `delay` seconds ahead. */
  retry(person: string, delay: number): Promise<void>;
}

/** Remembered consents (design decision 11). */
export interface ConsentStore {
  remember(person: string, consentKey: string, ttl: number): Promise<void>;
  has(person: string, consentKey: string): Promise<boolean>;
  /** Deletes all remembered consents of a person. */
  forget(person: string): Promise<void>;
}

/** Documents, leases and replay marks, which all replicas share. */
export interface SharedStore {
  /** Reads a versioned document; version 0 with an empty value means that there is none. */
  readDocument(name: string): Promise<{ version: number; value: string }>;
  /** Writes a versioned document if its version is still `ifVersion`; the version then grows by one. */
  writeDocument(name: string, ifVersion: number, value: string): Promise<boolean>;
  /** Takes or renews a named lease for `ttl` seconds; false while another owner holds it. */
  acquireLease(name: string, owner: string, ttl: number): Promise<boolean>;
  /** Releases a lease, if `owner` holds it. */
  releaseLease(name: string, owner: string): Promise<void>;
  /** Marks `id` as used for `ttl` seconds; false when it is marked already. */
  useOnce(id: string, ttl: number): Promise<boolean>;
}

/** How much is stored, as of each person's last sweep or newer: an hour ago at most. */
export interface StoredCounts {
  /** People with sessions, or with tokens that are still to be revoked. */
  readonly people: number;
  /** Unexpired sessions, those whose code is not redeemed yet included. */
  readonly sessions: number;
  /** Pending revocations. */
  readonly revocations: number;
  /** Seconds since the oldest of them is known to be pending; 0 when there is none. */
  readonly oldestRevocation: number;
}

/** All that is stored, by subject. */
export interface Store {
  /** Which store it is, for the banner and `/readyz`. */
  readonly kind: 'sqlite' | 'redis';
  /** Registered clients. */
  readonly clients: ClientStore;
  /** Logins that are under way. */
  readonly logins: LoginStore;
  /** Grants and their tokens. */
  readonly sessions: SessionStore;
  /** GitHub tokens, sealed. */
  readonly credentials: CredentialStore;
  /** GitHub tokens that are still to be revoked. */
  readonly revocations: RevocationStore;
  /** People and clients, for administrators. */
  readonly directory: DirectoryStore;
  /** People who may not use the bridge. */
  readonly blocks: BlockStore;
  /** What people allowed before. */
  readonly consents: ConsentStore;
  /** What all processes of a bridge share: keys, canaries, notes. */
  readonly shared: SharedStore;
  /** Counts what is stored, without reading it: with 100,000 people it takes milliseconds. */
  counts(): Promise<StoredCounts>;
  /** Resolves when the store answers; throws {@link StoreUnavailable} otherwise. */
  ping(): Promise<void>;
  /** Ends the connection, or closes the file. */
  close(): Promise<void>;
}
