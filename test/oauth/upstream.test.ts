// What the authorization server says when the upstream fails: OAuth's terms for the client, the detail for the log alone
// (design decisions 10 and 15). What each failure of GitHub becomes is in test/github/trouble.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UpstreamFailure, upstreamUnavailable } from '../../src/oauth/upstream.ts';

describe('a failure of the upstream', () => {
  const cause = new Error('socket hang up');
  const failure = new UpstreamFailure('temporarily_unavailable', 'github_unreachable', 'GitHub does not answer', {
    detail: 'POST /login/oauth/access_token: socket hang up',
    cause,
  });

  it('has a description for the client, and its detail as the message that the log gets', () => {
    assert.equal(failure.description, 'GitHub does not answer');
    assert.equal(failure.message, 'POST /login/oauth/access_token: socket hang up');
    assert.equal(failure.cause, cause);
    const plain = new UpstreamFailure('access_denied', 'github_denied', 'the person declined');
    assert.equal(plain.message, plain.description);
  });

  it('is answered to a program with 503 and Retry-After, without its detail', () => {
    const error = upstreamUnavailable(failure);
    assert.equal(error.status, 503);
    assert.equal(error.code, 'temporarily_unavailable');
    assert.deepEqual(error.headers, { 'Retry-After': '30' });
    assert.equal(error.description, failure.description);
    assert.equal(error.detail, failure.message);
  });
});
