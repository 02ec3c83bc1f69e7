// Metrics of the event hook: 0 without one, and what it says with one.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Registry } from 'prom-client';
import { createHookMetrics } from '../../src/observe/hook-metrics.ts';

it('the metrics of the event hook are there from the start, and follow it', async () => {
  const registry = new Registry();
  const metrics = createHookMetrics(registry);
  const values = async () =>
    [...(await registry.metrics()).matchAll(/^bridge_hook_(\S+) (\S+)$/gm)].map(
      ([, name, value]) => `${name} ${value}`,
    );
  assert.deepEqual(await values(), [
    'events_total{outcome="sent"} 0',
    'events_total{outcome="dropped"} 0',
    'failures_total 0',
    'waiting 0',
    'oldest_seconds 0',
  ]);
  metrics.ended('sent');
  metrics.ended('dropped');
  metrics.failed();
  metrics.watch(() => ({ waiting: 3, oldest: 60 }));
  assert.deepEqual(await values(), [
    'events_total{outcome="sent"} 1',
    'events_total{outcome="dropped"} 1',
    'failures_total 1',
    'waiting 3',
    'oldest_seconds 60',
  ]);
});
