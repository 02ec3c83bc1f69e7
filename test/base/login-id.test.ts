// The id of a login: in letters that people can read out, and found again in the id of its session.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { grantIdOf, isLoginId, loginOf, newLoginId, newReference, readLoginId } from '../../src/base/login-id.ts';

describe('the id of a login', () => {
  it('has 16 letters and digits, none of them one that people mix up, and is another each time', () => {
    const ids = Array.from({ length: 500 }, newLoginId);
    for (const id of ids) assert.match(id, /^[0-9abcdefghjkmnpqrstvwxyz]{16}$/);
    assert.ok(ids.every(isLoginId));
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(new Set(ids.join('')).size, 32);
  });

  it('is found again in the id of each grant of the login', () => {
    for (let count = 0; count < 500; count += 1) {
      const login = newLoginId();
      const grant = grantIdOf(login);
      assert.match(grant, /^[\w-]{16}$/);
      assert.equal(loginOf(grant), login);
    }
    assert.equal(loginOf(Buffer.alloc(12, 255).toString('base64url')), 'z'.repeat(16));
    assert.notEqual(grantIdOf('0'.repeat(16)), grantIdOf('0'.repeat(16)));
  });

  it('is one id for the grant of an older version', () => {
    const grant = 'Zm9vYmFyYmF6cXV4';
    assert.ok(isLoginId(loginOf(grant)));
    assert.equal(loginOf(grant), loginOf(grant));
  });

  it('is read as people write it, and as an answer of a request names it', () => {
    const login = '0123456789abcdef';
    for (const text of [login, 'OI23-4567-89AB-CDEF', '  ol23 4567 89ab cdef ', `${login}-${newReference()}`])
      assert.equal(readLoginId(text), login, text);
    for (const text of ['', 'abc', `${login.slice(1)}u`, newReference(), 'https://example.org/abc'])
      assert.equal(readLoginId(text), undefined, text);
  });
});

describe('the reference of a request', () => {
  it('has 12 letters of base 16', () => {
    assert.match(newReference(), /^[0-9a-f]{12}$/);
    const references = Array.from({ length: 500 }, newReference);
    assert.equal(new Set(references).size, references.length);
    // Each letter may stand at each place.
    for (let place = 0; place < 12; place += 1) assert.equal(new Set(references.map((each) => each[place])).size, 16);
  });
});
