/**
 * GitHub credentials in use: unseals their tokens, and refreshes expiring tokens before their expiry, once across all
 * replicas. A credential ends only when GitHub itself says that its token is dead (design decision 10).
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { within } from '../base/within.ts';
import type { SessionEnding } from '../oauth/session-ending.ts';
import type { EventBus } from '../observe/events.ts';
import { randomToken } from '../security/secrets.ts';
import type { CredentialState, PendingRevocation } from '../store/records.ts';
import { type Store, StoreUnavailable } from '../store/store.ts';
import { type GithubOAuth, GithubRefusal, GithubUnavailable } from './oauth-app.ts';
import { TIMEOUTS, type Timeouts } from './timeouts.ts';
import type { SealedTokens, TokenSeal } from './token-seal.ts';

/** Seconds of the lease under which a replica refreshes a credential; longer than a request to GitHub may take. */
const REFRESH_LEASE = 30;
/** Milliseconds between two reads of a credential that another replica is refreshing. */
const REREAD_INTERVAL = 50;
/** Milliseconds between two attempts to store a token pair. */
const STORE_RETRY_INTERVAL = 200;
/** Seconds after a failed refresh in which a credential with a valid access token is not refreshed again. */
const RETRY_AFTER_FAILURE = 30;
/** Generations of which this process remembers that their refresh was refused, or failed. */
const MAX_REMEMBERED_GENERATIONS = 1000;

/** GitHub does not accept the credential any more; the grants that used it have ended. */
export class CredentialDead extends Error {
  override readonly name = 'CredentialDead';
}

export interface Credentials {
  /**
   * Refreshes a credential if that is due and GitHub answers.
   * @returns the refreshed credential, or the same one
   * @throws {GithubUnavailable} when the access token has expired and GitHub does not answer
   * @throws {CredentialDead} when the credential was deleted in the meantime
   */
  fresh(credential: CredentialState): Promise<CredentialState>;
  /** The access token of a credential. @throws {SealBroken} */
  accessToken(credential: CredentialState): string;
  /**
   * Called after GitHub answered 401 for a credential: refreshes it, or ends it together with its grants.
   * @returns the credential with which to try once more
   * @throws {CredentialDead} when the credential has ended
   * @throws {GithubUnavailable} when GitHub does not answer the refresh
   */
  afterRefusal(credential: CredentialState): Promise<CredentialState>;
}

interface CredentialOptions {
  readonly store: Store;
  readonly seal: TokenSeal;
  readonly events: EventBus;
  readonly oauth: GithubOAuth;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly sessionEnding: SessionEnding;
  /** Revokes a token pair that GitHub issued and that no credential holds. */
  readonly discard: (revocation: PendingRevocation) => Promise<void>;
  readonly timeouts?: Timeouts;
}

