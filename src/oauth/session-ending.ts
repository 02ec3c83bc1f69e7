/**
 * Ending sessions: the one place with all its steps, for every reason and every party (design decision 20). The grant
 * is deleted in the store, an event informs the log and the open streams, upstream tokens that no grant uses any more
 * are revoked, those that the grant's recipient may hold are reset, and the person's remembered consents are deleted if
 * the reason withdraws consent.
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
   * Does the remaining steps for grants that another operation of the store has ended already: a redemption that was a
   * replay, a rotation that was a reuse, the end of a dead credential, or a login of a person who has too many sessions.
   */
  afterStoreEnded(person: string, grants: readonly EndedGrant[], reason: GrantEndReason, by: EndedBy): Promise<void>;
  /** Emits the events for grants that the sweeper ended because they expired; the sweeper does what follows upstream. */
  reportExpired(grants: readonly EndedGrant[]): void;
}

interface SessionEndingOptions {
  readonly store: Store;
  readonly events: EventBus;
  /** Starts the revocation of a person's upstream tokens that no grant uses any more, and the resets that are due. */
  readonly revokeUnused: (person: string) => void;
}

/** Reasons that withdraw the person's consent or leave it in doubt: the next login shows the consent page again. */
const WITHDRAWS_CONSENT: ReadonlySet<GrantEndReason> = new Set([
  'disconnected',
  'administrator',
  'upstream_revoked',
  'not_allowed',
  'blocked',
  'replayed',
  'reused',
]);

/** Creates the one object through which sessions end. */
export function createSessionEnding({ store, events, revokeUnused }: SessionEndingOptions): SessionEnding {
  function emitEnded(grants: readonly EndedGrant[], reason: GrantEndReason, by: EndedBy): void {
    for (const { ref, clientId } of grants) events.emit('grant.ended', { clientId, ...ref, reason, by });
  }

  async function afterStoreEnded(person: string, grants: readonly EndedGrant[], reason: GrantEndReason, by: EndedBy) {
    emitEnded(grants, reason, by);
    if (grants.length > 0) revokeUnused(person);
    if (WITHDRAWS_CONSENT.has(reason)) await store.consents.forget(person);
  }

  return {
    async end(ref, reason, by, clientId) {
      const grant = await store.sessions.end(ref, clientId);
      await afterStoreEnded(ref.person, grant === undefined ? [] : [grant], reason, by);
      return grant !== undefined;
    },
    async endAll(person, reason, by, clientId) {
      const grants = await store.sessions.endAll(person, clientId);
      await afterStoreEnded(person, grants, reason, by);
      return grants.length;
    },
    afterStoreEnded,
    reportExpired: (grants) => emitEnded(grants, 'expired', 'clock'),
  };
}
