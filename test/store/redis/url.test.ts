// REDIS_URL in its three forms.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRedisUrl } from '../../../src/store/redis/url.ts';

describe('REDIS_URL', () => {
  const at = (host: string, port: number) => ({ host, port });
  const understood = [
    ['redis://localhost', { kind: 'single', tls: false, addresses: [at('localhost', 6379)], db: 0 }],
    [
      'rediss://user:p%40ss@r.example:6380/3',
      {
        kind: 'single',
        tls: true,
        addresses: [at('r.example', 6380)],
        db: 3,
        username: 'user',
        password: 'p@ss',
      },
    ],
    [
      'redis://:secret@[::1]:7000',
      { kind: 'single', tls: false, addresses: [at('::1', 7000)], db: 0, password: 'secret' },
    ],
    [
      'redis-sentinel://:pw@a:1,b/main/2?sentinelPassword=s%2F',
      {
        kind: 'sentinel',
        tls: false,
        addresses: [at('a', 1), at('b', 26379)],
        db: 2,
        password: 'pw',
        masterName: 'main',
        sentinelPassword: 's/',
      },
    ],
    [
      'rediss-cluster://a:1,b:2',
      {
        kind: 'cluster',
        tls: true,
        addresses: [at('a', 1), at('b', 2)],
        db: 0,
      },
    ],
  ] as const;
  for (const [url, expected] of understood) {
    it(`understands ${url}`, () => assert.deepEqual(parseRedisUrl(url), expected));
  }

  for (const url of [
    'http://x',
    'redis://',
    'redis://a,b',
    'redis://a:99999',
    'redis://a/x',
    'redis-cluster://a/1',
    'redis-sentinel://a',
    'redis://a?tls=1',
    'redis://:%zz@a',
  ]) {
    it(`refuses ${url}`, () => assert.throws(() => parseRedisUrl(url), { name: 'RedisUrlError' }));
  }

  it('never repeats a password in an error message', () => {
    for (const url of ['redis://:hunter2@a,b', 'redis://:hunter2@a/x', 'redis//:hunter2@a', 'redis://:hunter2%zz@a']) {
      assert.throws(
        () => parseRedisUrl(url),
        (error: unknown) => error instanceof Error && !error.message.includes('hunter2'),
      );
    }
  });
});
