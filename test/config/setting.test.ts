// A row of the table of settings: its default is checked when the program starts, not when somebody leaves the setting out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { integer, scopes } from '../../src/config/kinds.ts';
import { optional, setting } from '../../src/config/setting.ts';

describe('a row of the table of settings', () => {
  const meaning = 'A number';

  it('has the value of its default', () => {
    assert.equal(setting({ kind: integer(1, 9), default: '7', meaning }).fallback, 7);
  });

  it('is refused with a default that its kind does not accept, or that gives no value', () => {
    assert.throws(() => setting({ kind: integer(1, 9), default: '10', meaning }), /"10" is not a number from 1 to 9/);
    assert.throws(() => setting({ kind: scopes, default: ' ', meaning }), /has no value/);
  });

  it('has no value when it is optional', () => {
    assert.equal(optional({ kind: integer(1, 9), without: 'none', meaning }).fallback, undefined);
  });
});
