// When a document of a client is fetched, and what is answered meanwhile (design decision 13; caching by RFC 9111). Over the
// network, with hostile hosts, it is tested in test/threats/client-documents.test.ts and metadata-documents.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDocumentCache } from '../../../src/oauth/clients/document-cache.ts';
import { EventBus } from '../../../src/observe/events.ts';
import { invalidClient, OAuthError } from '../../../src/protocol/oauth-error.ts';
import { type FetchedJson, FetchRefused } from '../../../src/security/guarded-fetch.ts';
import { createRateLimits, TooManyRequests } from '../../../src/security/rate-limits.ts';

const URL_OF_CLIENT = 'https://client.example/oauth.json';
const HERE = '192.0.2.1';
const DAY = 86_400;
/** Addresses of as many networks. */
const networks = (count: number) => Array.from({ length: count }, (_, index) => `198.51.${index >> 8}.${index & 255}`);

/** A cache of documents from a host that the test plays, and a clock that it moves. */
function cacheOf(answer: (url: string) => unknown = (url) => ({ url }), headers: FetchedJson['headers'] = {}) {
  const fetched: string[] = [];
  let now = 1_800_000_000;
  const { documents: limit } = createRateLimits({ registrationsPerHour: 1, keyPrefix: 't:' }, new EventBus());
  const fetch = {
    async json(url: string) {
      fetched.push(url);
      return { body: await answer(url), headers };
    },
    close: async () => {},
  };
  const cache = createDocumentCache<object>(
    { fetch, limit, now: () => now },
    {
      member: 'client_id',
      maxBytes: 100,
      parse(_url, body) {
        if (typeof body !== 'object' || body === null) throw invalidClient('not valid');
        return body;
      },
    },
  );
  const advance = (seconds: number) => {
    now += seconds;
  };
  return { cache, fetched, advance };
}

const unavailable = (retryAfter: string, detail: RegExp) => (error: unknown) => {
  assert.ok(error instanceof OAuthError);
  const { status, code, description, headers } = error;
  assert.deepEqual(
    { status, code, description, headers },
    {
      status: 503,
      code: 'temporarily_unavailable',
      description: 'the document at client_id cannot be fetched',
      headers: { 'Retry-After': retryAfter },
    },
  );
  assert.match(error.detail ?? '', detail);
  return true;
};

describe('a document of a client', () => {
  it('is fetched once for all who ask at once, and kept as long as HTTP says', async () => {
    const { cache, fetched, advance } = cacheOf(undefined, { 'cache-control': 'max-age=600', age: '100' });
    await Promise.all([...networks(10), ...networks(10)].map((address) => cache.get(URL_OF_CLIENT, address)));
    advance(499);
    await cache.get(URL_OF_CLIENT, HERE);
    assert.equal(fetched.length, 1);
    advance(1);
    await cache.get(URL_OF_CLIENT, HERE);
    assert.equal(fetched.length, 2);
  });

  it('serves stale for a day while its host does not answer, and never after its host refused it', async () => {
    let failure: Error | undefined;
    const { cache, advance } = cacheOf((url) => {
      if (failure !== undefined) throw failure;
      return { url };
    });
    const get = () => cache.get(URL_OF_CLIENT, HERE);
    const first = await get();
    failure = new FetchRefused('does not answer', { unreachable: true });
    advance(DAY - 1);
    assert.equal(await get(), first);
    assert.equal(await get(), first, 'while the failure is remembered');
    advance(1);
    await assert.rejects(get(), unavailable('30', /does not answer/));

    failure = undefined;
    advance(30);
    await get();
    advance(301);
    failure = new FetchRefused('answered 404', { status: 404 });
    await assert.rejects(get(), unavailable('30', /404/));
    failure = new FetchRefused('does not answer', { unreachable: true });
    await assert.rejects(get(), unavailable('30', /404/));
    advance(30);
    await assert.rejects(get(), unavailable('30', /does not answer/));
  });

  it('that fails is fetched again after 30 seconds, not before', async () => {
    for (const answer of [() => Promise.reject(new FetchRefused('x', { unreachable: true })), () => 'not valid']) {
      const { cache, fetched, advance } = cacheOf(answer);
      const errors = new Set();
      for (const address of networks(20)) await cache.get(URL_OF_CLIENT, address).catch((error) => errors.add(error));
      advance(29);
      await cache.get(URL_OF_CLIENT, HERE).catch((error) => errors.add(error));
      assert.deepEqual([fetched.length, errors.size], [1, 1]);
      advance(1);
      await assert.rejects(cache.get(URL_OF_CLIENT, HERE));
      assert.equal(fetched.length, 2);
    }
  });
});

