/**
 * The metrics of the registry that Prometheus reads, as OpenTelemetry has them: the same names, labels and buckets, so that there is
 * one list of metrics and one dashboard, whichever way they go.
 */
import { ValueType } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import { VERSION } from '../base/version.ts';
import type { MeasuredValue, Measurement } from '../observe/metrics.ts';

type Time = DataPoint<number>['startTime'];

/**
 * Creates the producer of metrics.
 * @param read reads the registry
 */
export function registryProducer(read: () => Promise<readonly Measurement[]>): MetricProducer {
  // What is counted began at zero with the process.
  const startTime = timeOf(Date.now() - process.uptime() * 1000);
  return {
    async collect() {
      const measurements = await read();
      const endTime = timeOf(Date.now());
      const metrics = measurements
        .flatMap((each) => metricOf(each, startTime, endTime) ?? [])
        .filter(({ dataPoints }) => dataPoints.length > 0);
      return {
        // The reader takes that of the provider.
        resourceMetrics: {
          resource: resourceFromAttributes({}),
          scopeMetrics: [{ scope: { name: 'mcp-github-bridge', version: VERSION }, metrics }],
        },
        errors: [],
      };
    },
  };
}

/** One metric; undefined for a kind that OpenTelemetry has no counterpart of. */
function metricOf({ name, help, type, values }: Measurement, startTime: Time, endTime: Time): MetricData | undefined {
  const base = {
    descriptor: { name, description: help, unit: unitOf(name), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const points = () =>
    values
      // Not a number is what is not known yet.
      .filter(({ value }) => Number.isFinite(value))
      .map(({ labels, value }) => ({ startTime, endTime, attributes: attributesOf(labels), value }));
  if (type === 'counter') return { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points() };
  if (type === 'gauge') return { ...base, dataPointType: DataPointType.GAUGE, dataPoints: points() };
  if (type !== 'histogram') return undefined;
  const dataPoints = [...histograms(name, values)].map(([attributes, value]) => ({
    startTime,
    endTime,
    attributes,
    value,
  }));
  return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints };
}

/** The histograms of one metric. Prometheus counts in a bucket all that is in those below it, OpenTelemetry does not. */
function histograms(name: string, values: readonly MeasuredValue[]): Iterable<[Record<string, string>, Histogram]> {
  const found = new Map<string, [Record<string, string>, Histogram]>();
  for (const { labels, value, metricName } of values) {
    const { le, ...rest } = labels;
    const attributes = attributesOf(rest);
    const key = JSON.stringify(attributes);
    const entry = found.get(key) ?? [attributes, { buckets: { boundaries: [], counts: [] }, count: 0, sum: 0 }];
    found.set(key, entry);
    const [, histogram] = entry;
    const { boundaries, counts } = histogram.buckets;
    if (metricName === `${name}_sum`) histogram.sum = value;
    else if (metricName === `${name}_count`) histogram.count = value;
    else {
      if (le !== '+Inf') boundaries.push(Number(le));
      counts.push(value - counts.reduce((sum, count) => sum + count, 0));
    }
  }
  return found.values();
}

function attributesOf(labels: MeasuredValue['labels']): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, String(value)]));
}

/** The unit of a metric, which its name ends with. */
function unitOf(name: string): string {
  const [, unit] = /_(seconds|bytes)(?:_total)?$/.exec(name) ?? [];
  return unit === 'seconds' ? 's' : unit === 'bytes' ? 'By' : '';
}

/** Seconds and nanoseconds of a time in milliseconds. */
function timeOf(milliseconds: number): Time {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}
