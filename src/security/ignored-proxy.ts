/**
 * The first peer outside `TRUSTED_PROXIES` that sent X-Forwarded headers since the last start, kept in the store so that the
 * doctor, another process, can tell the operator about it.
 */
import { z } from 'zod';
import type { EventBus } from '../observe/events.ts';
import type { SharedStore } from '../store/store.ts';

const DOCUMENT = 'ignored-proxy';
const schema = z.object({ peer: z.string(), at: z.number() });

/** @see rememberIgnoredProxy */
export type IgnoredProxy = z.infer<typeof schema>;

/** Keeps a peer. @param at epoch seconds */
export async function rememberIgnoredProxy(store: SharedStore, peer: string, at: number): Promise<void> {
  const { version } = await store.readDocument(DOCUMENT);
  // If another replica writes in between, its word is as good.
  await store.writeDocument(DOCUMENT, version, JSON.stringify({ peer, at } satisfies IgnoredProxy));
}

/** Keeps the peers that the events tell. @param now epoch seconds */
export function watchIgnoredProxy(events: EventBus, store: SharedStore, now: () => number): void {
  events.on('proxy.untrusted', ({ peer }) => {
    rememberIgnoredProxy(store, peer, now()).catch((error: unknown) => events.emit('store.error', { error }));
  });
}

/** Reads the peer; undefined when there was none. */
export async function readIgnoredProxy(store: SharedStore): Promise<IgnoredProxy | undefined> {
  const { version, value } = await store.readDocument(DOCUMENT);
  return version === 0 ? undefined : schema.parse(JSON.parse(value));
}
