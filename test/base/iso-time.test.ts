// Times in what commands, tools and logs write.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isoTime } from '../../src/base/iso-time.ts';

describe('isoTime', () => {
  it('writes epoch seconds as ISO 8601, in UTC', () => {
    assert.equal(isoTime(0), '1970-01-01T00:00:00.000Z');
    assert.equal(isoTime(1_769_860_800.5), '2026-01-31T12:00:00.500Z');
  });
});
