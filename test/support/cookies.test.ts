// The cookie jar: which cookies browsers keep, send and refuse.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CookieJar } from './cookies.ts';

const here = new URL('http://127.0.0.1:8000/oauth/authorize');

function jarWith(...setCookies: string[]): CookieJar {
  const jar = new CookieJar();
  jar.store(here, setCookies);
  return jar;
}

describe('the jar sends a cookie', () => {
  test('to every port of the host that set it, and to no other host', () => {
    const jar = jarWith('a=1; Path=/');
    assert.equal(jar.header(new URL('http://127.0.0.1:9000/')), 'a=1');
    assert.equal(jar.header(new URL('http://localhost:8000/')), undefined);
  });

  test('under its path only, the longest path first, and under the folder of the page by default', () => {
    const jar = jarWith('root=1; Path=/', 'folder=2', 'deep=3; Path=/oauth/authorize/deep');
    assert.equal(jar.header(new URL('/oauth/authorize', here)), 'folder=2; root=1');
    assert.equal(jar.header(new URL('/oauthority', here)), 'root=1');
  });

  test('marked Secure over https and to loopback, not over http elsewhere', () => {
    assert.equal(jarWith('a=1; Secure; Path=/').header(here), 'a=1');
    const jar = new CookieJar();
    jar.store(new URL('https://bridge.example/'), ['a=1; Secure']);
    assert.equal(jar.header(new URL('https://bridge.example/')), 'a=1');
    assert.equal(jar.header(new URL('http://bridge.example/')), undefined);
  });

  test('to subdomains when it names the domain', () => {
    const jar = new CookieJar();
    jar.store(new URL('https://a.bridge.example/'), [
      'all=1; Domain=bridge.example',
      'own=2',
      'alien=3; Domain=b.example',
    ]);
    assert.equal(jar.header(new URL('https://b.bridge.example/')), 'all=1');
    assert.equal(jar.header(new URL('https://a.bridge.example/')), 'all=1; own=2');
  });

  test('across sites as SameSite says', () => {
    const jar = jarWith('strict=1; Path=/; SameSite=Strict', 'lax=2; Path=/; SameSite=Lax', 'plain=3; Path=/');
    assert.equal(jar.header(here, { site: 'cross-site', method: 'GET' }), 'lax=2; plain=3');
    assert.equal(jar.header(here, { site: 'cross-site', method: 'POST' }), undefined);
    assert.equal(jar.header(here, { site: 'same-site', method: 'POST' }), 'strict=1; lax=2; plain=3');
  });
});

describe('the jar forgets a cookie', () => {
  test('that is set again with Max-Age=0 or a date in the past', () => {
    const jar = jarWith('a=1; Path=/', 'b=1; Path=/', 'c=1; Path=/');
    jar.store(here, ['a=; Max-Age=0; Path=/', 'b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/']);
    assert.equal(jar.header(here), 'c=1');
  });

  test('when its time is over', () => {
    let now = 1_000_000;
    const jar = new CookieJar(() => now);
    jar.store(here, ['a=1; Path=/; Max-Age=60']);
    now += 59_999;
    assert.equal(jar.header(here), 'a=1');
    now += 1;
    assert.equal(jar.header(here), undefined);
  });
});

test('the jar replaces a cookie of the same name, host and path, and keeps one of another path', () => {
  const jar = jarWith('a=1; Path=/', 'a=2; Path=/', 'a=3; Path=/oauth');
  assert.equal(jar.header(here), 'a=3; a=2');
});

describe('the jar refuses a cookie', () => {
  for (const refused of [
    '__Host-a=1; Path=/',
    '__Host-a=1; Secure',
    '__Host-a=1; Secure; Path=/; Domain=127.0.0.1',
    '__Secure-a=1; Path=/',
    'a=1; SameSite=None',
    'a=1; Domain=example.com',
    ';',
  ]) {
    test(refused, () => assert.deepEqual(jarWith(refused).all(), []));
  }

  test('unless it keeps the rules of its prefix', () => {
    assert.equal(jarWith('__Host-a=1; Secure; Path=/; HttpOnly').get('__Host-a')?.httpOnly, true);
  });
});
