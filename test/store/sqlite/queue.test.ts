// Work that waits for the end of a turn of the event loop.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createQueue, type Waiting } from '../../../src/store/sqlite/queue.ts';

describe('a queue', () => {
  /** A queue, and the sizes of the groups that it has run. */
  function queue() {
    const groups: number[] = [];
    const add = createQueue((group: readonly Waiting[]) => {
      for (const { work, resolve } of group) resolve(work(0));
      groups.push(group.length);
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
    const started = Array.from({ length: 150 }, () => add(() => {}));
    const groupsAtTurn: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      await turn();
      groupsAtTurn.push(groups.length);
    }
    await Promise.all(started);
    assert.deepEqual(groups, [64, 64, 22]);
    assert.deepEqual(groupsAtTurn, [1, 2, 3]);
  });
});
