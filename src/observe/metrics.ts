/** All metrics, for Prometheus; here those of requests, logins, refusals, tool calls, and counted events. No label identifies a person. */
import { setTimeout as pause } from 'node:timers/promises';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { VERSION } from '../base/version.ts';
import { boundedLabel, statusLabel, tokenRefusal } from './bounded-label.ts';
import type { EventBus, Events } from './events.ts';
import { createGatewayMetrics } from './gateway-metrics.ts';
import { createGithubMetrics } from './github-metrics.ts';
import { createHookMetrics, type HookMetrics } from './hook-metrics.ts';
import { createStoreMetrics, type MeasuredStore, type StoreOperations } from './store-metrics.ts';

/** A metric and its values. */
export interface Measurement {
  readonly name: string;
  readonly help: string;
  /** `counter`, `gauge` or `histogram`. */
  readonly type: string;
  readonly values: readonly MeasuredValue[];
}

export interface MeasuredValue {
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly value: number;
  /** Of a histogram: its name with `_bucket`, `_sum` or `_count`. */
  readonly metricName?: string;
}

export interface Metrics {
  /** The text of `GET /metrics` and its media type. @param store is asked whether it answers, and what it keeps */
  render(store?: MeasuredStore): Promise<{ text: string; contentType: string }>;
  /** The same as values. */
  read(store?: MeasuredStore): Promise<readonly Measurement[]>;
  /** Hears of the operations of the store. */
  readonly storeOperations: StoreOperations;
  /** Hears of the event hook. */
  readonly hook: HookMetrics;
  /** Counts a request. @param route the pattern of the route, not the path @param seconds its duration */
  request(route: string, method: string, status: number, seconds: number): void;
}

/** Events that are counted by name in `bridge_events_total`. */
const COUNTED: ReadonlySet<keyof Events> = new Set([
  'client.registered',
  'consent.allowed',
  'consent.denied',
  'login.completed',
  'login.failed',
  'code.redeemed',
  'code.replayed',
  'refresh_token.rotated',
  'refresh_token.repeated',
  'refresh_token.reused',
  'access_token.refused',
  'credential.refreshed',
  'credential.refresh_failed',
  'credential.dead',
  'rate.limited',
  'store.error',
]);

/**
 * Creates the metrics in a registry of their own, and subscribes to the events.
 * @param now milliseconds of any clock that does not go back
 */
export function createMetrics(events: EventBus, now: () => number = () => performance.now()): Metrics {
  const registry = new Registry();
  let processMeasured: Promise<void> | undefined;
  const registers = [registry];
  const build = new Gauge({
    name: 'bridge_build_info',
    help: 'Always 1; the version of the bridge and of Node',
    labelNames: ['version', 'node'],
    registers,
  });
  build.set({ version: VERSION, node: process.versions.node }, 1);
  countEvents(events, registers);
  createGithubMetrics(events, registry, now);
  createGatewayMetrics(events, registry);
  const store = createStoreMetrics(registry, now);
  const hook = createHookMetrics(registry);
  const tools = new Histogram({
    name: 'bridge_tool_call_seconds',
    help: 'Tool calls',
    labelNames: ['tool', 'outcome'],
    registers,
  });
  const requests = new Histogram({
    name: 'bridge_http_request_seconds',
    help: 'HTTP requests',
    labelNames: ['route', 'method', 'status'],
    registers,
  });

  // Clients choose the name where a program makes the server.
  const toolNames = boundedLabel();
  events.on('tool.called', ({ tool, outcome, milliseconds }) =>
    tools.observe({ tool: toolNames(tool), outcome }, milliseconds / 1000),
  );

  async function refresh(measured: MeasuredStore | undefined): Promise<void> {
    // From the first request for them on, because measuring the event loop wakes the process 100 times a second.
    processMeasured ??= measureProcess(registry);
    await Promise.all([processMeasured, measured && store.refresh(measured)]);
  }

  return {
    storeOperations: store,
    hook,
    async read(measured) {
      await refresh(measured);
      const all = await registry.getMetricsAsJSON();
      return all.map(({ name, help, type, values }) => ({ name, help, type: String(type), values }));
    },
    async render(measured) {
      await refresh(measured);
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
    request: (route, method, status, seconds) =>
      requests.observe({ route, method, status: statusLabel(status) }, seconds),
  };
}

/** Counts events by name, and what ended, failed and was refused by its reason. */
function countEvents(events: EventBus, registers: Registry[]): void {
  const counted = new Counter({
    name: 'bridge_events_total',
    help: 'Events, by name',
    labelNames: ['event'],
    registers,
  });
  const ended = new Counter({
    name: 'bridge_grants_ended_total',
    help: 'Grants that ended, by reason',
    labelNames: ['reason'],
    registers,
  });
  const logins = new Counter({
    name: 'bridge_logins_total',
    help: 'Logins that ended, by outcome: completed, consent_denied, or the OAuth code of their error',
    labelNames: ['outcome'],
    registers,
  });
  const refusals = new Counter({
    name: 'bridge_refusals_total',
    help: 'What was refused on purpose: requests, access tokens, MCP requests, and what exceeds a rate limit; by reason',
    labelNames: ['what', 'reason'],
    registers,
  });
  const failures = new Counter({
    name: 'bridge_failures_total',
    help: 'Requests that failed because of a bug or an outage, by what was answered',
    labelNames: ['reason'],
    registers,
  });
  const outcomes = boundedLabel();

  events.onAny((name) => {
    if (COUNTED.has(name)) counted.inc({ event: name });
  });
  events.on('grant.ended', ({ reason }) => ended.inc({ reason }));
  events.on('login.completed', () => logins.inc({ outcome: 'completed' }));
  events.on('consent.denied', () => logins.inc({ outcome: 'consent_denied' }));
  events.on('login.failed', ({ error }) => logins.inc({ outcome: outcomes(error) }));
  events.on('request.failed', ({ expected, reason }) =>
    expected ? refusals.inc({ what: 'request', reason }) : failures.inc({ reason }),
  );
  events.on('access_token.refused', ({ reason }) =>
    refusals.inc({ what: 'access_token', reason: tokenRefusal(reason) }),
  );
  events.on('rate.limited', ({ limit }) => refusals.inc({ what: 'rate_limit', reason: limit }));
  // The reason is the SDK's text, which may repeat words of the request.
  events.on('mcp.refused', () => refusals.inc({ what: 'mcp', reason: 'protocol' }));
}

/** Milliseconds in which the delay of the event loop gets its first values; it is measured every ten. */
const FIRST_VALUES = 100;

/** Adds the metrics of the process, and waits for the first delays of the event loop: the minimum of none is 292 years. */
async function measureProcess(registry: Registry): Promise<void> {
  collectDefaultMetrics({ register: registry });
  await pause(FIRST_VALUES);
}
