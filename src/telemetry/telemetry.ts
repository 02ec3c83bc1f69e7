/**
 * Traces and metrics by OpenTelemetry, as the `OTEL_*` variables say. It is loaded only when they name a collector. It sets nothing
 * that is global, so that a program that the bridge is mounted in may have an SDK of its own.
 */
import { randomUUID } from 'node:crypto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type Koa from 'koa';
import type { Logger } from 'pino';
import { VERSION } from '../base/version.ts';
import { within } from '../base/within.ts';
import type { EventBus } from '../observe/events.ts';
import type { Measurement } from '../observe/metrics.ts';
import type { StoreOperations } from '../observe/store-metrics.ts';
import type { SamplerName, TelemetryConfig } from './config.ts';
import { logFailures, metricExporter, spanExporter } from './otlp.ts';
import { registryProducer } from './registry.ts';
import { createSpans } from './spans.ts';

/** Milliseconds that what waits has when the bridge stops. */
export const FLUSH = 2000;
const NAME = 'mcp-github-bridge';

/** The telemetry of one bridge. */
export interface Telemetry {
  /** Begins the span of a request; undefined when there are no traces. */
  readonly requests: Koa.Middleware | undefined;
  /** The same operations, with a span each. */
  storeOperations(measured: StoreOperations): StoreOperations;
  /** Sends metrics from now on. @param read reads the registry */
  measure(read: () => Promise<readonly Measurement[]>): void;
  /** Sends what waits, for {@link FLUSH} milliseconds at most, and ends. Never fails. */
  close(): Promise<void>;
}

/**
 * Creates the telemetry of one bridge.
 * @param store the kind of the store
 */
export function createTelemetry(
  config: TelemetryConfig,
  { events, logger, store }: { events: EventBus; logger: Pick<Logger, 'warn'>; store: 'redis' | 'sqlite' },
): Telemetry {
  const { traces, metrics } = config;
  const failures = logFailures(logger);
  const resource = defaultResource().merge(
    resourceFromAttributes({
      'service.name': NAME,
      'service.version': VERSION,
      'service.instance.id': randomUUID(),
      ...config.resource,
    }),
  );
  const tracers =
    traces &&
    new TracerProvider({
      resource,
      sampler: samplerOf(traces),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: spanExporter(traces, failures('traces')),
          scheduledDelayMillis: traces.delay,
        }),
      ],
    });
  const spans = tracers && createSpans(tracers.getTracer(NAME, VERSION), events, store);
  let meters: MeterProvider | undefined;

  return {
    requests: spans?.requests,
    storeOperations: (measured) => spans?.storeOperations(measured) ?? measured,
    measure(read) {
      if (metrics === undefined) return;
      const { interval } = metrics;
      // An export is over before the next begins, so that those of a collector that is away do not pile up.
      const target = { ...metrics, timeout: Math.min(metrics.timeout, interval) };
      const reader = new PeriodicExportingMetricReader({
        exporter: metricExporter(target, failures('metrics')),
        exportIntervalMillis: interval,
        metricProducers: [registryProducer(read)],
      });
      meters = new MeterProvider({ resource, readers: [reader] });
    },
    async close() {
      const flushed = Promise.allSettled([tracers?.shutdown(), meters?.shutdown()]);
      await within(FLUSH, flushed, () => new Error('late')).catch(() => {});
    },
  };
}

function samplerOf({ sampler, ratio }: { sampler: SamplerName; ratio: number }): Sampler {
  const root = sampler.endsWith('traceidratio')
    ? new TraceIdRatioBasedSampler(ratio)
    : sampler.endsWith('always_off')
      ? new AlwaysOffSampler()
      : new AlwaysOnSampler();
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}
