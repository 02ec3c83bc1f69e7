/**
 * Ending sessions: one place for all that belongs to it, whoever ends one and why. The grant ends in the store, the
 * remembered consents go where the end withdraws a consent, the event tells the log and the open streams, and the
 * upstream's tokens that no grant uses any more are revoked (design decision 20).
 */
import type { EndedBy, EventBus, GrantEndReason } from '../observe/events.ts';
import type { EndedGrant, SessionRef } from '../store/records.ts';
import type { Store } from '../store/store.ts';

export interface SessionEnding {
  /**
   * Ends one session.
   * @param clientId end it only if it is a session of this client
   * @returns whether there was such a session
   */
  end(ref: SessionRef, reason: GrantEndReason, by: EndedBy, clientId?: string): Promise<boolean>;
  /**
   * Ends all sessions of a person.
   * @param clientId only those of this client
   * @returns how many there were
   */
  endAll(person: string, reason: GrantEndReason, by: EndedBy, clientId?: string): Promise<number>;
  /**
   * Does the rest for grants that the store ended in one operation with something else (a replay, a dead credential, one
   * session too many).
   */
  ended(person: string, grants: readonly EndedGrant[], reason: GrantEndReason, by: EndedBy): Promise<void>;
  /** Tells of grants whose time was over; the sweeper, which found them, revokes their tokens itself. */
  expired(grants: readonly EndedGrant[]): void;
}

interface SessionEndingOptions {
  readonly store: Store;
  readonly events: EventBus;
  /** Starts the revocation of a person's upstream tokens that no grant uses any more. */
  readonly revokeUnused: (person: string) => void;
}

/** Ends that withdraw what the person consented to, or that leave it in doubt: the next login asks again. */
const WITHDRAWS_CONSENT: ReadonlySet<GrantEndReason> = new Set([
  'disconnected',
  'administrator',
  'upstream_revoked',
  'not_allowed',
  'replayed',
  'reused',
]);

export function createSessionEnding({ store, events, revokeUnused }: SessionEndingOptions): SessionEnding {
  function tell(grants: readonly EndedGrant[], reason: GrantEndReason, by: EndedBy): void {
    for (const { ref, clientId } of grants) events.emit('grant.ended', { clientId, ...ref, reason, by });
  }

  async function ended(person: string, grants: readonly EndedGrant[], reason: GrantEndReason, by: EndedBy) {
    tell(grants, reason, by);
    if (grants.length > 0) revokeUnused(person);
    if (WITHDRAWS_CONSENT.has(reason)) await store.consents.forget(person);
  }

  return {
    async end(ref, reason, by, clientId) {
      const grant = await store.sessions.end(ref, clientId);
      await ended(ref.person, grant === undefined ? [] : [grant], reason, by);
      return grant !== undefined;
    },
    async endAll(person, reason, by, clientId) {
      const grants = await store.sessions.endAll(person, clientId);
      await ended(person, grants, reason, by);
      return grants.length;
    },
    ended,
    expired: (grants) => tell(grants, 'expired', 'clock'),
  };
}
