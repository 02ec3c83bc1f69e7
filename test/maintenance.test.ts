// Maintenance: rounds once a minute, each part at most once at a time, and none waits for another.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createMaintenance } from '../src/maintenance.ts';

describe('the maintenance', () => {
  it('runs a part once at a time, whatever the others do, and reports an error of one', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const slow = Promise.withResolvers<void>();
    const errors: unknown[] = [];
    const count = { slow: 0, broken: 0 };
    const { start, stop } = createMaintenance(
      [
        () => {
          count.slow += 1;
          return slow.promise;
        },
        async () => {
          count.broken += 1;
          throw new Error('broken');
        },
      ],
      (error) => void errors.push(error),
    );
    start();
    for (let minute = 0; minute < 3; minute++) {
      t.mock.timers.tick(60_000);
      await turn();
    }
    assert.deepEqual(count, { slow: 1, broken: 3 });
    assert.equal(errors.length, 3);
    let stopped = false;
    const stopping = stop().then(() => {
      stopped = true;
    });
    await turn();
    assert.equal(stopped, false, 'waits for the part that runs');
    slow.resolve();
    await stopping;
    t.mock.timers.tick(60_000);
    await turn();
    assert.equal(count.broken, 3, 'no round after the stop');
  });

  it('runs one round on demand, and says what went wrong in it', async () => {
    const { round } = createMaintenance([async () => Promise.reject(new Error('broken'))], () => {});
    await assert.rejects(round(), /broken/);
  });
});
