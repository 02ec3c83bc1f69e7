// Values that are shared, so that nobody may change them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deepFreeze } from '../../src/base/deep-freeze.ts';

describe('deepFreeze', () => {
  it('lets nobody change the object, nor what it holds', () => {
    const value = { a: 1, none: null, list: [{ b: ['x'] }] };
    assert.equal(deepFreeze(value), value);
    assert.throws(() => Object.assign(value, { a: 2 }), TypeError);
    assert.throws(() => value.list.pop(), TypeError);
    assert.throws(() => value.list[0]?.b.push('y'), TypeError);
  });
});
