/** Maintenance: what every replica does once a minute, whatever is requested. */

/** Milliseconds between two rounds. */
const INTERVAL = 60_000;

export interface Maintenance {
  /** Runs one round, one part after another. @throws what a part throws */
  round(): Promise<void>;
  /** Runs rounds until {@link stop}. Errors go to `onError`. */
  start(): void;
  /** Starts no more rounds, and resolves when the running one has ended. */
  stop(): Promise<void>;
}

/** @param parts of a round. None waits for another, because some may take long; each runs at most once at a time. */
export function createMaintenance(
  parts: readonly (() => Promise<void>)[],
  onError: (error: unknown) => void,
): Maintenance {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void>[] = parts.map(() => Promise.resolve());
  return {
    async round() {
      for (const part of parts) await part();
    },
    start() {
      timer = setInterval(() => {
        running = parts.map((part, index) => Promise.resolve(running[index]).then(part).catch(onError));
      }, INTERVAL);
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(running);
    },
  };
}
