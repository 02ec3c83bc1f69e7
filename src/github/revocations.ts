/**
 * Revocation at GitHub: tokens that no grant uses any more are deleted there, at once or, when GitHub is down, later. A
 * sweeper ends grants that expired and visits everybody whose tokens are still to be told of; replicas share the work
 * by claims.
 */
import type { EventBus } from '../observe/events.ts';
import { SealBroken } from '../security/secrets.ts';
import type { PendingRevocation } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { Credentials } from './credentials.ts';
import { type GithubOAuth, GithubRefusal } from './oauth-app.ts';

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
  /** Keeps a pair that never became a credential, and revokes it. */
  discard(revocation: PendingRevocation): Promise<void>;
  /** One round of the sweeper. @returns how many people were visited */
  sweep(): Promise<number>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

export interface RevocationOptions {
  readonly store: Store;
  readonly events: EventBus;
  readonly oauth: GithubOAuth;
  readonly appClientId: string;
  readonly accessToken: Credentials['accessToken'];
}

export function createRevocations({ store, events, oauth, appClientId, accessToken }: RevocationOptions): Revocations {
  const underWay = new Set<Promise<void>>();

  /** Tells GitHub of each token; what fails stays in the store. */
  async function revoke(person: string, pending: readonly PendingRevocation[]): Promise<void> {
    for (const revocation of pending) {
      try {
        // A token of an app that is not configured any more cannot be revoked by us.
        if (revocation.appClientId === appClientId)
          await oauth.revoke(accessToken(person, revocation.credential, revocation.sealedTokens));
        await store.revocations.done(person, revocation.id);
        events.emit('credential.revoked', {
          person,
          outcome: revocation.appClientId === appClientId ? 'revoked' : 'another app',
        });
      } catch (error) {
        events.emit('credential.revoked', { person, outcome: error instanceof Error ? error.message : 'failed' });
        if (error instanceof SealBroken) await store.revocations.done(person, revocation.id);
        else await store.revocations.retry(person, error instanceof GithubRefusal ? VISIT_INTERVAL : RETRY_DELAY);
      }
    }
  }

  function track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => events.emit('store.error', { error }))
      .finally(() => {
        underWay.delete(tracked);
      });
    underWay.add(tracked);
  }

  return {
    grantsEnded: (person) => track(store.revocations.pending(person).then((pending) => revoke(person, pending))),
    async discard(revocation) {
      await store.revocations.add(revocation);
      track(revoke(revocation.person, [revocation]));
    },
    async sweep() {
      const people = await store.revocations.duePeople(PEOPLE_AT_ONCE, CLAIM);
      for (const person of people) {
        const { ended, revocations } = await store.revocations.sweep(person, VISIT_INTERVAL);
        for (const { ref, clientId } of ended) events.emit('grant.ended', { clientId, ...ref, reason: 'expired' });
        await revoke(person, revocations);
      }
      return people.length;
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
