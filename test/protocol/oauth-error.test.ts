// The error with two faces: code, status and description for the wire, the detail for the log alone (OAuth 2.1 section
// 3.2.4, design decision 15). How it is answered is in json-errors.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  invalidClient,
  invalidClientMetadata,
  invalidGrant,
  invalidRedirectUri,
  invalidRequest,
  invalidScope,
  invalidTarget,
  OAuthError,
} from '../../src/protocol/oauth-error.ts';

describe('an OAuth error', () => {
  it('has its detail in the message, which the log gets, and not in the description', () => {
    const error = invalidGrant('the code is unknown or over', 'mismatch: client');
    assert.equal(error.message, 'invalid_grant: the code is unknown or over (mismatch: client)');
    assert.equal(error.description, 'the code is unknown or over');
    assert.equal(error.detail, 'mismatch: client');
    assert.equal(invalidGrant('over').message, 'invalid_grant: over');
  });

  it('is 400 without headers unless it says otherwise', () => {
    for (const make of [
      invalidRequest,
      invalidGrant,
      invalidTarget,
      invalidScope,
      invalidClientMetadata,
      invalidRedirectUri,
    ]) {
      const { status, headers } = make('x');
      assert.deepEqual({ status, headers }, { status: 400, headers: {} });
    }
    const { status, headers, cause } = new OAuthError('server_error', 'x', {
      status: 500,
      headers: { 'Retry-After': '1' },
      cause: 'c',
    });
    assert.deepEqual({ status, headers, cause }, { status: 500, headers: { 'Retry-After': '1' }, cause: 'c' });
  });

  it('of client authentication is 401, with a challenge when the header was used', () => {
    assert.equal(invalidClient('x').status, 401);
    assert.deepEqual(invalidClient('x').headers, {});
    assert.match(
      invalidClient('x', undefined, true).headers['WWW-Authenticate'] ?? '',
      /^Basic realm="[^"]+", charset="UTF-8"$/,
    );
  });
});
