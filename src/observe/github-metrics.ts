/** Metrics of GitHub: its answers by route and status, and how much of its rate limits is left. No label names anybody. */
import { Gauge, Histogram, type Registry } from 'prom-client';
import { boundedLabel, routePattern } from './bounded-label.ts';
import type { EventBus, RateLimitState } from './events.ts';

/** Milliseconds for which the least that is left of a rate limit is told. */
export const WINDOW = 300_000;
/** Milliseconds of a part of the window: what was seen in a part is forgotten together. */
const PART = 60_000;

/**
 * Creates the metrics of GitHub.
 * @param now milliseconds of any clock that does not go back
 */
export function createGithubMetrics(events: EventBus, registry: Registry, now: () => number): void {
  const registers = [registry];
  const routes = boundedLabel();
  const resources = boundedLabel();
  /** The least share that is left of each limit, by when its part of the window began. */
  const least = new Map<string, Map<number, number>>();

  const calls = new Histogram({
    name: 'bridge_github_call_seconds',
    help: 'Calls of GitHub, by the pattern of their route, and status (error: no answer)',
    labelNames: ['route', 'status'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  new Gauge({
    name: 'bridge_github_rate_limit_remaining_ratio',
    help: 'The least share (0 to 1) that anybody had left of a rate limit of GitHub in the last five minutes',
    labelNames: ['resource'],
    registers,
    collect() {
      this.reset();
      for (const [resource, parts] of least) {
        for (const part of parts.keys()) if (part <= now() - WINDOW) parts.delete(part);
        if (parts.size > 0) this.set({ resource }, Math.min(...parts.values()));
      }
    },
  });

  function note({ resource, limit, remaining }: RateLimitState): void {
    const label = resources(resource);
    const part = Math.floor(now() / PART) * PART;
    const parts = least.get(label) ?? new Map<number, number>();
    parts.set(part, Math.min(parts.get(part) ?? 1, remaining / limit));
    for (const old of parts.keys()) if (old <= now() - WINDOW) parts.delete(old);
    least.set(label, parts);
  }

  events.on('github.call', ({ route, status, milliseconds, limit }) => {
    calls.observe({ route: routes(routePattern(route)), status: String(status) }, milliseconds / 1000);
    if (limit !== undefined) note(limit);
  });
}
