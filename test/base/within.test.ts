// Waiting for something under way, but not longer than so many milliseconds. The clock of the timers is the test's.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { within } from '../../src/base/within.ts';

describe('within', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());
  const late = () => new Error('too late');

  it('gives the outcome of what ends in time', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const waiting = within(100, promise, late);
    mock.timers.tick(99);
    resolve('done');
    assert.equal(await waiting, 'done');
    await assert.rejects(within(100, Promise.reject(new Error('failed')), late), { message: 'failed' });
  });

  it('rejects when the time is over, and leaves the work to the next caller', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const waiting = within(100, promise, late);
    mock.timers.tick(100);
    await assert.rejects(waiting, { message: 'too late' });
    resolve('done');
    assert.equal(await within(100, promise, late), 'done');
  });

  it('rejects when the caller is gone, and leaves the work to the next caller', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const gone = new AbortController();
    const waiting = within(100, promise, late, gone.signal);
    gone.abort(new Error('gone'));
    await assert.rejects(waiting, { message: 'gone' });
    await assert.rejects(within(100, promise, late, gone.signal), { message: 'gone' });
    resolve('done');
    assert.equal(await within(100, promise, late), 'done');
  });
});