describe('fetches at the same time', () => {
  /** A host that answers nothing new until it is released. */
  function slowHost() {
    const gate = Promise.withResolvers<void>();
    let slow = false;
    const made = cacheOf(async (url) => {
      if (slow) await gate.promise;
      return { url };
    });
    return {
      ...made,
      release: gate.resolve,
      slowDown: () => {
        slow = true;
      },
    };
  }

  it('are four for a network, and others fetch on', async () => {
    const { cache, fetched, release, slowDown } = slowHost();
    slowDown();
    const slow = [0, 1, 2, 3].map((index) => cache.get(`${URL_OF_CLIENT}?${index}`, `2001:db8::${index}`));
    await assert.rejects(cache.get(URL_OF_CLIENT, '2001:db8::9'), unavailable('5', /too many/));
    const other = cache.get(URL_OF_CLIENT, '2001:db8:0:1::9');
    const joined = cache.get(URL_OF_CLIENT, '2001:db8:0:2::9');
    release();
    await Promise.all([...slow, other, joined]);
    assert.equal(fetched.length, 5);
    await cache.get(`${URL_OF_CLIENT}?4`, '2001:db8::9');
  });

  it('are 32 in all; meanwhile a stale copy serves, for a day at most', async () => {
    const { cache, fetched, advance, release, slowDown } = slowHost();
    const copy = await cache.get(URL_OF_CLIENT, HERE);
    advance(301);
    slowDown();
    const slow = networks(32).map((address, index) => cache.get(`${URL_OF_CLIENT}?${index}`, address));
    assert.equal(await cache.get(URL_OF_CLIENT, HERE), copy);
    await assert.rejects(cache.get(`${URL_OF_CLIENT}?new`, HERE), unavailable('5', /too many/));
    advance(DAY);
    await assert.rejects(cache.get(URL_OF_CLIENT, HERE), unavailable('5', /too many/));
    release();
    await Promise.all(slow);
    assert.equal(fetched.length, 33);
    assert.notEqual(await cache.get(URL_OF_CLIENT, HERE), copy);
  });
});

describe('the budget of fetches of a network', () => {
  const spend = async ({ cache }: ReturnType<typeof cacheOf>, count: number) => {
    for (let index = 0; index < count; index++) await cache.get(`${URL_OF_CLIENT}?${index}`, HERE);
  };

  it('is 60, and what is cached, stale or being fetched for another network costs nothing', async () => {
    const gate = Promise.withResolvers<void>();
    const made = cacheOf(async (url) => {
      if (url.endsWith('slow')) await gate.promise;
      return { url };
    });
    const { cache, fetched, advance } = made;
    await spend(made, 60);
    await assert.rejects(cache.get(URL_OF_CLIENT, HERE), TooManyRequests);
    await spend(made, 60);
    advance(301);
    await spend(made, 60);
    assert.equal(fetched.length, 60);
    const other = cache.get(`${URL_OF_CLIENT}?slow`, '192.0.2.2');
    const joined = cache.get(`${URL_OF_CLIENT}?slow`, HERE);
    gate.resolve();
    assert.equal(await joined, await other);
    advance(DAY);
    await assert.rejects(cache.get(`${URL_OF_CLIENT}?1`, HERE), TooManyRequests);
  });

  it('is spent once by all who ask for one document at once', async () => {
    const made = cacheOf();
    await Promise.all(Array.from({ length: 100 }, () => made.cache.get(URL_OF_CLIENT, HERE)));
    await spend(made, 59);
    await assert.rejects(made.cache.get(`${URL_OF_CLIENT}?new`, HERE), TooManyRequests);
  });

  it('does not prevent that a document of a client in use is fetched anew', async () => {
    const made = cacheOf();
    await made.cache.get(`${URL_OF_CLIENT}?used`, '192.0.2.2');
    made.cache.markUsed(`${URL_OF_CLIENT}?used`);
    await spend(made, 60);
    made.advance(2 * DAY);
    await made.cache.get(`${URL_OF_CLIENT}?used`, HERE);
    assert.equal(made.fetched.length, 62);
  });
});

it('a document of a client in use is not evicted by any number of others', async () => {
  const { cache, fetched } = cacheOf();
  const [used, unused] = [`${URL_OF_CLIENT}?used`, `${URL_OF_CLIENT}?unused`];
  for (const url of [used, unused]) await cache.get(url, HERE);
  cache.markUsed(used);
  for (const [index, address] of networks(500).entries()) await cache.get(`${URL_OF_CLIENT}?${index}`, address);
  assert.equal(fetched.length, 502);
  await cache.get(used, HERE);
  assert.equal(fetched.length, 502);
  await cache.get(unused, HERE);
  assert.equal(fetched.length, 503);
});
