// A collector of OpenTelemetry: an HTTP server that takes OTLP, and decodes what comes as JSON.
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { listen } from '../support/listen.ts';

const attributes = z
  .array(z.object({ key: z.string(), value: z.looseObject({}) }))
  .default([])
  .transform((pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]])));
const spanSchema = z.looseObject({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: z.coerce.bigint(),
  endTimeUnixNano: z.coerce.bigint(),
  attributes,
  status: z.object({ code: z.number().default(0) }),
});
export type CollectedSpan = z.infer<typeof spanSchema>;
const pointSchema = z.looseObject({ attributes });
const metricSchema = z.looseObject({
  name: z.string(),
  unit: z.string(),
  sum: z.looseObject({ isMonotonic: z.boolean(), dataPoints: z.array(pointSchema) }).optional(),
  gauge: z.looseObject({ dataPoints: z.array(pointSchema) }).optional(),
  histogram: z.looseObject({ dataPoints: z.array(pointSchema) }).optional(),
});
export type CollectedMetric = z.infer<typeof metricSchema>;
const resource = z.object({ attributes });
const tracesSchema = z.object({
  resourceSpans: z.array(
    z.looseObject({ resource, scopeSpans: z.array(z.looseObject({ spans: z.array(spanSchema) })) }),
  ),
});
const metricsSchema = z.object({
  resourceMetrics: z.array(
    z.looseObject({ resource, scopeMetrics: z.array(z.looseObject({ metrics: z.array(metricSchema) })) }),
  ),
});

/** One export. */
interface Export {
  readonly path: string;
  readonly type: string | undefined;
  readonly key: string | string[] | undefined;
  readonly body: Buffer;
}

export interface Collector {
  readonly url: string;
  /** Everything that came, whatever its format. */
  readonly exports: readonly Export[];
  /** What came as JSON. */
  spans(): CollectedSpan[];
  /** The metrics of the last export. */
  metrics(): CollectedMetric[];
  /** The attributes of the resource of the last export. */
  resource(): Record<string, unknown>;
  /** What it answers from now on. */
  answer(status: number): void;
  /** From now on it takes requests, and does not answer them. */
  hang(): void;
  close(): Promise<void>;
}

/** Starts a collector, which its caller closes. */
export async function startCollector(): Promise<Collector> {
  const exports: Export[] = [];
  let status: number | undefined = 200;
  const server = await listen(async (request, response) => {
    const { url = '', headers } = request;
    exports.push({ path: url, type: headers['content-type'], key: headers['x-key'], body: await buffer(request) });
    if (status === undefined) return void (await once(response, 'close'));
    response.writeHead(status, { 'Content-Type': 'application/json' }).end('{}');
  });
  const json = (path: string) =>
    exports.filter((each) => each.path === path).map(({ body }): unknown => JSON.parse(body.toString()));
  return {
    url: server.url,
    exports,
    spans: () =>
      json('/v1/traces')
        .flatMap((body) => tracesSchema.parse(body).resourceSpans)
        .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    metrics: () =>
      json('/v1/metrics')
        .slice(-1)
        .flatMap((body) => metricsSchema.parse(body).resourceMetrics)
        .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics)),
    resource: () =>
      json('/v1/traces')
        .slice(-1)
        .flatMap((body) => tracesSchema.parse(body).resourceSpans)[0]?.resource.attributes ?? {},
    answer(next) {
      status = next;
    },
    hang() {
      status = undefined;
    },
    close: server.close,
  };
}
