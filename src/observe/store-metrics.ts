/** Metrics of the store: how long its operations take, whether it answers, and how much it keeps. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Milliseconds for which counts are told again: in an embedded store, counting takes some of the process's time. */
const COUNTS_KEPT = 60_000;

/** The part of a store that metrics ask. */
export interface MeasuredStore {
  readonly kind: string;
  /** Fails when the store does not answer. */
  ping(): Promise<void>;
  counts(): Promise<{
    readonly people: number;
    readonly sessions: number;
    readonly revocations: number;
    readonly oldestRevocation: number;
  }>;
}

/** Hears of each operation of a store when it ends. */
export interface StoreOperations {
  /** @param name the operation, such as `sessions.read` @returns what is called when one ended; seconds */
  operation(name: string): (seconds: number, failed: boolean) => void;
}

export interface StoreMetrics extends StoreOperations {
  /** Asks the store whether it answers, and once a minute at most what it keeps. Never fails. */
  refresh(store: MeasuredStore): Promise<void>;
}

/**
 * Creates the metrics of a store.
 * @param now milliseconds of any clock that does not go back
 */
export function createStoreMetrics(registry: Registry, now: () => number): StoreMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const seconds = new Histogram({
    name: 'bridge_store_operation_seconds',
    help: 'Operations of the store',
    labelNames: ['operation'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2],
    registers,
  });
  const failures = new Counter({
    name: 'bridge_store_failures_total',
    help: 'Operations of the store that failed',
    labelNames: ['operation'],
    registers,
  });
  const up = new Gauge({
    name: 'bridge_store_up',
    help: 'Whether the store answered just now: 1 or 0',
    labelNames: ['store'],
    registers,
  });
  const counts = {
    people: gauge('bridge_people', 'People with sessions, or with GitHub tokens that are still to be revoked'),
    sessions: gauge('bridge_sessions', 'Sessions that are alive; of all replicas together'),
    revocations: gauge('bridge_revocations_pending', 'GitHub tokens that are still to be revoked'),
    oldestRevocation: gauge(
      'bridge_revocations_oldest_seconds',
      'For how long the oldest of them waits; 0 when none does',
    ),
  };
  let countedAt = Number.NEGATIVE_INFINITY;
  // Before the first answer nothing is known, which is not zero.
  for (const each of Object.values(counts)) each.set(Number.NaN);

  return {
    operation(name) {
      const child = seconds.labels({ operation: name });
      return (duration, failed) => {
        child.observe(duration);
        if (failed) failures.inc({ operation: name });
      };
    },
    async refresh(store) {
      const label = { store: store.kind };
      try {
        await store.ping();
        if (now() - countedAt >= COUNTS_KEPT) {
          const found = await store.counts();
          countedAt = now();
          counts.people.set(found.people);
          counts.sessions.set(found.sessions);
          counts.revocations.set(found.revocations);
          counts.oldestRevocation.set(found.oldestRevocation);
        }
        up.set(label, 1);
      } catch {
        up.set(label, 0);
      }
    },
  };
}
