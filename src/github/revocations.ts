/**
 * Revocation at GitHub: tokens that no grant uses any more are deleted there, at once or, when GitHub is down, later. A
 * sweeper ends grants that expired and visits everybody whose tokens are still to be told of; replicas share the work
 * by claims.
 */
import type { EventBus } from '../observe/events.ts';
import { SealBroken } from '../security/secrets.ts';
import type { PendingRevocation } from '../store/records.ts';
import { type Store, StoreUnavailable } from '../store/store.ts';
import { type GithubOAuth, GithubRefusal, GithubUnavailable } from './oauth-app.ts';
import type { TokenSeal } from './token-seal.ts';

/** Seconds between two visits to a person with sessions. */
const VISIT_INTERVAL = 3600;
/** Seconds a replica may take for the people it claimed. */
const CLAIM = 120;
const PEOPLE_AT_ONCE = 50;
/** Seconds after which a failed revocation is tried again. */
const RETRY_DELAY = 60;

export interface Revocations {
  /** Starts telling GitHub of a person's orphaned tokens; the caller need not wait. */
  grantsEnded(person: string): void;
  /**
   * Keeps a pair that never became a credential, and revokes it. Never fails: without a store GitHub is told at once or
   * never.
   */
  discard(revocation: PendingRevocation): Promise<void>;
  /** One round of the sweeper: everybody who is due. @returns how many people were visited */
  sweep(): Promise<number>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

export interface RevocationOptions {
  readonly store: Store;
  readonly events: EventBus;
  readonly oauth: GithubOAuth;
  readonly appClientId: string;
  readonly seal: TokenSeal;
}

export function createRevocations({ store, events, oauth, appClientId, seal }: RevocationOptions): Revocations {
  const underWay = new Set<Promise<void>>();

  /** Tells GitHub of each token; what fails stays in the store. @returns false when GitHub does not answer */
  async function revoke(person: string, pending: readonly PendingRevocation[]): Promise<boolean> {
    for (const revocation of pending) {
      try {
        const outcome = await tellGithub(revocation);
        await store.revocations.done(person, revocation.id);
        events.emit('credential.revoked', { person, outcome });
      } catch (error) {
        events.emit('credential.revoked', { person, outcome: error instanceof Error ? error.message : 'failed' });
        if (error instanceof SealBroken) {
          await store.revocations.done(person, revocation.id);
          continue;
        }
        if (!(error instanceof GithubRefusal || error instanceof GithubUnavailable)) throw error;
        // The app's own credentials do not mend themselves within a minute. Either way the others would fare no better.
        await store.revocations.retry(person, error instanceof GithubRefusal ? VISIT_INTERVAL : RETRY_DELAY);
        return error instanceof GithubRefusal;
      }
    }
    return true;
  }

  /** @throws {GithubRefusal | GithubUnavailable | SealBroken} */
  async function tellGithub(revocation: PendingRevocation): Promise<string> {
    const { person, credential } = revocation;
    // A token of an app that is not configured any more cannot be revoked by us.
    if (revocation.appClientId !== appClientId) return 'another app';
    const { accessToken, refreshToken } = seal.open(person, credential, revocation.sealedTokens);
    if (await oauth.revoke(accessToken)) return 'revoked';
    if (refreshToken === undefined) return 'dead before';
    // An expired access token cannot be deleted, and its refresh token would outlive it by months: renewed, the pair
    // can.
    try {
      const tokens = await oauth.refresh(refreshToken);
      const { sealedTokens } = seal.seal(person, credential, tokens);
      // Kept for the case that GitHub goes away now; without a store it is told all the same.
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

  function track(work: Promise<unknown>): void {
    const tracked: Promise<void> = work.then(
      () => void underWay.delete(tracked),
      (error: unknown) => {
        underWay.delete(tracked);
        events.emit('store.error', { error });
      },
    );
    underWay.add(tracked);
  }

  async function visit(person: string, githubAnswers: boolean): Promise<boolean> {
    const { ended, revocations } = await store.revocations.sweep(person, VISIT_INTERVAL);
    for (const { ref, clientId } of ended) events.emit('grant.ended', { clientId, ...ref, reason: 'expired' });
    if (githubAnswers) return revoke(person, revocations);
    if (revocations.length > 0) await store.revocations.retry(person, RETRY_DELAY);
    return false;
  }

  return {
    grantsEnded: (person) => track(store.revocations.pending(person).then((pending) => revoke(person, pending))),
    async discard(revocation) {
      try {
        await store.revocations.add(revocation);
        track(revoke(revocation.person, [revocation]));
      } catch (error) {
        events.emit('store.error', { error });
        track(tellGithub(revocation));
      }
    },
    async sweep() {
      let visited = 0;
      let githubAnswers = true;
      for (;;) {
        const people = await store.revocations.duePeople(PEOPLE_AT_ONCE, CLAIM);
        for (const person of people) {
          try {
            githubAnswers = await visit(person, githubAnswers);
          } catch (error) {
            // One person's records must not keep the others waiting.
            events.emit('store.error', { error });
            if (error instanceof StoreUnavailable) return visited;
          }
        }
        visited += people.length;
        if (people.length < PEOPLE_AT_ONCE) return visited;
      }
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
