/** The types of a case and of the stores that it gets, and helpers that several files of cases use. */
import type { PendingRevocation } from '../records.ts';
import type { Store } from '../store.ts';

/**
 * Opens two instances over the same records; there are no records yet. The suite closes both.
 * @param now the clock that both instances must use; returns epoch seconds
 */
export type OpenStores = (now: () => number) => Promise<OpenedStores>;

interface OpenedStores {
  readonly store: Store;
  /** Another instance over the same records: another replica, or the admin command. */
  readonly second: Store;
  /** Deletes what they stored; called when both are closed. */
  remove?(): void | Promise<void>;
}

/** What a case gets. */
interface Stores {
  readonly store: Store;
  readonly second: Store;
  /** The current instant of the clock, in epoch seconds. */
  readonly time: () => number;
  /** Moves the clock forward by so many seconds. */
  readonly advance: (seconds: number) => void;
}

/** Defines one case under a title. */
export type DefineTest = (title: string, body: (stores: Stores) => Promise<void>) => void;

/** Starts `times` calls at once, on the two instances in turn. */
export function race<T>(
  times: number,
  { store, second }: Stores,
  call: (store: Store, index: number) => Promise<T>,
): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, (_, index) => call(index % 2 === 0 ? store : second, index)));
}

/** How many elements satisfy `matches`. */
export function count<T>(all: readonly T[], matches: (one: T) => boolean): number {
  return all.filter(matches).length;
}

/** The sealed tokens of pending revocations, sorted. */
export function sealedTokensOf(revocations: readonly PendingRevocation[]): string[] {
  return revocations.map((one) => one.sealedTokens).sort();
}
