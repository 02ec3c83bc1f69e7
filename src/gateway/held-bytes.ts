/** Counts the bytes of bodies, lists and events that are held at the same time: those of one person, and all. */
import { Refusal } from './refusal.ts';

/** Bytes of all people, and of one person. */
const MAX_HELD = { all: 128 * 1024 * 1024, perPerson: 32 * 1024 * 1024 };
/** Seconds. */
const RETRY_AFTER = 5;

/** What one body, list or stream of events holds. */
export interface Share {
  /** Counts this many bytes, in place of those counted before. @throws {Refusal} 503 when too much is held then */
  hold(bytes: number): void;
  /** Called when nothing is held any more; more than once does no harm. */
  release(): void;
}

export interface HeldBytes {
  /** Bytes that are held now. */
  readonly held: number;
  /** @param person without one, only the limit of all people counts */
  share(person?: string): Share;
}

/** @param limits in bytes; for tests */
export function createHeldBytes(limits: { readonly all: number; readonly perPerson: number } = MAX_HELD): HeldBytes {
  let held = 0;
  const heldBy = new Map<string, number>();

  /** Counts bytes, or fewer for a negative number. */
  function count(bytes: number, person: string | undefined): void {
    held += bytes;
    if (person === undefined) return;
    const own = (heldBy.get(person) ?? 0) + bytes;
    if (own === 0) heldBy.delete(person);
    else heldBy.set(person, own);
  }

  function checkLimits(person: string | undefined): void {
    if (held <= limits.all && (person === undefined || (heldBy.get(person) ?? 0) <= limits.perPerson)) return;
    throw new Refusal(503, 'refused', 'too much is under way', { retryAfter: RETRY_AFTER });
  }

  return {
    get held() {
      return held;
    },
    share(person) {
      let own = 0;
      const change = (bytes: number) => {
        count(bytes - own, person);
        own = bytes;
      };
      return {
        hold(bytes) {
          const grows = bytes > own;
          change(bytes);
          if (grows) checkLimits(person);
        },
        release: () => change(0),
      };
    },
  };
}
