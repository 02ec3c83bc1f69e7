// OpenID Connect's parameters of an authorization request (Core section 3.1.2.1), as far as GitHub allows.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openidParameters } from '../../../src/oauth/endpoints/openid-parameters.ts';
import { OAuthError } from '../../../src/protocol/oauth-error.ts';
import { parseParameters } from '../../../src/protocol/parameters.ts';

const read = (query: string) => openidParameters(parseParameters(query));

describe("OpenID Connect's parameters", () => {
  it('are kept as far as they are known, and login_hint is cut to a length', () => {
    assert.deepEqual(read(''), {});
    assert.deepEqual(read('prompt=login+dance&nonce=n'), { prompt: 'login', nonce: 'n' });
    assert.deepEqual(read(`login_hint=${'a'.repeat(200)}`), { loginHint: 'a'.repeat(100) });
  });

  it('ask for a login with max_age=0, and for nothing with another age', () => {
    assert.deepEqual(read('max_age=0'), { prompt: 'login' });
    assert.deepEqual(read('max_age=0&prompt=consent'), { prompt: 'consent login' });
    assert.deepEqual(read('max_age=0&prompt=none'), { prompt: 'none' });
    assert.deepEqual(read('max_age=60'), {});
  });

  it('are invalid_request when they contradict each other, are too long, or are no number', () => {
    for (const query of ['prompt=none+login', `nonce=${'n'.repeat(513)}`, 'max_age=soon', 'max_age=-1'])
      assert.throws(
        () => read(query),
        (error) => error instanceof OAuthError && error.code === 'invalid_request',
        query,
      );
  });
});
