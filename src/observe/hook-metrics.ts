/** Metrics of the event hook: what was sent and dropped, attempts that failed, and what waits. */
import { Counter, Gauge, type Registry } from 'prom-client';

export interface HookMetrics {
  /** An event was taken by the receiver, or given up. */
  ended(outcome: 'sent' | 'dropped'): void;
  /** An attempt failed; the event is sent again. */
  failed(): void;
  /** @param state how many events wait, and for how many seconds the oldest does */
  watch(state: () => { readonly waiting: number; readonly oldest: number }): void;
}

/** Creates the metrics; without a hook they stay 0. */
export function createHookMetrics(registry: Registry): HookMetrics {
  const registers = [registry];
  let state = () => ({ waiting: 0, oldest: 0 });
  const events = new Counter({
    name: 'bridge_hook_events_total',
    help: 'Events for EVENTS_WEBHOOK_URL, by outcome: sent, or dropped',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['sent', 'dropped']) events.inc({ outcome }, 0);
  const failures = new Counter({
    name: 'bridge_hook_failures_total',
    help: 'Attempts to deliver an event that failed; each event is sent again for an hour',
    registers,
  });
  new Gauge({
    name: 'bridge_hook_waiting',
    help: 'Events that wait for their delivery',
    registers,
    collect() {
      this.set(state().waiting);
    },
  });
  new Gauge({
    name: 'bridge_hook_oldest_seconds',
    help: 'For how long the oldest of them waits; 0 when none does',
    registers,
    collect() {
      this.set(state().oldest);
    },
  });
  return {
    ended: (outcome) => events.inc({ outcome }),
    failed: () => failures.inc(),
    watch(given) {
      state = given;
    },
  };
}
