/**
 * Pins: a name at GitHub (a login, an organization) with the numeric id that first had it. GitHub gives a name to somebody
 * else when its owner drops it; the id stays. So a rule that names a login or an organization means the id pinned to it.
 */
import { z } from 'zod';
import type { SharedStore } from '../store/store.ts';

/** Seconds after which the pins are read from the store again. */
const REREAD_AFTER = 60;
const pinsSchema = z.record(z.string(), z.number());

export interface Pins {
  /** Whether an id is pinned to one of some names, in lower case, as far as this process knows. */
  isPinned(names: readonly string[], id: number): Promise<boolean>;
  /** The id that is pinned to a name; undefined when none is. */
  idOf(name: string): Promise<number | undefined>;
  /** Pins an id to a name unless one is pinned already. @returns the id that is pinned */
  pin(name: string, id: number): Promise<number>;
}

/**
 * @param document the name of the versioned document that keeps them
 * @param now epoch seconds
 */
export function createPins(store: SharedStore, document: string, now: () => number): Pins {
  let known: { ids: ReadonlyMap<string, number>; version: number; readAt: number } | undefined;

  async function read(): Promise<{ ids: ReadonlyMap<string, number>; version: number }> {
    if (known === undefined || now() - known.readAt > REREAD_AFTER) {
      const { version, value } = await store.readDocument(document);
      // A map, because names such as "constructor" are members of every object.
      const ids = new Map(version === 0 ? [] : Object.entries(pinsSchema.parse(JSON.parse(value))));
      known = { ids, version, readAt: now() };
    }
    return known;
  }

  /** Reads again before "no pin" is believed: another replica may have pinned the name within the minute. */
  async function idOf(name: string): Promise<number | undefined> {
    const pinned = (await read()).ids.get(name);
    if (pinned !== undefined) return pinned;
    known = undefined;
    return (await read()).ids.get(name);
  }

  return {
    async isPinned(names, id) {
      const { ids } = await read();
      return names.some((name) => ids.get(name) === id);
    },
    idOf,
    async pin(name, id) {
      for (;;) {
        const { ids, version } = await read();
        const pinned = ids.get(name);
        if (pinned !== undefined) return pinned;
        const value = JSON.stringify(Object.fromEntries([...ids, [name, id]]));
        const written = await store.writeDocument(document, version, value);
        known = undefined;
        if (written) return id;
      }
    },
  };
}
