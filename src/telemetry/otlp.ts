/**
 * Sends spans and metrics to a collector by OTLP over HTTP, and logs when it does not take them: one line, whatever the number of
 * failures. The SDK's exporters are not used, because they read `process.env`, which is not where a program keeps the settings of
 * its bridge.
 */
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import { createOtlpHttpExportDelegate, httpAgentFactoryFromOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import {
  type IExporterMetricsHelper,
  type ISerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  MetricsExporterMetricsHelper,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
  TraceExporterMetricsHelper,
} from '@opentelemetry/otlp-transformer';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import { errorCode } from '../base/error-cause.ts';
import type { OtlpTarget } from './config.ts';

/** Milliseconds between two lines of the log. */
export const BETWEEN_LINES = 600_000;
/** Exports under way at once; what comes when there are so many is dropped. */
const MAX_AT_ONCE = 4;

/** Hears how each export ended. @param reason absent when the collector took it */
export type ExportListener = (reason: string | undefined) => void;

/** Creates the exporter of spans. */
export function spanExporter(target: OtlpTarget, ended: ExportListener): SpanExporter {
  const serializer = target.protocol === 'http/json' ? JsonTraceSerializer : ProtobufTraceSerializer;
  return exporter(target, serializer, TraceExporterMetricsHelper, ended);
}

/** Creates the exporter of metrics. */
export function metricExporter(target: OtlpTarget, ended: ExportListener): PushMetricExporter {
  const serializer = target.protocol === 'http/json' ? JsonMetricsSerializer : ProtobufMetricsSerializer;
  return exporter(target, serializer, MetricsExporterMetricsHelper, ended);
}

function exporter<Items, Answer>(
  target: OtlpTarget,
  serializer: ISerializer<Items, Answer>,
  helper: IExporterMetricsHelper<Items>,
  ended: ExportListener,
): OTLPExporterBase<Items> {
  const contentType = target.protocol === 'http/json' ? 'application/json' : 'application/x-protobuf';
  const headers = { ...target.headers, 'Content-Type': contentType };
  const delegate = createOtlpHttpExportDelegate(
    {
      url: target.url,
      headers: async () => headers,
      timeoutMillis: target.timeout,
      compression: target.compression,
      concurrencyLimit: MAX_AT_ONCE,
      agentFactory: httpAgentFactoryFromOptions({ keepAlive: true }),
    },
    serializer,
    'otlp_http_exporter',
    helper,
    undefined,
  );
  return new OTLPExporterBase<Items>({
    export(items, done) {
      delegate.export(items, (result) => {
        ended(result.code === 0 ? undefined : reasonOf(result.error));
        done(result);
      });
    },
    forceFlush: () => delegate.forceFlush(),
    shutdown: () => delegate.shutdown(),
    setMetrics: (metrics) => delegate.setMetrics(metrics),
  });
}

/** The status or the code of a failure. Its message is the collector's, or has the URL. */
function reasonOf(error: unknown): string {
  const isStatus = error instanceof Error && 'code' in error && typeof error.code === 'number';
  return isStatus ? `HTTP ${error.code}` : (errorCode(error) ?? 'no answer');
}

/**
 * Creates the listener of all exports, which logs the first failure, and then none for ten minutes.
 * @param now milliseconds of any clock that does not go back
 */
export function logFailures(
  logger: Pick<Logger, 'warn'>,
  now: () => number = () => performance.now(),
): (signal: 'traces' | 'metrics') => ExportListener {
  let loggedAt = Number.NEGATIVE_INFINITY;
  return (signal) => (reason) => {
    if (reason === undefined || now() - loggedAt < BETWEEN_LINES) return;
    loggedAt = now();
    logger.warn({
      event: 'telemetry.failed',
      signal,
      reason,
      message: 'the OpenTelemetry collector does not take what is sent; it is lost, and nothing else waits for it',
    });
  };
}
