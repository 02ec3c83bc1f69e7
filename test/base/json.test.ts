// Parsing a text that may be no JSON.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJson } from '../../src/base/json.ts';

describe('parseJson', () => {
  it('gives the value of a text that is JSON, falsy values included', () => {
    for (const value of [{ a: [1] }, null, false, 0, '']) assert.deepEqual(parseJson(JSON.stringify(value)), value);
  });

  it('gives undefined for any other text', () => {
    for (const text of ['', '{', 'undefined', "{'a':1}", '{"a":1}{', '<h1>It works!</h1>', '\u0000'])
      assert.equal(parseJson(text), undefined, JSON.stringify(text));
  });
});
