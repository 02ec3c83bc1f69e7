// What is at the bottom of an error: its code, its message.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorCode, innermostMessage } from '../../src/base/error-cause.ts';

const coded = (code: unknown, message = `connect ${code}`, cause?: unknown) =>
  Object.assign(new Error(message, { cause }), { code });
const wrapped = (cause: unknown) => new TypeError('fetch failed', { cause });

describe('errorCode', () => {
  it('gives the code of the error, or of the nearest cause that has one', () => {
    assert.equal(errorCode(coded('EACCES')), 'EACCES');
    assert.equal(errorCode(wrapped(wrapped(coded('ENOTFOUND')))), 'ENOTFOUND');
    assert.equal(errorCode(coded('ERR_OUTER', 'x', coded('ERR_INNER'))), 'ERR_OUTER');
    assert.equal(errorCode(wrapped(new AggregateError([coded('ECONNREFUSED'), coded('EACCES')]))), 'ECONNREFUSED');
    assert.equal(errorCode(Object.assign(new AggregateError([]), { code: 'ETIMEDOUT' })), 'ETIMEDOUT');
  });

  it('gives undefined when there is none, and takes no number for one', () => {
    for (const error of [new Error('x'), wrapped('thrown'), coded(20), { code: 'EACCES' }, 'EACCES', undefined])
      assert.equal(errorCode(error), undefined);
    assert.equal(errorCode(coded(20, 'x', coded('EPIPE'))), 'EPIPE');
  });
});

describe('innermostMessage', () => {
  it('gives the message of what was thrown first', () => {
    const first = new Error('first');
    for (const error of [
      first,
      wrapped(first),
      wrapped(wrapped(first)),
      wrapped(new AggregateError([first, wrapped(1)])),
    ])
      assert.equal(innermostMessage(error), 'first');
    assert.equal(innermostMessage('thrown'), 'thrown');
    assert.equal(innermostMessage(undefined), 'undefined');
  });

  it('ends at a cause that is null, or that is an error of before', () => {
    assert.equal(innermostMessage(wrapped(null)), 'fetch failed');
    const itself = new Error('itself');
    itself.cause = itself;
    const [outer, inner] = [new Error('outer'), new Error('inner', { cause: itself })];
    outer.cause = inner;
    for (const error of [itself, wrapped(itself), outer]) assert.equal(innermostMessage(error), 'itself');
    assert.equal(errorCode(outer), undefined);
  });

  it('gives the message, else the code, else the name', () => {
    assert.equal(innermostMessage(wrapped(coded('ECONNREFUSED', 'connect ECONNREFUSED'))), 'connect ECONNREFUSED');
    assert.equal(innermostMessage(wrapped(coded('ECONNREFUSED', ''))), 'ECONNREFUSED');
    assert.equal(innermostMessage(wrapped(new RangeError())), 'RangeError');
    assert.equal(innermostMessage(wrapped('thrown')), 'thrown');
  });
});
