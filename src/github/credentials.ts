/**
 * GitHub credentials in use: unsealing them, and refreshing expiring ones ahead of time, once across all replicas. Only
 * what GitHub itself says of a token ends anything (design decision 10).
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { EventBus } from '../observe/events.ts';
import { randomToken } from '../security/secrets.ts';
import type { CredentialState, PendingRevocation } from '../store/records.ts';
import { type Store, StoreUnavailable } from '../store/store.ts';
import { type GithubOAuth, GithubRefusal, GithubUnavailable } from './oauth-app.ts';
import { PATIENCE, type Patience, within } from './timeouts.ts';
import type { SealedTokens, TokenSeal } from './token-seal.ts';

/** Seconds for which a replica holds a refresh: longer than GitHub may take. */
const LEASE = 30;
/** Milliseconds between two looks at a credential that another replica is refreshing. */
const LOOK_AGAIN = 50;
/** Milliseconds between two tries to store a pair. */
const STORE_AGAIN = 200;
/** Seconds for which a refresh ahead of time is left alone after GitHub failed to answer one. */
const LEAVE_ALONE = 30;
const REMEMBERED = 1000;

/** GitHub does not accept the credential any more; the grants that used it have ended. */
export class CredentialDead extends Error {
  override readonly name = 'CredentialDead';
}

export interface Credentials {
  /** The credential with tokens worth trying: refreshed when that is due and GitHub can be asked. */
  fresh(credential: CredentialState): Promise<CredentialState>;
  /** The access token of a credential. */
  accessToken(credential: CredentialState): string;
  /**
   * GitHub answered 401 for a credential: renewed by whoever comes first, or ended with its grants.
   * @returns the credential to try once more
   * @throws {CredentialDead}
   * @throws {GithubUnavailable} when it cannot be decided now
   */
  afterRefusal(credential: CredentialState): Promise<CredentialState>;
}

export interface CredentialOptions {
  readonly store: Store;
  readonly seal: TokenSeal;
  readonly events: EventBus;
  readonly oauth: GithubOAuth;
  /** Epoch seconds. */
  readonly now: () => number;
  /** Told of people whose grants ended, so that what is left of their tokens is revoked. */
  readonly grantsEnded: (person: string) => void;
  /** Takes a pair that GitHub gave and that no credential holds. */
  readonly discard: (revocation: PendingRevocation) => Promise<void>;
  readonly patience?: Patience;
}

export function createCredentials(options: CredentialOptions): Credentials {
  const { store, seal, events, oauth, now, patience = PATIENCE } = options;
  const owner = randomToken(8);
  const refreshing = new Map<string, Promise<CredentialState>>();
  /** Generations whose refresh GitHub refused: it is not asked again. */
  const refused = new LRUCache<string, true>({ max: REMEMBERED });
  /** Generations whose refresh GitHub did not answer, and until when that is left alone. */
  const leftAlone = new LRUCache<string, number>({ max: REMEMBERED });

  /** One refresh in this process, one lease across all: everybody else gets what the first one brought. */
  function refreshOnce(credential: CredentialState): Promise<CredentialState> {
    const key = nameOf(credential);
    let running = refreshing.get(key);
    if (running === undefined) {
      running = underLease(credential).finally(() => refreshing.delete(key));
      refreshing.set(key, running);
    }
    return within(patience.refresh, running, () => new GithubUnavailable('the refresh takes too long'));
  }

  async function underLease(credential: CredentialState): Promise<CredentialState> {
    const lease = `refresh:${nameOf(credential)}`;
    const deadline = performance.now() + patience.refresh;
    while (!(await store.shared.acquireLease(lease, owner, LEASE))) {
      await pause(LOOK_AGAIN);
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
      const renewed = await keep(credential, await askGithub(credential));
      events.emit('credential.refreshed', { person, credential: id });
      return renewed;
    } catch (error) {
      if (error instanceof GithubRefusal && error.code === 'bad_refresh_token') refused.set(key, true);
      if (error instanceof GithubUnavailable) leftAlone.set(key, now() + LEAVE_ALONE);
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

  /** Writes the new pair by compare-and-set; where somebody else was first it is nobody's, and goes. */
  async function keep(credential: CredentialState, sealed: SealedTokens): Promise<CredentialState> {
    const { person, id, generation, appClientId } = credential;
    if (await persist(credential, sealed)) {
      // Without the old instants, which GitHub need not have named again.
      const { accessExpiresAt: _, refreshExpiresAt: __, ...rest } = credential;
      return { ...rest, ...sealed, generation: generation + 1 };
    }
    const current = await store.credentials.read(person, id);
    // An earlier try was carried out although its answer was lost.
    if (current?.sealedTokens === sealed.sealedTokens) return current;
    await options.discard({ person, id: randomUUID(), credential: id, appClientId, sealedTokens: sealed.sealedTokens });
    if (current === undefined) throw new CredentialDead('its last grant ended during the refresh');
    return current;
  }

  /**
   * GitHub has killed the old pair by now: a store that is down is tried until it is back. Whoever asked does not wait
   * that long.
   */
  async function persist(credential: CredentialState, sealed: SealedTokens): Promise<boolean> {
    const deadline = performance.now() + patience.store;
    for (;;) {
      try {
        return await store.credentials.replaceTokens(credential.person, credential.id, credential.generation, sealed);
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || performance.now() > deadline) throw error;
        await pause(STORE_AGAIN);
      }
    }
  }

  async function read(credential: CredentialState): Promise<CredentialState> {
    const current = await store.credentials.read(credential.person, credential.id);
    if (current === undefined) throw new CredentialDead('the credential is gone');
    return current;
  }

  /** Ends the credential and its grants, unless it was renewed in the meantime: then nothing is dead. */
  async function end(credential: CredentialState, why: string): Promise<CredentialState> {
    const { person, id, generation } = credential;
    const ended = await store.credentials.end(person, id, generation);
    // Renewed by somebody, or ended by somebody who told of it.
    if (ended.length === 0) return read(credential);
    events.emit('credential.dead', { person, credential: id });
    for (const { ref, clientId } of ended) events.emit('grant.ended', { clientId, ...ref, reason: 'upstream_revoked' });
    options.grantsEnded(person);
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
      if (alive && (leftAlone.get(generationOf(credential)) ?? 0) > now()) return credential;
      try {
        return await refreshOnce(credential);
      } catch (error) {
        // Whether the access token is dead too, GitHub will say when it is used.
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
