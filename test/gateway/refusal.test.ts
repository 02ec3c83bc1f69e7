// What the gateway answers itself.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { rawId } from '../../src/gateway/message.ts';
import { Refusal, refusalBody } from '../../src/gateway/refusal.ts';
import { RUNS } from '../oauth/addresses.ts';

describe('a refusal', () => {
  it('is an error of the request below 500, and of a server from there on, unless it says otherwise', () => {
    assert.equal(new Refusal(404, 'refused', 'x').code, -32600);
    assert.equal(new Refusal(502, 'broken', 'x').code, -32000);
    assert.equal(new Refusal(200, 'denied', 'x', { code: -32602 }).code, -32602);
  });

  it('has the time after which to try again, and the cause, which is for the log', () => {
    const cause = new Error('secret detail');
    const refusal = new Refusal(503, 'unreachable', 'try later', { retryAfter: 5, cause });
    assert.equal(refusal.retryAfter, 5);
    assert.equal(refusal.cause, cause);
    assert.doesNotMatch(refusal.message, /secret/);
    assert.equal(new Refusal(404, 'refused', 'x').retryAfter, undefined);
  });

  it('is a JSON-RPC error with the id of the request, whatever the request and the message', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.oneof(fc.string({ unit: 'binary' }), fc.double({ noNaN: true, noDefaultInfinity: true })),
        (message, id) => {
          const request = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method: 'x' }));
          const body: unknown = JSON.parse(refusalBody(-32000, message, rawId(request)));
          assert.deepEqual(body, {
            jsonrpc: '2.0',
            id: JSON.parse(JSON.stringify(id)),
            error: { code: -32000, message },
          });
        },
      ),
      RUNS,
    );
  });

  it('keeps an id that is no number of JavaScript, and says null where there is none', () => {
    assert.equal(
      refusalBody(-32000, 'x', rawId(Buffer.from('{"id":123456789012345678901234567890}'))),
      '{"jsonrpc":"2.0","id":123456789012345678901234567890,"error":{"code":-32000,"message":"x"}}',
    );
    assert.equal(
      refusalBody(1, 'x', rawId(Buffer.from('{'))),
      '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}',
    );
  });
});
