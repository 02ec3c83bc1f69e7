// The telemetry of one bridge: what is sampled, what names the process, and that each kind is there only when it is wanted.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EventBus } from '../../src/observe/events.ts';
import type { SamplerName, TelemetryConfig } from '../../src/telemetry/config.ts';
import { createTelemetry } from '../../src/telemetry/telemetry.ts';
import { useApp } from '../protocol/use-app.ts';
import { until } from '../support/until.ts';
import { type Collector, startCollector } from './collector.ts';

describe('the telemetry of a bridge', () => {
  let collector: Collector;
  before(async () => {
    collector = await startCollector();
  });
  after(() => collector.close());
  const events = new EventBus();
  let requests: ReturnType<typeof create>['requests'];
  let fromProxy = false;
  const url = useApp(
    (_ctx, next) => events.context.run({}, next),
    (ctx, next) => {
      ctx.state.fromProxy = fromProxy;
      return requests?.(ctx, next);
    },
    (ctx) => {
      ctx.body = 'x';
    },
  );

  function create(
    config: (target: (path: string) => Record<string, unknown>) => object,
    warn: (line: unknown) => void = () => assert.fail(),
  ) {
    const target = (path: string) => ({
      url: `${collector.url}/v1/${path}`,
      protocol: 'http/json',
      headers: {},
      timeout: 1000,
      compression: 'none',
    });
    const complete = { resource: {}, ...config(target) } as TelemetryConfig;
    return createTelemetry(complete, { events, logger: { warn }, store: 'sqlite' });
  }

  /** How many spans reach the collector when one request is made. */
  async function sampled(sampler: SamplerName, traceparent?: string, ratio = 1): Promise<number> {
    const telemetry = create((target) => ({ traces: { ...target('traces'), sampler, ratio, delay: 10_000 } }));
    requests = telemetry.requests;
    fromProxy = traceparent !== undefined;
    const begun = collector.spans().length;
    await fetch(url(), { headers: traceparent === undefined ? {} : { traceparent } });
    await telemetry.close();
    return collector.spans().length - begun;
  }

  it('takes the spans that the sampler takes; by default what the caller decided', async () => {
    const parent = (flags: string) => `00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flags}`;
    assert.equal(await sampled('parentbased_always_on'), 1);
    assert.equal(await sampled('parentbased_always_on', parent('00')), 0);
    assert.equal(await sampled('parentbased_always_off', parent('01')), 1);
    assert.equal(await sampled('always_on', parent('00')), 1);
    assert.equal(await sampled('always_off'), 0);
    assert.equal(await sampled('parentbased_traceidratio', undefined, 0), 0);
    assert.equal(await sampled('traceidratio', parent('00'), 1), 1);
  });

  it('names the process, so that replicas do not overwrite each other', async () => {
    await sampled('always_on');
    const first = collector.resource();
    assert.equal(first['service.name'], 'mcp-github-bridge');
    await sampled('always_on');
    assert.notEqual(first['service.instance.id'], collector.resource()['service.instance.id']);
  });

  it('says once, and why, that the collector is away', async () => {
    const lines: Record<string, unknown>[] = [];
    let reads = 0;
    const telemetry = create(
      (target) => ({ metrics: { ...target('metrics'), url: 'http://127.0.0.1:1/', interval: 20 } }),
      (line) => void lines.push(line as Record<string, unknown>),
    );
    telemetry.measure(async () => {
      reads++;
      return [{ name: 'people', help: 'x', type: 'gauge', values: [{ labels: {}, value: 1 }] }];
    });
    await until(() => reads > 10, { what: 'ten exports that fail' });
    await telemetry.close();
    assert.deepEqual(
      lines.map(({ event, reason }) => [event, reason]),
      [['telemetry.failed', 'ECONNREFUSED']],
    );
  });

  it('has no spans where only metrics are wanted, and reads no metrics where only traces are', async () => {
    const telemetry = create((target) => ({ metrics: { ...target('metrics'), interval: 60_000 } }));
    assert.equal(telemetry.requests, undefined);
    const measured = { operation: () => () => {} };
    assert.equal(telemetry.storeOperations(measured), measured);
    telemetry.measure(async () => [{ name: 'people', help: 'x', type: 'gauge', values: [{ labels: {}, value: 7 }] }]);
    await telemetry.close();
    assert.equal(collector.metrics().find(({ name }) => name === 'people')?.gauge?.dataPoints[0]?.asDouble, 7);

    const traces = create((target) => ({
      traces: { ...target('traces'), sampler: 'always_on', ratio: 1, delay: 1000 },
    }));
    traces.measure(assert.fail);
    await traces.close();
  });
});