/** Creates the credentials of one replica. */
export function createCredentials(options: CredentialOptions): Credentials {
  const { store, seal, events, oauth, now, sessionEnding, timeouts = TIMEOUTS } = options;
  const owner = randomToken(8);
  const refreshing = new Map<string, Promise<CredentialState>>();
  /** Generations whose refresh GitHub refused; they are not refreshed again. */
  const refused = new LRUCache<string, true>({ max: MAX_REMEMBERED_GENERATIONS });
  /** Generations whose refresh GitHub did not answer, with the epoch second before which it is not tried again. */
  const notBefore = new LRUCache<string, number>({ max: MAX_REMEMBERED_GENERATIONS });

  /**
   * Refreshes a credential once at a time, in this process and (by a lease) across replicas; all callers get the
   * result.
   */
  function refreshOnce(credential: CredentialState): Promise<CredentialState> {
    const key = nameOf(credential);
    let running = refreshing.get(key);
    if (running === undefined) {
      running = underLease(credential).finally(() => refreshing.delete(key));
      refreshing.set(key, running);
    }
    return within(timeouts.refresh, running, () => new GithubUnavailable('the refresh takes too long'));
  }

  async function underLease(credential: CredentialState): Promise<CredentialState> {
    const lease = `refresh:${nameOf(credential)}`;
    const deadline = performance.now() + timeouts.refresh;
    while (!(await store.shared.acquireLease(lease, owner, REFRESH_LEASE))) {
      await pause(REREAD_INTERVAL);
      const current = await read(credential);
      if (current.generation !== credential.generation) return current;
      if (performance.now() > deadline)
        throw new GithubUnavailable('another replica has been refreshing the credential for too long');
    }
    try {
      const current = await read(credential);
      return current.generation === credential.generation ? await refresh(current) : current;
    } finally {
      await store.shared.releaseLease(lease, owner).catch(reportStoreError);
    }
  }

  /** Refreshes a credential, and stores the new token pair before it is used. */
  async function refresh(credential: CredentialState): Promise<CredentialState> {
    const { person, id } = credential;
    const key = generationOf(credential);
    try {
      const renewed = await storeOrRevoke(credential, await askGithub(credential));
      events.emit('credential.refreshed', { person, credential: id });
      return renewed;
    } catch (error) {
      if (error instanceof GithubRefusal && error.code === 'bad_refresh_token') refused.set(key, true);
      if (error instanceof GithubUnavailable) notBefore.set(key, now() + RETRY_AFTER_FAILURE);
      const reason = error instanceof Error ? error.message : 'unknown';
      events.emit('credential.refresh_failed', { person, credential: id, reason });
      throw error;
    }
  }

  /** Requests a new token pair. @throws {GithubRefusal | GithubUnavailable} */
  async function askGithub(credential: CredentialState): Promise<SealedTokens> {
    const { refreshToken } = seal.open(credential.person, credential.id, credential.sealedTokens);
    if (refreshToken === undefined) throw new GithubRefusal('bad_refresh_token', 'there is none');
    return seal.seal(credential.person, credential.id, await oauth.refresh(refreshToken));
  }

  /** Writes the new token pair by compare-and-set. If another replica wrote first, this token pair is revoked. */
  async function storeOrRevoke(credential: CredentialState, sealed: SealedTokens): Promise<CredentialState> {
    const { person, id, generation, appClientId } = credential;
    if (await storePair(credential, sealed)) {
      // The old expiries are removed, because the new tokens may have none.
      const { accessExpiresAt: _, refreshExpiresAt: __, ...rest } = credential;
      return { ...rest, ...sealed, generation: generation + 1 };
    }
    const current = await store.credentials.read(person, id);
    // An earlier attempt to store this pair succeeded, although its answer was lost.
    if (current?.sealedTokens === sealed.sealedTokens) return current;
    await options.discard({ person, id: randomUUID(), credential: id, appClientId, sealedTokens: sealed.sealedTokens });
    if (current === undefined) throw new CredentialDead('its last grant ended during the refresh');
    return current;
  }

  /**
   * Stores the new token pair. GitHub has ended the old pair, so if the store is down, this tries again for up to
   * `timeouts.store` milliseconds; the request that needed the refresh does not wait that long.
   */
  async function storePair(credential: CredentialState, sealed: SealedTokens): Promise<boolean> {
    const deadline = performance.now() + timeouts.store;
    for (;;) {
      try {
        return await store.credentials.replaceTokens(credential.person, credential.id, credential.generation, sealed);
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || performance.now() > deadline) throw error;
        await pause(STORE_RETRY_INTERVAL);
      }
    }
  }

  async function read(credential: CredentialState): Promise<CredentialState> {
    const current = await store.credentials.read(credential.person, credential.id);
    if (current === undefined) throw new CredentialDead('the credential is gone');
    return current;
  }

  /**
   * Ends a credential and its grants, unless it was refreshed in the meantime.
   * @returns the refreshed credential
   * @throws {CredentialDead} when the credential has ended
   */
  async function end(credential: CredentialState, why: string): Promise<CredentialState> {
    const { person, id, generation } = credential;
    const ended = await store.credentials.end(person, id, generation);
    // Another request refreshed the credential, or ended it and emitted the event; read() tells which.
    if (ended.length === 0) return read(credential);
    events.emit('credential.dead', { person, credential: id });
    await sessionEnding.afterStoreEnded(person, ended, 'upstream_revoked', 'upstream');
    throw new CredentialDead(why);
  }

  function isDue(credential: CredentialState): boolean {
    const { person, id, sealedTokens, accessExpiresAt } = credential;
    if (accessExpiresAt === undefined || !seal.mayBeDue(accessExpiresAt)) return false;
    return (seal.open(person, id, sealedTokens).renewFrom ?? 0) <= now();
  }

  function reportStoreError(error: unknown): void {
    events.emit('store.error', { error });
  }

  return {
    accessToken: ({ person, id, sealedTokens }) => seal.open(person, id, sealedTokens).accessToken,
    async fresh(credential) {
      if (!isDue(credential) || refused.has(generationOf(credential))) return credential;
      const alive = (credential.accessExpiresAt ?? 0) > now();
      if (alive && (notBefore.get(generationOf(credential)) ?? 0) > now()) return credential;
      try {
        return await refreshOnce(credential);
      } catch (error) {
        // If the access token is dead too, GitHub answers 401 when it is used.
        if (error instanceof GithubRefusal || (error instanceof GithubUnavailable && alive)) return credential;
        throw error;
      }
    },
    async afterRefusal(credential) {
      const current = await read(credential);
      if (current.generation !== credential.generation) return current;
      if (current.accessExpiresAt === undefined) return end(current, 'GitHub answered 401');
      try {
        if (refused.has(generationOf(current))) throw new GithubRefusal('bad_refresh_token', 'refused before');
        return await refreshOnce(current);
      } catch (error) {
        if (!(error instanceof GithubRefusal)) throw error;
        if (error.code === 'bad_refresh_token') return end(current, 'GitHub answered 401 and refused the refresh');
        throw new GithubUnavailable(error.message, { cause: error });
      }
    },
  };
}

function nameOf({ person, id }: CredentialState): string {
  return `${person}:${id}`;
}

function generationOf(credential: CredentialState): string {
  return `${nameOf(credential)}:${credential.generation}`;
}
