// What the tests of the endpoints say of an error.
import assert from 'node:assert/strict';
import type { JsonAnswer } from '../support/oauth.ts';

/** An error in OAuth's terms (OAuth 2.1 section 3.2.4), which no cache keeps, and no tokens. */
export function assertError(answer: JsonAnswer, error: string, status = 400): void {
  assert.deepEqual({ status: answer.status, error: answer.body.error }, { status, error });
  assert.equal(typeof answer.body.error_description, 'string');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.equal(answer.body.access_token, undefined);
}
