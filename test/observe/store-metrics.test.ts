// Metrics of the store: operations, whether it answers, and counts that are asked for once a minute at most.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { createStoreMetrics } from '../../src/observe/store-metrics.ts';

describe('the metrics of the store', () => {
  let now = 0;
  const registry = new Registry();
  const metrics = createStoreMetrics(registry, () => now);
  const line = async (name: string) =>
    (await registry.metrics()).split('\n').find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  let answers = false;
  let asked = 0;
  const store = {
    kind: 'redis',
    async ping() {
      if (!answers) throw new Error('away');
    },
    async counts() {
      asked++;
      return { people: 2, sessions: 3, revocations: 1, oldestRevocation: 60 };
    },
  };

  it('count no sessions before the store has answered, because none is a number', async () => {
    await metrics.refresh(store);
    assert.equal(await line('bridge_sessions'), 'bridge_sessions Nan');
    assert.equal(await line('bridge_store_up'), 'bridge_store_up{store="redis"} 0');
  });

  it('ask whether it answers each time, and for its counts once a minute', async () => {
    answers = true;
    for (const instant of [0, 1_000, 59_000]) {
      now = instant;
      await metrics.refresh(store);
    }
    assert.equal(asked, 1);
    assert.equal(await line('bridge_store_up'), 'bridge_store_up{store="redis"} 1');
    assert.equal(await line('bridge_people'), 'bridge_people 2');
    assert.equal(await line('bridge_sessions'), 'bridge_sessions 3');
    assert.equal(await line('bridge_revocations_pending'), 'bridge_revocations_pending 1');
    assert.equal(await line('bridge_revocations_oldest_seconds'), 'bridge_revocations_oldest_seconds 60');
    now = 60_000;
    await metrics.refresh(store);
    assert.equal(asked, 2);
  });

  it('have each operation by its name, and those that failed', async () => {
    const ended = metrics.operation('sessions.read');
    ended(0.25, false);
    ended(0.5, true);
    assert.equal(
      await line('bridge_store_operation_seconds_sum'),
      'bridge_store_operation_seconds_sum{operation="sessions.read"} 0.75',
    );
    assert.equal(await line('bridge_store_failures_total'), 'bridge_store_failures_total{operation="sessions.read"} 1');
  });
});
