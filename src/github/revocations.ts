/**
 * Revocation at GitHub: tokens that no grant uses any more are deleted there, at once or, when GitHub is down, later. The
 * sweeper ends grants that have expired, and revokes what is still pending; replicas share the people by claims.
 */
import type { SessionEnding } from '../oauth/session-ending.ts';
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
  /** Starts revoking a person's tokens that no grant uses any more; the caller does not wait. */
  revokeUnused(person: string): void;
  /**
   * Revokes a pair that never became a credential. Never fails: it is stored first, so that it can be tried again; without
   * a store it is tried once.
   */
  discard(revocation: PendingRevocation): Promise<void>;
  /** One round of the sweeper: everybody who is due. @returns how many people were visited */
  sweep(): Promise<number>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

interface RevocationOptions {
  readonly store: Store;
  readonly events: EventBus;
  readonly oauth: GithubOAuth;
  readonly appClientId: string;
  readonly seal: TokenSeal;
  readonly sessionEnding: SessionEnding;
}

export function createRevocations(options: RevocationOptions): Revocations {
  const { store, events, oauth, appClientId, seal, sessionEnding } = options;
  const underWay = new Set<Promise<void>>();

  /** Revokes each token; what fails stays in the store. @returns false when GitHub does not answer */
  async function revoke(person: string, pending: readonly PendingRevocation[]): Promise<boolean> {
    for (const revocation of pending) {
      try {
        const outcome = await revokeAtGithub(revocation);
        await store.revocations.done(person, revocation.id);
        events.emit('credential.revoked', { person, outcome });
      } catch (error) {
        events.emit('credential.revoked', { person, outcome: error instanceof Error ? error.message : 'failed' });
        if (error instanceof SealBroken) {
          await store.revocations.done(person, revocation.id);
          continue;
        }
        if (!(error instanceof GithubRefusal || error instanceof GithubUnavailable)) throw error;
        // A refusal of the app's own credentials lasts longer than a minute. Either way the other tokens would fail too.
        await store.revocations.retry(person, error instanceof GithubRefusal ? VISIT_INTERVAL : RETRY_DELAY);
        return error instanceof GithubRefusal;
      }
    }
    return true;
  }

  /** @throws {GithubRefusal | GithubUnavailable | SealBroken} */
  async function revokeAtGithub(revocation: PendingRevocation): Promise<string> {
    const { person, credential } = revocation;
    // Only the app that a token was issued to can revoke it.
    if (revocation.appClientId !== appClientId) return 'another app';
    const { accessToken, refreshToken } = seal.open(person, credential, revocation.sealedTokens);
    if (await oauth.revoke(accessToken)) return 'revoked';
    if (refreshToken === undefined) return 'dead before';
    // GitHub does not delete an expired access token, and its refresh token lives on for months. A renewed pair can be
    // deleted.
    try {
      const tokens = await oauth.refresh(refreshToken);
      const { sealedTokens } = seal.seal(person, credential, tokens);
      // Stored, in case GitHub fails to answer next; without a store the revocation is tried all the same.
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
    sessionEnding.reportExpired(ended);
    if (githubAnswers) return revoke(person, revocations);
    if (revocations.length > 0) await store.revocations.retry(person, RETRY_DELAY);
    return false;
  }

  return {
    revokeUnused: (person) => track(store.revocations.pending(person).then((pending) => revoke(person, pending))),
    async discard(revocation) {
      try {
        await store.revocations.add(revocation);
        track(revoke(revocation.person, [revocation]));
      } catch (error) {
        events.emit('store.error', { error });
        track(revokeAtGithub(revocation));
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
            // A fault in one person's records must not stop the sweep.
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
