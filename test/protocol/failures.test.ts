// What a thrown error means, for programs and for people alike: the sender's mistakes are told from our faults; the log hears of
// each.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type Koa from 'koa';
import { EventBus, type Events } from '../../src/observe/events.ts';
import { clientErrorStatus, reportFailure } from '../../src/protocol/failures.ts';

/** What these functions read of a context. */
const contextOf = (path: string) => ({ path }) as unknown as Koa.Context;

describe('a failure', () => {
  it('is the sender’s mistake when its error says so by a 4xx status, and ours otherwise', () => {
    const withStatus = (status: unknown) => Object.assign(new Error('x'), { status });
    assert.equal(clientErrorStatus(withStatus(400)), 400);
    assert.equal(clientErrorStatus(withStatus(413)), 413);
    for (const ours of [
      withStatus(500),
      withStatus(399),
      withStatus('400'),
      new Error('x'),
      { status: 400 },
      undefined,
    ])
      assert.equal(clientErrorStatus(ours), undefined);
  });

  it('is told with at most 300 characters of its path', () => {
    const events = new EventBus();
    const told: Events['request.failed'][] = [];
    events.on('request.failed', (event) => told.push(event));
    const error = new Error('x');
    reportFailure(events, contextOf(`/${'a'.repeat(1000)}`), error, { expected: true, reason: 'why' });
    assert.deepEqual(told, [{ error, expected: true, reason: 'why', path: `/${'a'.repeat(299)}` }]);
  });
});
