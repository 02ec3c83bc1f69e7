// The form with which every page is shown in another language: our own pages send it, it sets a cookie, and it leads to no other place.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useBridge } from '../support/bridge.ts';

describe('POST /language', () => {
  const bridge = useBridge({ store: 'sqlite' });
  const sealed = async () => {
    const html = await (await fetch(bridge.url, { headers: { accept: 'text/html' } })).text();
    return /name="language:ja" value="([^"]+)"/.exec(html)?.[1] ?? '';
  };
  const post = (headers: Record<string, string>, body: Record<string, string>) =>
    fetch(`${bridge.url}/language`, {
      method: 'POST',
      redirect: 'manual',
      headers: { accept: 'text/html', ...headers },
      body: new URLSearchParams(body),
    });
  const own = { 'sec-fetch-site': 'same-origin' };

  it('sets a cookie that no script reads, and leads back to the page', async () => {
    const answer = await post(own, { 'language:ja': await sealed() });
    assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/']);
    const cookie = answer.headers.get('set-cookie') ?? '';
    for (const part of [/^bridge-language=ja;/, /; path=\/;/, /; samesite=lax/, /; httponly/])
      assert.match(cookie, part);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    const again = await fetch(`${bridge.url}/?ui_locales=en`, {
      headers: { accept: 'text/html', 'accept-language': 'en', cookie: cookie.split(';')[0] ?? '' },
    });
    assert.equal(again.headers.get('content-language'), 'ja');
    assert.match(again.headers.get('vary') ?? '', /\bCookie\b/);
  });

  it('refuses the forms of others, and what this server did not seal', async () => {
    const page = await sealed();
    for (const [headers, body, status] of [
      [{ 'sec-fetch-site': 'cross-site' }, { 'language:ja': page }, 403],
      [{ 'sec-fetch-site': 'same-site' }, { 'language:ja': page }, 403],
      [{ origin: 'https://evil.example' }, { 'language:ja': page }, 403],
      [own, { 'language:ja': 'https://evil.example/' }, 403],
      [own, { 'language:ja': `${page}x` }, 403],
      [own, { 'language:xx': page }, 400],
      [own, { 'language:__proto__': page }, 400],
      [own, {}, 400],
    ] as const) {
      const answer = await post(headers, body);
      assert.equal(answer.status, status, JSON.stringify([headers, body]));
      assert.equal(answer.headers.get('set-cookie'), null);
      assert.equal(answer.headers.get('location'), null);
    }
  });
});
