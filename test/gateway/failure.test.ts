// What the client is told of a server that did not answer: it cannot be reached, it was too slow, or it broke something.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errors, request } from 'undici';
import { refusalFor } from '../../src/gateway/failure.ts';
import { freePort } from '../support/ports.ts';

describe('a failure of an MCP server', () => {
  it('is that it cannot be reached when no connection can be made, by name or by address', async () => {
    const port = await freePort();
    for (const host of ['127.0.0.1', 'localhost', 'no-such-server.invalid']) {
      const error = await request(`http://${host}:${port}/`).then(
        () => assert.fail('there is a server'),
        (cause: unknown) => cause,
      );
      const { status, outcome } = refusalFor(error);
      assert.deepEqual({ status, outcome }, { status: 502, outcome: 'unreachable' }, `${host}: ${error}`);
    }
    assert.equal(refusalFor(new errors.ConnectTimeoutError()).outcome, 'unreachable');
    const refused = Object.assign(new Error('refused'), { syscall: 'connect' });
    assert.equal(refusalFor(new AggregateError([refused, refused])).outcome, 'unreachable');
    assert.equal(refusalFor(new AggregateError([refused, new Error('TLS')])).outcome, 'broken');
  });

  it('is a time-out when the answer did not begin in time', () => {
    const { status, outcome } = refusalFor(new errors.HeadersTimeoutError());
    assert.deepEqual({ status, outcome }, { status: 504, outcome: 'timeout' });
  });

  it('is a broken connection otherwise, with the reason for the log alone', () => {
    const cause = new errors.SocketError('the other side closed');
    const refusal = refusalFor(cause);
    assert.deepEqual({ status: refusal.status, outcome: refusal.outcome }, { status: 502, outcome: 'broken' });
    assert.equal(refusal.cause, cause);
    assert.doesNotMatch(refusal.message, /the other side closed/);
  });
});
