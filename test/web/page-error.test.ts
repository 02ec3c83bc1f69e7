// The error that a person sees: what it is decides its status; its description is public, unlike the detail of an
// `OAuthError` (design decision 15).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messages } from '../../src/web/locale.ts';
import { PageError } from '../../src/web/page-error.ts';
import type { ErrorKind } from '../../src/web/views.ts';

const KINDS = Object.keys(messages('en').errors) as ErrorKind[];

describe('a page error', () => {
  it('is an error status, whatever its kind: the sender’s, or ours and GitHub’s', () => {
    for (const kind of KINDS) {
      const { status } = new PageError(kind);
      const ours =
        /^(?:unavailable|internal|client_unreachable|github_suspended|github_unreachable|github_rate_limited|github_misconfigured)$/.test(
          kind,
        );
      assert.ok(ours ? status >= 500 && status < 600 : status >= 400 && status < 500, `${kind}: ${status}`);
    }
  });

  it('is temporary where waiting helps', () => {
    const temporary = KINDS.filter((kind) => [429, 503].includes(new PageError(kind).status));
    assert.deepEqual(temporary.sort(), [
      'client_unreachable',
      'github_rate_limited',
      'github_suspended',
      'github_unreachable',
      'too_many_requests',
      'unavailable',
    ]);
  });

  it('says in its message, for the log, what it is and what was wrong', () => {
    const cause = new Error('the reason');
    const error = new PageError('invalid_request', { description: 'client_id is missing', cause });
    assert.equal(error.message, 'invalid_request: client_id is missing');
    assert.equal(error.cause, cause);
    assert.equal(new PageError('not_found').message, 'not_found');
  });
});
