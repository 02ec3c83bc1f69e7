/**
 * Revocation at GitHub: tokens that no grant uses any more are deleted at GitHub, and those that a recipient of an ended
 * grant may hold are reset, at once or, when GitHub is down, later. The sweeper ends expired grants, and does what is
 * pending. Replicas share that work: each claims some people.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { SessionEnding } from '../oauth/session-ending.ts';
import type { EventBus } from '../observe/events.ts';
import { SealBroken } from '../security/secrets.ts';
import type { PendingRevocation } from '../store/records.ts';
import type { Swept } from '../store/session-operations.ts';
import { type Store, StoreUnavailable } from '../store/store.ts';
import { type GithubOAuth, GithubRefusal, GithubUnavailable } from './oauth-app.ts';
import type { TokenReset } from './token-reset.ts';
import type { TokenSeal } from './token-seal.ts';

/** Seconds between two visits of the sweeper to a person with sessions. */
const VISIT_INTERVAL = 3600;
/** Seconds for which claimed people belong to one replica. */
const CLAIM_TTL = 120;
/** People that a replica claims at once. */
const PEOPLE_PER_CLAIM = 50;
/** Seconds after which a failed revocation is tried again. */
const RETRY_DELAY = 60;
/** Milliseconds between two questions whether the store has a token pair, and for how long it is asked at most. */
const STORED_INTERVAL = 1000;
const STORED_PATIENCE = 600_000;

export interface Revocations {
  /** Starts to revoke a person's tokens that no grant uses any more, and to reset those that are due; does not wait. */
  revokeUnused(person: string): void;
  /**
   * Revokes a token pair that never became a credential. Never fails. The pair is stored first, so that a failed
   * revocation is tried again; if the store is down, it is tried once.
   */
  discard(revocation: PendingRevocation): Promise<void>;
  /**
   * Revokes a token pair that the store failed to store with a login, unless it has stored it all the same. Does not
   * wait for that, because only a store that answers again can tell.
   */
  discardUnlessStored(revocation: PendingRevocation): void;
  /** One round of the sweeper: visits all people whose visit is due. @returns how many people were visited */
  sweep(): Promise<number>;
  /** Resolves when no revocation is running. */
  idle(): Promise<void>;
}

interface RevocationOptions {
  readonly store: Store;
  readonly events: EventBus;
  readonly oauth: GithubOAuth;
  readonly appClientId: string;
  readonly seal: TokenSeal;
  readonly sessionEnding: SessionEnding;
  readonly reset: TokenReset;
}

