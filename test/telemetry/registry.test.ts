// The registry as OpenTelemetry has it: names, labels, units and buckets, counted the way of OTLP; and nothing that is not known.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { registryProducer } from '../../src/telemetry/registry.ts';

describe('the metrics of the registry', () => {
  const registry = new Registry();
  const registers = [registry];
  const producer = registryProducer(async () => {
    const all = await registry.getMetricsAsJSON();
    return all.map(({ name, help, type, values }) => ({ name, help, type: String(type), values }));
  });
  const collected = async (name: string) => {
    const { resourceMetrics, errors } = await producer.collect();
    assert.deepEqual(errors, []);
    const metric = resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .find((m) => m.descriptor.name === name);
    const points = metric?.dataPoints.map(({ attributes, value }) => ({ attributes, value }));
    return { unit: metric?.descriptor.unit, type: metric?.dataPointType, points, metric };
  };

  it('have counters that only grow, since the process began', async () => {
    const bytes = new Counter({ name: 'sent_bytes_total', help: 'x', labelNames: ['to'], registers });
    bytes.inc({ to: 'client' }, 3);
    const { unit, points, metric } = await collected('sent_bytes_total');
    assert.deepEqual({ unit, points }, { unit: 'By', points: [{ attributes: { to: 'client' }, value: 3 }] });
    assert.ok(metric && 'isMonotonic' in metric && metric.isMonotonic);
    const [seconds = 0] = metric.dataPoints[0]?.startTime ?? [];
    assert.ok(Math.abs(seconds - (Date.now() / 1000 - process.uptime())) < 5, String(seconds));
  });

  it('have gauges, but not one whose value is not known', async () => {
    const people = new Gauge({ name: 'people', help: 'x', registers });
    people.set(Number.NaN);
    assert.equal((await collected('people')).metric, undefined);
    people.set(2);
    assert.deepEqual((await collected('people')).points, [{ attributes: {}, value: 2 }]);
  });

  it('have histograms whose buckets count only what is in them', async () => {
    const seconds = new Histogram({
      name: 'call_seconds',
      help: 'x',
      labelNames: ['route'],
      buckets: [1, 2],
      registers,
    });
    for (const value of [0.5, 1, 1.5, 9]) seconds.observe({ route: 'a' }, value);
    seconds.observe({ route: 'b' }, 2);
    const { unit, points } = await collected('call_seconds');
    const [a, b] = [
      { buckets: { boundaries: [1, 2], counts: [2, 1, 1] }, count: 4, sum: 12 },
      { buckets: { boundaries: [1, 2], counts: [0, 1, 0] }, count: 1, sum: 2 },
    ];
    assert.equal(unit, 's');
    assert.deepEqual(points, [
      { attributes: { route: 'a' }, value: a },
      { attributes: { route: 'b' }, value: b },
    ]);
  });

  it('leave out what OpenTelemetry has no kind for', async () => {
    new Summary({ name: 'quantiles', help: 'x', registers }).observe(1);
    assert.equal((await collected('quantiles')).metric, undefined);
  });
});
