// Work that waits for the end of a turn of the event loop.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createQueue, type Waiting } from '../../../src/store/sqlite/queue.ts';

describe('a queue', () => {
  /** A queue, and the sizes of the groups that it has run. */
  function queue() {
    const groups: number[] = [];
    const add = createQueue((group: Iterable<Waiting>) => {
      let size = 0;
      for (const { work, resolve } of group) {
        size += 1;
        resolve(work(0));
      }
      groups.push(size);
    });
    return { add, groups };
  }

  it('runs what came in one turn together, in order, and what comes later by itself', async () => {
    const { add, groups } = queue();
    const order: string[] = [];
    const started = ['a', 'b', 'c'].map((name) => add(() => order.push(name)));
    assert.equal(order.length, 0);
    assert.deepEqual(await Promise.all(started), [1, 2, 3]);
    assert.deepEqual(order, ['a', 'b', 'c']);
    await add(() => order.push('d'));
    assert.deepEqual(groups, [3, 1]);
  });

  it('lets other events get their turns while it is long', async () => {
    const { add, groups } = queue();
    let turns = 0;
    let running = true;
    const others = (async () => {
      for (; running; turns += 1) await turn();
    })();
    const work = () => {
      const end = performance.now() + 1;
      while (performance.now() < end);
    };
    await Promise.all(Array.from({ length: 50 }, () => add(work)));
    running = false;
    await others;
    assert.ok(turns >= 10, `${turns} turns`);
    assert.ok(Math.max(...groups) <= 5, `a group had ${Math.max(...groups)} pieces of a millisecond or more`);
  });
});
