// An object without its undefined members.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defined } from '../../src/base/defined.ts';

describe('defined', () => {
  it('leaves out the members that are undefined, and no others', () => {
    const members = defined({ a: undefined, b: null, c: 0, d: '', e: false });
    assert.deepEqual(Object.keys(members), ['b', 'c', 'd', 'e']);
    assert.deepEqual(members, { b: null, c: 0, d: '', e: false });
  });

  it('does not change its argument', () => {
    const members = { a: undefined, b: 1 };
    defined(members);
    assert.deepEqual(Object.keys(members), ['a', 'b']);
  });
});
