/**
 * GitHub credentials in use: opening them, and refreshing expiring ones ahead of time, once across all replicas. A
 * credential ends only when GitHub itself says that its token is dead (design decision 10).
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

/** Seconds for which a replica holds a refresh: longer than GitHub may take. */
const LEASE = 30;
/** Milliseconds between two reads of a credential that another replica is refreshing. */
const REREAD_INTERVAL = 50;
/** Milliseconds between two attempts to store a pair. */
const STORE_RETRY_INTERVAL = 200;
/** Seconds for which a refresh that can wait is not tried again after GitHub failed to answer one. */
const RETRY_AFTER_FAILURE = 30;
const REMEMBERED = 1000;

/** GitHub does not accept the credential any more; the grants that used it have ended. */
export class CredentialDead extends Error {
  override readonly name = 'CredentialDead';
}

export interface Credentials {
  /** The credential, refreshed when that is due and GitHub answers. */
  fresh(credential: CredentialState): Promise<CredentialState>;
  /** The access token of a credential. */
  accessToken(credential: CredentialState): string;
  /**
   * GitHub answered 401 for a credential: it is renewed once, or ended with its grants.
   * @returns the credential to try once more
   * @throws {CredentialDead}
   * @throws {GithubUnavailable} when it cannot be decided now
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
  /** Revokes a pair that GitHub gave and that no credential holds. */
  readonly discard: (revocation: PendingRevocation) => Promise<void>;
  readonly timeouts?: Timeouts;
}

export function createCredentials(options: CredentialOptions): Credentials {
  const { store, seal, events, oauth, now, sessionEnding, timeouts = TIMEOUTS } = options;
  const owner = randomToken(8);
  const refreshing = new Map<string, Promise<CredentialState>>();
  /** Generations whose refresh GitHub refused: it is not asked again. */
  const refused = new LRUCache<string, true>({ max: REMEMBERED });
  /** Generations whose refresh GitHub did not answer, with the instant before which it is not tried again. */
  const notBefore = new LRUCache<string, number>({ max: REMEMBERED });

  /** One refresh at a time in this process, and by a lease across all replicas; the others get its result. */
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
    while (!(await store.shared.acquireLease(lease, owner, LEASE))) {
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
      await store.shared.releaseLease(lease, owner).catch(reportStoreTrouble);
    }
  }

  /** Refreshes and stores the new pair before anyone uses it. */
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

  async function askGithub(credential: CredentialState): Promise<SealedTokens> {
    const { refreshToken } = seal.open(credential.person, credential.id, credential.sealedTokens);
    if (refreshToken === undefined) throw new GithubRefusal('bad_refresh_token', 'there is none');
    return seal.seal(credential.person, credential.id, await oauth.refresh(refreshToken));
  }

  /** Writes the new pair by compare-and-set. If another replica wrote first, this token pair is revoked. */
  async function storeOrRevoke(credential: CredentialState, sealed: SealedTokens): Promise<CredentialState> {
    const { person, id, generation, appClientId } = credential;
    if (await storePair(credential, sealed)) {
      // Without the old expiries: GitHub may not have named new ones.
      const { accessExpiresAt: _, refreshExpiresAt: __, ...rest } = credential;
      return { ...rest, ...sealed, generation: generation + 1 };
    }
    const current = await store.credentials.read(person, id);
    // An earlier attempt was carried out although its answer was lost.
    if (current?.sealedTokens === sealed.sealedTokens) return current;
    await options.discard({ person, id: randomUUID(), credential: id, appClientId, sealedTokens: sealed.sealedTokens });
    if (current === undefined) throw new CredentialDead('its last grant ended during the refresh');
    return current;
  }

  /**
   * Stores the new pair. GitHub has ended the old pair by now, so a store that is down is tried until it is back; the
   * request that asked for the refresh does not wait that long.
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

  /** Ends the credential and its grants, unless it was renewed in the meantime. */
  async function end(credential: CredentialState, why: string): Promise<CredentialState> {
    const { person, id, generation } = credential;
    const ended = await store.credentials.end(person, id, generation);
    // Another request renewed it, or ended it and has told of that.
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

  function reportStoreTrouble(error: unknown): void {
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
        // GitHub will say whether the access token is dead too when it is used.
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
