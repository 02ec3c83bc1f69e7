// The answer to a person: a page that says what happened, with the reference under which the log has the rest; for a
// program that asks for JSON, the protocol's error. A `PageError`'s description is shown, an `OAuthError`'s detail and
// the words of any other error are not (design decision 15).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventBus, type Events } from '../../src/observe/events.ts';
import { invalidGrant } from '../../src/protocol/oauth-error.ts';
import { TooManyRequests } from '../../src/security/rate-limits.ts';
import { StoreUnavailable } from '../../src/store/store.ts';
import { PageError } from '../../src/web/page-error.ts';
import { pageErrors } from '../../src/web/page-errors.ts';
import { useApp } from '../protocol/use-app.ts';
import { makeWeb } from '../support/web.ts';

/** Epoch seconds: 2026-11-22T08:40:20Z. */
const NOW = 1_795_336_820;

describe('an error answered to a person', () => {
  const events = new EventBus();
  const web = makeWeb('https://github.com', events.context);
  let thrown: unknown;
  let told: Events['request.failed'][] = [];
  events.on('request.failed', (event) => told.push(event));
  const url = useApp(
    (_ctx, next) => events.context.run({ reference: 'reference-1' }, next),
    pageErrors({ events, web, now: () => NOW }),
    () => {
      throw thrown;
    },
  );
  const answer = async (error: unknown, accept = 'text/html') => {
    thrown = error;
    told = [];
    const response = await fetch(`${url()}/authorize`, { headers: { accept } });
    const { status, headers } = response;
    const text = await response.text();
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.match(headers.get('vary') ?? '', /\bAccept\b/);
    return { status, headers, text, json: accept === 'application/json' ? JSON.parse(text) : undefined };
  };

  it('is a page with the description and the reference', async () => {
    const error = new PageError('invalid_request', { description: 'client_id is missing' });
    const { status, headers, text } = await answer(error);
    assert.equal(status, 400);
    assert.match(headers.get('content-type') ?? '', /^text\/html/);
    assert.match(text, /client_id is missing/);
    assert.match(text, /reference-1/);
    assert.deepEqual(told, [{ error, expected: true, reason: 'invalid_request', path: '/authorize' }]);
  });

  it('is the protocol’s error for a program', async () => {
    for (const [error, status, code] of [
      [new PageError('unknown_client', { description: 'd' }), 400, 'invalid_client'],
      [new PageError('invalid_request', { description: 'd' }), 400, 'invalid_request'],
      [new PageError('not_allowed', { description: 'd' }), 403, 'access_denied'],
      [new PageError('github_unreachable', { description: 'd' }), 503, 'temporarily_unavailable'],
      [new PageError('github_misconfigured', { description: 'd' }), 500, 'server_error'],
    ] as const) {
      const answered = await answer(error, 'application/json');
      assert.deepEqual(
        { status: answered.status, json: answered.json },
        {
          status,
          json: { error: code, error_description: 'd' },
        },
      );
    }
  });

  it('shows nothing of an OAuthError but its description', async () => {
    for (const accept of ['text/html', 'application/json']) {
      const { status, headers, text } = await answer(invalidGrant('the session is over', 'of another client'), accept);
      assert.equal(status, 400);
      assert.match(text, /the session is over/);
      assert.equal(`${text}${[...headers].join()}`.includes('of another client'), false);
    }
  });

  it('shows nothing at all of any other error, one of Node’s coded errors included', async () => {
    const coded = Object.assign(new TypeError('Invalid URL: secret'), { code: 'ERR_INVALID_URL' });
    for (const error of [coded, new Error('secret'), new PageError('internal', { cause: new Error('secret') })])
      for (const accept of ['text/html', 'application/json']) {
        const { status, text } = await answer(error, accept);
        assert.equal(status, 500);
        assert.doesNotMatch(text, /secret|Invalid URL/);
        assert.equal(told[0]?.expected, error instanceof PageError);
      }
  });

  it('says when to come back', async () => {
    for (const [error, status, seconds] of [
      [new TooManyRequests('authorization', 42), 429, '42'],
      [new StoreUnavailable('x'), 503, '5'],
      [new PageError('github_unreachable'), 503, '30'],
    ] as const) {
      const answered = await answer(error);
      assert.equal(answered.status, status);
      assert.equal(answered.headers.get('retry-after'), seconds);
    }
  });

  it('says until when, to the minute, where that is not soon', async () => {
    for (const [seconds, until] of [
      [119, undefined],
      [120, '2026-11-22T08:43:00.000Z'],
      [160, '2026-11-22T08:43:00.000Z'],
    ] as const) {
      const { text } = await answer(new PageError('github_rate_limited', { retryAfter: seconds }));
      assert.equal(/<time class="muted" datetime="([^"]+)">/.exec(text)?.[1], until);
    }
  });

  it('has a button that takes the answer to the client, where there is one, in the client’s language, and stays until then', async () => {
    const continueUrl = 'https://app.example/cb?error=server_error&iss=x';
    const { headers, text } = await answer(new PageError('github_unreachable', { continueUrl, uiLocales: 'ja' }));
    assert.equal(headers.get('refresh'), null);
    assert.equal(headers.get('content-language'), 'ja');
    assert.ok(text.includes(continueUrl.replaceAll('&', '&amp;')));
  });

  it('is the sender’s mistake where a body could not be read', async () => {
    const { status, text } = await answer(Object.assign(new Error('in words of a library'), { status: 413 }));
    assert.equal(status, 413);
    assert.match(text, /the body is too large/);
    assert.equal(told[0]?.expected, true);
  });
});
