// The answer to programs: whatever a handler throws becomes the protocol's error, for no cache to keep; the detail stays
// in the log (OAuth 2.1 section 3.2.4). At the endpoints it is tested with them; with a store that fails in
// test/threats/store-down.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventBus, type Events } from '../../src/observe/events.ts';
import { jsonErrors } from '../../src/protocol/json-errors.ts';
import { invalidClient, invalidGrant } from '../../src/protocol/oauth-error.ts';
import { TooManyRequests } from '../../src/security/rate-limits.ts';
import { StoreUnavailable } from '../../src/store/store.ts';
import { useApp } from './use-app.ts';

describe('an error answered to a program', () => {
  const events = new EventBus();
  let thrown: unknown;
  let told: Events['request.failed'][] = [];
  events.on('request.failed', (event) => told.push(event));
  const url = useApp(jsonErrors({ events }), () => {
    throw thrown;
  });
  const answer = async (error: unknown) => {
    thrown = error;
    told = [];
    const response = await fetch(`${url()}/token?secret=x`);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it('has code and description on the wire; the detail is told with the error alone', async () => {
    const error = invalidGrant('the session is over', 'of another client');
    const { status, headers, text } = await answer(error);
    assert.equal(status, 400);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
    assert.deepEqual(JSON.parse(text), { error: 'invalid_grant', error_description: 'the session is over' });
    assert.equal([...headers].join().includes('another client'), false);
    assert.deepEqual(told, [{ error, expected: true, reason: 'invalid_grant', path: '/token' }]);
  });

  it('has the status and the headers that it says', async () => {
    const { status, headers } = await answer(invalidClient('x', undefined, true));
    assert.equal(status, 401);
    assert.match(headers.get('www-authenticate') ?? '', /^Basic /);
  });

  it('says when to come back, where there were too many requests or the store does not answer', async () => {
    const limited = await answer(new TooManyRequests('registration', 17, 'raise SETTING'));
    assert.equal(limited.status, 429);
    assert.match(limited.text, /raise SETTING/, 'what the operator can do');
    assert.equal(limited.headers.get('retry-after'), '17');
    assert.match(limited.text, /"temporarily_unavailable"/);
    assert.equal(told[0]?.expected, true);
    const down = await answer(new StoreUnavailable('ECONNREFUSED 10.0.0.7'));
    assert.equal(down.status, 503);
    assert.equal(down.headers.get('retry-after'), '5');
    assert.doesNotMatch(down.text, /10\.0\.0\.7/);
    assert.equal(told[0]?.expected, false);
  });

  it('is invalid_request where a body could not be read', async () => {
    for (const [status, description] of [
      [400, 'the body cannot be read'],
      [413, 'the body is too large'],
    ] as const) {
      const { text, ...answered } = await answer(Object.assign(new Error('in words of a library'), { status }));
      assert.equal(answered.status, status);
      assert.deepEqual(JSON.parse(text), { error: 'invalid_request', error_description: description });
      assert.equal(told[0]?.expected, true);
    }
  });

  it('is server_error without a word of what happened for anything else, one of Node’s coded errors included', async () => {
    const coded = Object.assign(new TypeError('Invalid URL: secret'), { code: 'ERR_INVALID_URL' });
    const posing = Object.assign(new Error('secret'), { code: 'invalid_grant', description: 'secret' });
    for (const error of [coded, posing, new Error('secret'), 'secret']) {
      const { status, text } = await answer(error);
      assert.equal(status, 500);
      assert.match(text, /"error":"server_error"/);
      assert.doesNotMatch(text, /secret|Invalid URL/);
      assert.deepEqual(told, [{ error, expected: false, reason: 'server_error', path: '/token' }]);
    }
  });
});
