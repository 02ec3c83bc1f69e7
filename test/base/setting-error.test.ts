// An error about a setting reads like a complaint about it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SettingError, systemCode } from '../../src/base/setting-error.ts';

describe('an error about a setting', () => {
  it('names the setting, what is wrong, and what to do', () => {
    const cause = new Error('why');
    const error = new SettingError('PORT', 'taken', 'Name another.', { cause });
    assert.equal(error.message, 'PORT: taken. Name another.');
    assert.equal(error.cause, cause);
  });

  it('shows the code of a system error, and nothing of another', () => {
    assert.equal(systemCode(Object.assign(new Error('x'), { code: 'EACCES' })), 'EACCES');
    assert.equal(systemCode(new Error('secret')), 'unreadable');
  });
});
