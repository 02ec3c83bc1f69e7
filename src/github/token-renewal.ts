/**
 * New token pairs for credentials: a pair that expires is refreshed at GitHub, another one is reset. GitHub ends the old
 * pair in both cases. This happens once at a time for each credential, across all replicas, and the new pair is stored
 * before it is used.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { within } from '../base/within.ts';
import type { EventBus } from '../observe/events.ts';
import { randomToken } from '../security/secrets.ts';
import type { CredentialState, PendingRevocation } from '../store/records.ts';
import { type Store, StoreUnavailable } from '../store/store.ts';
import { type GithubOAuth, GithubRefusal, GithubUnavailable } from './oauth-app.ts';
import { TIMEOUTS, type Timeouts } from './timeouts.ts';
import type { SealedTokens, TokenSeal } from './token-seal.ts';
import { CredentialDead } from './trouble.ts';

/** Seconds of the lease under which a replica renews a credential; longer than a request to GitHub may take. */
const LEASE = 30;
/** Milliseconds between two reads of a credential that another replica is renewing. */
const REREAD_INTERVAL = 50;
/** Milliseconds between two attempts to store a token pair. */
const STORE_RETRY_INTERVAL = 200;
/** Generations of which this process remembers that their refresh was refused. */
const MAX_REMEMBERED_GENERATIONS = 1000;

export interface TokenRenewal {
  /**
   * Gives a credential a new token pair, unless that has just happened.
   * @returns the credential with its newest pair
   * @throws {GithubRefusal} `bad_refresh_token` or `unknown_token` when GitHub does not take the pair, another code when
   *   it does not take the app's own credentials
   * @throws {GithubUnavailable} when GitHub, or another replica, takes too long
   * @throws {CredentialDead} when the credential was deleted in the meantime
   */
  renew(credential: CredentialState): Promise<CredentialState>;
  /**
   * Does `act` to a credential while nobody renews it, unless it has a new token pair by then. What is already being done
   * to the credential in this process is not done again: the caller gets its result.
   * @throws {GithubUnavailable} when that takes too long
   * @throws {CredentialDead} when the credential was deleted in the meantime
   */
  alone(
    credential: CredentialState,
    act: (current: CredentialState) => Promise<CredentialState>,
  ): Promise<CredentialState>;
}

interface TokenRenewalOptions {
  readonly store: Store;
  readonly seal: TokenSeal;
  readonly events: EventBus;
  readonly oauth: GithubOAuth;
  /** Revokes a token pair that GitHub issued and that no credential holds. */
  readonly discard: (revocation: PendingRevocation) => Promise<void>;
  readonly timeouts?: Timeouts;
}

/** Creates the renewal of one replica. */
export function createTokenRenewal(options: TokenRenewalOptions): TokenRenewal {
  const { store, seal, events, oauth, timeouts = TIMEOUTS } = options;
  const owner = randomToken(8);
  const running = new Map<string, Promise<CredentialState>>();
  /** Generations whose refresh GitHub refused; they are not refreshed again. */
  const refused = new LRUCache<string, true>({ max: MAX_REMEMBERED_GENERATIONS });

  const alone: TokenRenewal['alone'] = (credential, act) => {
    const key = `${credential.person}:${credential.id}`;
    let result = running.get(key);
    if (result === undefined) {
      result = underLease(`refresh:${key}`, credential, act).finally(() => running.delete(key));
      running.set(key, result);
    }
    return within(timeouts.refresh, result, () => new GithubUnavailable('the renewal takes too long'));
  };

  async function underLease(
    lease: string,
    credential: CredentialState,
    act: (current: CredentialState) => Promise<CredentialState>,
  ): Promise<CredentialState> {
    const deadline = performance.now() + timeouts.refresh;
    while (!(await store.shared.acquireLease(lease, owner, LEASE))) {
      await pause(REREAD_INTERVAL);
      const current = await read(credential);
      if (current.generation !== credential.generation) return current;
      if (performance.now() > deadline)
        throw new GithubUnavailable('another replica has been renewing the credential for too long');
    }
    try {
      const current = await read(credential);
      return current.generation === credential.generation ? await act(current) : current;
    } finally {
      await store.shared.releaseLease(lease, owner).catch((error: unknown) => events.emit('store.error', { error }));
    }
  }

  async function read(credential: CredentialState): Promise<CredentialState> {
    const current = await store.credentials.read(credential.person, credential.id);
    if (current === undefined) throw new CredentialDead('the credential is gone');
    return current;
  }

  /** Gets a new token pair, and stores it before it is used. */
  async function exchange(credential: CredentialState): Promise<CredentialState> {
    const { person, id, resetDue } = credential;
    try {
      const renewed = await storeOrRevoke(credential, await askGithub(credential));
      events.emit('credential.refreshed', { person, credential: id });
      if (resetDue) events.emit('credential.reset', { person, credential: id, outcome: 'reset' });
      return renewed;
    } catch (error) {
      if (error instanceof GithubRefusal && error.code === 'bad_refresh_token')
        refused.set(generationOf(credential), true);
      const reason = error instanceof Error ? error.message : 'unknown';
      events.emit('credential.refresh_failed', { person, credential: id, reason });
      throw error;
    }
  }

  /** Requests a new token pair. @throws {GithubRefusal | GithubUnavailable} */
  async function askGithub({ person, id, sealedTokens, accessExpiresAt }: CredentialState): Promise<SealedTokens> {
    const { accessToken, refreshToken } = seal.open(person, id, sealedTokens);
    if (refreshToken !== undefined) return seal.seal(person, id, await oauth.refresh(refreshToken));
    if (accessExpiresAt !== undefined) throw new GithubRefusal('bad_refresh_token', 'there is none');
    return seal.seal(person, id, await oauth.reset(accessToken));
  }

  /** Writes the new token pair by compare-and-set. If another replica wrote first, this token pair is revoked. */
  async function storeOrRevoke(credential: CredentialState, sealed: SealedTokens): Promise<CredentialState> {
    const { person, id, generation, appClientId } = credential;
    if (await storePair(credential, sealed)) {
      // The old expiries are removed, because the new tokens may have none. The old tokens are dead, so no reset is due.
      const { accessExpiresAt: _, refreshExpiresAt: __, resetDue: ___, ...rest } = credential;
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

  return {
    alone,
    async renew(credential) {
      if (refused.has(generationOf(credential))) throw new GithubRefusal('bad_refresh_token', 'refused before');
      return alone(credential, exchange);
    },
  };
}

function generationOf({ person, id, generation }: CredentialState): string {
  return `${person}:${id}:${generation}`;
}
