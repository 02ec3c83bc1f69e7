/**
 * Sessions for an MCP server that the operator has replaced or removed since the person consented. They open nothing any more;
 * they are ended so that the GitHub tokens which that server got die with them (design decision 24).
 */
import type { Store } from '../store/store.ts';
import { isSameRecipient, type Resources } from './resource-indicators.ts';
import type { SessionEnding } from './session-ending.ts';

/** People whose sessions are read together. */
const PAGE_SIZE = 100;

interface ChangedRecipientsOptions {
  readonly store: Store;
  readonly resources: Resources;
  readonly sessionEnding: SessionEnding;
}

/**
 * Creates a part of the maintenance: one pass over all people after the start, because the configuration does not change later.
 * A pass that fails begins again in the next round.
 */
export function createChangedRecipients({
  store,
  resources,
  sessionEnding,
}: ChangedRecipientsOptions): () => Promise<void> {
  let isDone = false;
  return async () => {
    if (isDone) return;
    let after = '';
    for (;;) {
      const people = await store.sessions.people(after, PAGE_SIZE);
      for (const person of people)
        for (const { grant } of await store.sessions.list(person))
          if (!isSameRecipient(resources.find(grant.resource)?.recipient, grant.recipient))
            await sessionEnding.end(grant.ref, 'server_changed', 'operator');
      after = people.at(-1) ?? after;
      if (people.length < PAGE_SIZE) break;
    }
    isDone = true;
  };
}
