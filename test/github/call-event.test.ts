// The event of a call of GitHub, which the log and the metrics hear.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { callEvent } from '../../src/github/call-event.ts';

const answer = (headers: Record<string, string>) => new Response(null, { status: 204, headers });
const of = (response?: Response) => {
  const { milliseconds, ...event } = callEvent('GET /user', response, performance.now());
  assert.ok(milliseconds >= 0);
  return event;
};

describe('the event of a call of GitHub', () => {
  it('has the status, or says that there was no answer', () => {
    assert.deepEqual(of(answer({})), { route: 'GET /user', status: 204 });
    assert.deepEqual(of(), { route: 'GET /user', status: 'error' });
  });

  it('has what the answer says of a rate limit, when it says all of it', () => {
    const headers = { 'x-ratelimit-resource': 'core', 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999' };
    assert.deepEqual(of(answer(headers)).limit, { resource: 'core', limit: 5000, remaining: 4999 });
    for (const name of Object.keys(headers))
      assert.equal(
        of(answer({ ...headers, [name]: 'much' })).limit === undefined,
        name !== 'x-ratelimit-resource',
        name,
      );
    for (const name of Object.keys(headers)) {
      const { [name as keyof typeof headers]: _, ...others } = headers;
      assert.equal(of(answer(others)).limit, undefined, name);
    }
  });
});
