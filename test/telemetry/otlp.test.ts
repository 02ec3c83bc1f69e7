// Exports: in either format, with the headers of the collector; a failure is one line, without the address or the key.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { OtlpTarget } from '../../src/telemetry/config.ts';
import { BETWEEN_LINES, logFailures, spanExporter } from '../../src/telemetry/otlp.ts';
import { type Collector, startCollector } from './collector.ts';

describe('an exporter', () => {
  let collector: Collector;
  before(async () => {
    collector = await startCollector();
  });
  after(() => collector.close());
  const target = (changes: Partial<OtlpTarget> = {}): OtlpTarget => ({
    url: `${collector.url}/v1/traces`,
    protocol: 'http/json',
    headers: { 'x-key': 'secret' },
    timeout: 300,
    compression: 'none',
    ...changes,
  });

  /** Exports one span. @returns what was heard of it */
  async function send(changes: Partial<OtlpTarget>): Promise<string | undefined> {
    const heard = Promise.withResolvers<string | undefined>();
    const spanProcessors = [new SimpleSpanProcessor({ exporter: spanExporter(target(changes), heard.resolve) })];
    const provider = new TracerProvider({ spanProcessors });
    provider.getTracer('test').startSpan('one', {}, ROOT_CONTEXT).end();
    const reason = await heard.promise;
    await provider.shutdown();
    return reason;
  }

  it('sends JSON or protobuf, compressed or not, with the headers', async () => {
    assert.equal(await send({}), undefined);
    assert.equal(collector.spans().at(-1)?.name, 'one');
    assert.equal(await send({ url: `${collector.url}/p`, protocol: 'http/protobuf', compression: 'gzip' }), undefined);
    const [json, protobuf] = collector.exports;
    assert.deepEqual([json?.type, protobuf?.type], ['application/json', 'application/x-protobuf']);
    assert.deepEqual([json?.key, protobuf?.key], ['secret', 'secret']);
    assert.deepEqual([...(protobuf?.body.subarray(0, 2) ?? [])], [0x1f, 0x8b]);
  });

  it('tells the status or the code when it failed, not the address', async () => {
    collector.answer(401);
    assert.equal(await send({}), 'HTTP 401');
    assert.equal(await send({ url: 'http://127.0.0.1:1/key-in-the-path' }), 'ECONNREFUSED');
  });
});

describe('failures', () => {
  it('are one line for all exports, and another after ten minutes', () => {
    const lines: unknown[] = [];
    let time = 0;
    const failures = logFailures(
      { warn: ({ message, ...line }: Record<string, unknown>) => void lines.push(line) },
      () => time,
    );
    const [traces, metrics] = [failures('traces'), failures('metrics')];
    traces(undefined);
    assert.deepEqual(lines, []);
    for (let count = 0; count < 100; count++) {
      traces('ECONNREFUSED');
      metrics('ECONNREFUSED');
      traces(undefined);
    }
    assert.equal(lines.length, 1);
    assert.deepEqual(lines[0], { event: 'telemetry.failed', signal: 'traces', reason: 'ECONNREFUSED' });
    time = BETWEEN_LINES;
    metrics('HTTP 503');
    assert.equal(lines.length, 2);
  });
});
