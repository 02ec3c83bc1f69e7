// One buffer for bytes that come in pieces: the same bytes, in memory that is at most twice as large.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GrowingBytes } from '../../src/base/growing-bytes.ts';
import { RUNS } from '../oauth/addresses.ts';

describe('growing bytes', () => {
  it('are what was added, without what was dropped, whatever the pieces', () => {
    const step = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 60 }));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const growing = new GrowingBytes();
        let expected = Buffer.alloc(0);
        for (const one of steps) {
          if (typeof one === 'number') {
            const count = Math.min(one, expected.length);
            growing.drop(count);
            expected = expected.subarray(count);
            assert.ok(growing.capacity <= 2 * Math.max(1, expected.length) || count === 0, 'memory is given back');
          } else {
            growing.append(one);
            expected = Buffer.concat([expected, one]);
          }
          assert.deepEqual(growing.bytes, expected);
        }
      }),
      RUNS,
    );
  });

  it('take the memory of their limit at most, unless there is more', () => {
    const growing = new GrowingBytes();
    for (let count = 0; count < 9; count++) growing.append(Buffer.alloc(10), 95);
    assert.equal(growing.capacity, 95);
    growing.append(Buffer.alloc(10), 95);
    assert.equal(growing.capacity, 100);
  });

  it('give the memory back when little is left', () => {
    const growing = new GrowingBytes();
    growing.append(Buffer.alloc(4 * 1024 * 1024));
    growing.drop(4 * 1024 * 1024 - 10);
    assert.equal(growing.bytes.length, 10);
    assert.ok(growing.bytes.buffer.byteLength < 1024 * 1024);
  });

  it('do not keep the memory of the pieces, which may be slices of something large', () => {
    const piece = Buffer.alloc(64 * 1024).subarray(0, 10);
    const growing = new GrowingBytes();
    growing.append(piece);
    assert.notEqual(growing.bytes.buffer, piece.buffer);
    assert.equal(growing.capacity, 10);
  });
});
