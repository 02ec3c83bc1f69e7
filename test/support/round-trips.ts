// Counts the round trips to a store, by wrapping it.

import type { Store } from '../../src/store/store.ts';

/** Calls that start at the same moment count as one round trip, because they are sent together. */
export class RoundTrips {
  count = 0;
  /** Calls, without those for refresh locks. */
  calls = 0;
  /** Writes to the stories of logins, when a test counts them: no request waits for them. */
  stories = 0;
  /** Round trips for refresh locks, and those made while one is held. */
  locks = 0;
  #together = false;

  reset(): void {
    this.count = 0;
    this.calls = 0;
    this.locks = 0;
  }

  /** The same store, with its calls counted. */
  counting(store: Store): Store {
    const counted = (part: object, isLock: (method: string) => boolean) =>
      new Proxy(part, {
        get: (target, name) => {
          const method: unknown = Reflect.get(target, name, target);
          if (typeof method !== 'function') return method;
          return (...args: unknown[]) => {
            this.#begin(isLock(String(name)));
            return Reflect.apply(method, target, args);
          };
        },
      });
    return new Proxy(store, {
      get: (target, name) => {
        const part: unknown = Reflect.get(target, name, target);
        if (typeof part !== 'object' || part === null) return part;
        return counted(part, (method) => name === 'credentials' || method.endsWith('Lease'));
      },
    });
  }

  #begin(isLock: boolean): void {
    if (isLock) {
      this.locks += 1;
      return;
    }
    this.calls += 1;
    if (this.#together) return;
    this.count += 1;
    this.#together = true;
    queueMicrotask(() => {
      this.#together = false;
    });
  }
}
