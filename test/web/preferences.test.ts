// The forms for another language and another time zone: our own pages send them, they set a cookie, and they lead to no other place.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signIn } from '../account/sign-in.ts';
import { useBridge } from '../support/bridge.ts';
import { connect } from '../support/oauth.ts';

describe('POST /preferences', () => {
  const bridge = useBridge({ store: 'sqlite', env: { ADMIN_GITHUB_USERS: 'monalisa', TZ: 'Asia/Kolkata' } });
  const sealed = async () => {
    const html = await (await fetch(bridge.url, { headers: { accept: 'text/html' } })).text();
    return /name="language:ja" value="([^"]+)"/.exec(html)?.[1] ?? '';
  };
  const post = (headers: Record<string, string>, body: Record<string, string> | [string, string][]) =>
    fetch(`${bridge.url}/preferences`, {
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

  /** Exact times as a page shows them. */
  const timesIn = (html: string) =>
    [...html.matchAll(/<span class="muted">([^<]*\d\d:\d\d[^<]*)</g)].map(([, time]) => time);

  it('keeps a time zone for all pages with times, in both languages, where it was that of the operator', async () => {
    await connect(bridge.url, { login: 'monalisa' });
    const { browser, page } = await signIn(bridge, 'monalisa');
    const seen = (html: string) => [timesIn(html), /<option value="([^"]+\/[^"]+)" selected>/.exec(html)?.[1]];
    const [times = [], zone] = seen(page.html);
    assert.ok(times.length > 0);
    for (const time of times) assert.match(time ?? '', /^\w{3} \d{1,2}, \d{4}, \d\d:\d\d GMT\+5:30$/);
    assert.equal(zone, 'Asia/Kolkata');

    const form = page.forms().find(({ buttons }) => buttons.some(({ name }) => name === 'page'));
    assert.ok(form);
    const kept = await browser.submit(form, { fields: { 'time-zone': 'America/Argentina/Buenos_Aires' } });
    assert.deepEqual([kept.status, kept.location?.href], [303, `${bridge.url}/account`]);
    const cookie = kept.headers.get('set-cookie') ?? '';
    for (const part of [
      /^bridge-time-zone=America\/Argentina\/Buenos_Aires;/,
      /; path=\/;/,
      /; samesite=lax/,
      /; httponly/,
    ])
      assert.match(cookie, part);
    assert.equal(Date.parse(/expires=([^;]+)/.exec(cookie)?.[1] ?? '') > Date.now() + 364 * 86_400_000, true);

    for (const path of ['/account', '/account/sessions'])
      for (const [language, form] of [
        ['en', /^\w{3} \d{1,2}, \d{4}, \d\d:\d\d GMT-3$/],
        ['ja', /^\d{4}年\d{1,2}月\d{1,2}日 \d\d:\d\d GMT-3$/],
      ] as const) {
        const shown = await browser.get(`${bridge.url}${path}`, { headers: { 'accept-language': language } });
        const [there = [], chosen] = seen(shown.html);
        assert.ok(there.length > 0);
        for (const time of there) assert.match(time ?? '', form);
        assert.equal(chosen, 'America/Argentina/Buenos_Aires');
        for (const [, iso] of shown.html.matchAll(/<time[^>]* datetime="([^"]*)"/g))
          assert.match(iso ?? '', /^[\d-]{10}T[\d:.]{12}Z$/);
      }
  });

  it('offers no time zone where there is no time', async () => {
    const pages = [await fetch(bridge.url), await fetch(`${bridge.url}/account`), await fetch(`${bridge.url}/nothing`)];
    for (const page of pages) assert.doesNotMatch(await page.text(), /time-zone/);
    const { page } = await signIn(bridge, 'hubot');
    assert.doesNotMatch(page.html, /time-zone/);
  });

  it('refuses a time zone that is none, and keeps what was', async () => {
    const page = await sealed();
    for (const zone of [
      '',
      'Asia/Tokio',
      'asia/tokyo',
      'Asia/Calcutta',
      'Asia/Tokyo ',
      'Asia/Tokyo; Path=/x',
      'Asia/Tokyo\r\nSet-Cookie: a=b',
      '../Asia/Tokyo',
      '/etc/localtime',
      '+09:00',
      '__proto__',
      'constructor',
      '"><script>alert(1)</script>',
      '\u202eoykoT/aisA',
      'A'.repeat(100_000),
    ]) {
      const answer = await post(own, { 'time-zone': zone, page });
      assert.equal(answer.status, 400, zone.slice(0, 40));
      assert.match(answer.headers.get('content-type') ?? '', /^text\/html/);
      assert.equal(answer.headers.get('set-cookie'), null);
      assert.doesNotMatch(await answer.text(), /<script|AAAA/);
    }
    const twice = await post(own, [
      ['time-zone', 'Asia/Tokyo'],
      ['time-zone', 'Asia/Tokyo'],
      ['page', page],
    ]);
    assert.deepEqual([twice.status, twice.headers.get('set-cookie')], [400, null]);
    const list = await post(own, { 'time-zone[]': 'Asia/Tokyo', page });
    assert.deepEqual([list.status, list.headers.get('set-cookie')], [400, null]);
  });

  it('reads from the cookie nothing but the name of a time zone', async () => {
    await connect(bridge.url, { login: 'octocat' });
    const { browser } = await signIn(bridge, 'octocat');
    const account = browser.jar.header(new URL(bridge.url));
    for (const [zone, offset] of [
      ['Asia/Tokyo', 'GMT+9'],
      ['asia/tokyo', 'GMT+5:30'],
      ['../Asia/Tokyo', 'GMT+5:30'],
      ['<b>', 'GMT+5:30'],
      ['%41sia/Tokyo', 'GMT+5:30'],
      ['x'.repeat(4000), 'GMT+5:30'],
    ] as const) {
      const answer = await fetch(`${bridge.url}/account`, {
        headers: { cookie: `${account}; bridge-time-zone=${zone}` },
      });
      assert.equal(answer.status, 200);
      const [time = ''] = timesIn(await answer.text());
      assert.ok(time.endsWith(` ${offset}`), `${zone.slice(0, 40)}: ${time}`);
    }
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
      [{ 'sec-fetch-site': 'cross-site' }, { 'time-zone': 'Asia/Tokyo', page }, 403],
      [{ origin: 'https://evil.example' }, { 'time-zone': 'Asia/Tokyo', page }, 403],
      [own, { 'time-zone': 'Asia/Tokyo', page: `${page}x` }, 403],
      [own, { 'time-zone': 'Asia/Tokyo' }, 403],
    ] as const) {
      const answer = await post(headers, body);
      assert.equal(answer.status, status, JSON.stringify([headers, body]));
      assert.equal(answer.headers.get('set-cookie'), null);
      assert.equal(answer.headers.get('location'), null);
    }
  });
});