/** Creates the revocations of one replica. */
export function createRevocations(options: RevocationOptions): Revocations {
  const { store, events, oauth, appClientId, seal, sessionEnding } = options;
  const running = new Set<Promise<void>>();

  /**
   * Does at GitHub what the ends of a person's sessions require: resets first, then revocations. What fails stays in the
   * store, and is tried again by the sweeper. @returns false when GitHub does not answer
   */
  async function tellGithub(
    person: string,
    resets: readonly string[],
    pending: () => Promise<readonly PendingRevocation[]>,
  ): Promise<boolean> {
    try {
      for (const credential of resets) await options.reset(person, credential);
      for (const revocation of await pending()) await revoke(revocation);
      return true;
    } catch (error) {
      if (!(error instanceof GithubRefusal || error instanceof GithubUnavailable)) throw error;
      // What remains would fail too. If GitHub refused the app's own credentials, the operator must correct them first, so
      // the next attempt is later.
      await store.revocations.retry(person, error instanceof GithubRefusal ? VISIT_INTERVAL : RETRY_DELAY);
      return error instanceof GithubRefusal;
    }
  }

  /** Revokes one token pair; drops one that cannot be read. @throws {GithubRefusal | GithubUnavailable} */
  async function revoke(revocation: PendingRevocation): Promise<void> {
    const { person, id } = revocation;
    try {
      const outcome = await revokeAtGithub(revocation);
      await store.revocations.done(person, id);
      events.emit('credential.revoked', { person, outcome });
    } catch (error) {
      events.emit('credential.revoked', { person, outcome: error instanceof Error ? error.message : 'failed' });
      if (!(error instanceof SealBroken)) throw error;
      await store.revocations.done(person, id);
    }
  }

  /**
   * Revokes one token pair.
   * @returns the outcome, for the event
   * @throws {GithubRefusal | GithubUnavailable | SealBroken}
   */
  async function revokeAtGithub(revocation: PendingRevocation): Promise<string> {
    const { person, credential } = revocation;
    // GitHub lets only the app that a token was issued to revoke it.
    if (revocation.appClientId !== appClientId) return 'another app';
    const { accessToken, refreshToken } = seal.open(person, credential, revocation.sealedTokens);
    if (await oauth.revoke(accessToken)) return 'revoked';
    if (refreshToken === undefined) return 'dead before';
    // GitHub does not delete an expired access token, but its refresh token stays valid for months. So the pair is
    // refreshed, and the new pair is deleted.
    try {
      const tokens = await oauth.refresh(refreshToken);
      const { sealedTokens } = seal.seal(person, credential, tokens);
      // The new pair is stored, in case GitHub does not answer the deletion. If the store is down, it is deleted
      // anyway.
      await store.revocations.add({ ...revocation, sealedTokens }).catch((error: unknown) => {
        events.emit('store.error', { error });
      });
      await oauth.revoke(tokens.accessToken);
      return 'revoked';
    } catch (error) {
      if (error instanceof GithubRefusal && error.code === 'bad_refresh_token') return 'dead before';
      throw error;
    }
  }

  /** Keeps work that nobody waits for, so that `idle` can; its errors go to the log. */
  function track(work: Promise<unknown>): void {
    const tracked: Promise<void> = work.then(
      () => void running.delete(tracked),
      (error: unknown) => {
        running.delete(tracked);
        events.emit('store.error', { error });
      },
    );
    running.add(tracked);
  }

  /** Whether a token pair is the one of its credential; asks until the store answers. The process may end meanwhile. */
  async function isStored({ person, credential, sealedTokens }: PendingRevocation): Promise<boolean> {
    const deadline = performance.now() + STORED_PATIENCE;
    for (;;) {
      await pause(STORED_INTERVAL, undefined, { ref: false });
      try {
        return (await store.credentials.read(person, credential))?.sealedTokens === sealedTokens;
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || performance.now() > deadline) throw error;
      }
    }
  }

  async function discard(revocation: PendingRevocation): Promise<void> {
    try {
      await store.revocations.add(revocation);
      track(tellGithub(revocation.person, [], async () => [revocation]));
    } catch (error) {
      events.emit('store.error', { error });
      track(revokeAtGithub(revocation));
    }
  }

  /** Asks twice: a server that was frozen executes what it had received in any order, the write after the first read. */
  async function settle(revocation: PendingRevocation): Promise<void> {
    if ((await isStored(revocation)) || (await isStored(revocation))) return;
    await discard(revocation);
  }

  /** Resets come first, so that a pair that a login replaced meanwhile is among the pending revocations. */
  async function tellPending(person: string): Promise<void> {
    const resets = await store.revocations.resets(person);
    await tellGithub(person, resets, () => store.revocations.pending(person));
  }

  /** Ends a person's expired grants. If GitHub must be told, the next visit comes soon, in case this one does not get so far. */
  async function endExpired(person: string): Promise<Swept> {
    const swept = await store.revocations.sweep(person, VISIT_INTERVAL);
    sessionEnding.reportExpired(swept.ended);
    if (swept.revocations.length + swept.resets.length > 0) await store.revocations.retry(person, RETRY_DELAY);
    return swept;
  }

  return {
    revokeUnused: (person) => track(tellPending(person)),
    discard,
    discardUnlessStored(revocation) {
      settle(revocation).catch((error: unknown) => events.emit('store.error', { error }));
    },
    async sweep() {
      let visited = 0;
      let githubAnswers = true;
      for (;;) {
        const people = await store.revocations.duePeople(PEOPLE_PER_CLAIM, CLAIM_TTL);
        // The store is asked for all of them at once, GitHub for one after the other.
        const visits = people.map((person) => ({ person, swept: endExpired(person) }));
        await Promise.allSettled(visits.map(({ swept }) => swept));
        for (const { person, swept } of visits) {
          try {
            const { revocations, resets } = await swept;
            if (githubAnswers) githubAnswers = await tellGithub(person, resets, async () => revocations);
          } catch (error) {
            // An error in the records of one person must not stop the sweep.
            events.emit('store.error', { error });
            if (error instanceof StoreUnavailable) return visited;
          }
        }
        visited += people.length;
        if (people.length < PEOPLE_PER_CLAIM) return visited;
      }
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
