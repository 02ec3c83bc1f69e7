// The agent that plays a browser: what arrives at a real server, and how it handles forms and redirects.

import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { createAgent } from './agent.ts';
import { listen } from './listen.ts';

const FORM = `<!doctype html><head><title>no</title></head><body><!-- <form action="/commented"></form> -->
  <form method="post" action="/consent?a=1&amp;b=2">
    <input type="hidden" name="csrf" value="x&quot;&#x27;&lt;>">
    <input type=checkbox name=remember checked> <input type="checkbox" name="unchecked" value="1">
    <input name="off" value="1" disabled> <textarea name="note">a &amp; b</textarea>
    <button name="decision" value="deny">Cancel</button>
    <button name="decision" value="allow"><b>Allow</b> access</button>
    <button type="button" name="decision" value="script">No</button>
  </form>
  <form action="/search"><input name="q" value="1"></form></body>`;

type Seen = { method: string; url: string; headers: IncomingMessage['headers']; body: string };

/** A server that keeps its requests and answers as `routes` says for the path. */
async function serve(t: TestContext, routes: Record<string, (res: ServerResponse) => void>) {
  const seen: Seen[] = [];
  const listener: RequestListener = async (req, res) => {
    seen.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers, body: await text(req) });
    const route = routes[(req.url ?? '').split('?')[0] ?? ''];
    if (route === undefined) res.writeHead(404);
    else route(res);
    res.end();
  };
  const server = await listen(listener);
  t.after(server.close);
  return { ...server, seen, last: () => seen.at(-1) ?? assert.fail('no request came') };
}

const redirect =
  (status: number, location: string, cookies: string[] = []) =>
  (res: ServerResponse) =>
    res.writeHead(status, { location, 'set-cookie': cookies });
const page = (html: string) => (res: ServerResponse) => res.writeHead(200, { 'content-type': 'text/html' }).write(html);

describe('submitting a form', () => {
  test('sends the hidden and preset fields and the pressed button, with the headers of a browser', async (t) => {
    const server = await serve(t, { '/': page(FORM), '/consent': page('done') });
    const browser = createAgent();
    const start = await browser.get(`${server.url}/`);
    assert.equal(server.last().headers['sec-fetch-site'], 'none');
    const next = await browser.submit(start.form(), { button: 'allow' });
    const { method, url, headers, body } = server.last();
    assert.equal(next.status, 200);
    assert.deepEqual([method, url], ['POST', '/consent?a=1&b=2']);
    assert.deepEqual(
      [...new URLSearchParams(body)],
      [
        ['csrf', 'x"\'<>'],
        ['remember', 'on'],
        ['note', 'a & b'],
        ['decision', 'allow'],
      ],
    );
    assert.equal(headers.origin, server.url);
    assert.equal(headers['sec-fetch-site'], 'same-origin');
    assert.equal(headers['sec-fetch-mode'], 'navigate');
    assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
  });

  test('lets a test change fields and forge headers', async (t) => {
    const server = await serve(t, { '/': page(FORM) });
    const browser = createAgent();
    const form = (await browser.get(`${server.url}/`)).form();
    await browser.submit(form, {
      button: 'Cancel',
      fields: { csrf: 'forged', note: undefined },
      headers: { Origin: 'https://evil.example', 'Sec-Fetch-Site': undefined },
    });
    assert.equal(server.last().body, 'csrf=forged&remember=on&decision=deny');
    assert.equal(server.last().headers.origin, 'https://evil.example');
    assert.equal(server.last().headers['sec-fetch-site'], undefined);
  });

  test('by GET puts the fields into the address, and sends no Origin', async (t) => {
    const server = await serve(t, { '/': page(FORM) });
    const browser = createAgent();
    await browser.submit((await browser.get(`${server.url}/`)).form('/search'));
    assert.equal(server.last().url, '/search?q=1');
    assert.equal(server.last().headers.origin, undefined);
  });

  test('names the buttons of the form when the wanted one is missing', async (t) => {
    const server = await serve(t, { '/': page(FORM) });
    const browser = createAgent();
    const form = (await browser.get(`${server.url}/`)).form();
    await assert.rejects(browser.submit(form, { button: 'script' }), /no button script, only: decision=deny "Cancel"/);
  });
});

describe('redirects', () => {
  test('are not followed until the test follows them, and their cookies are kept', async (t) => {
    const server = await serve(t, {
      '/': redirect(302, '/next', ['a=1; Path=/', 'b=2; Path=/', 'c=3; Path=/elsewhere']),
      '/next': page('there'),
    });
    const browser = createAgent();
    const first = await browser.get(`${server.url}/`);
    assert.equal(first.location?.href, `${server.url}/next`);
    assert.equal(server.seen.length, 1);
    assert.equal((await browser.follow(first)).text, 'there');
    assert.equal(server.last().headers.cookie, 'a=1; b=2');
  });

  test('turn a POST into a GET by 302 and keep it by 307', async (t) => {
    const server = await serve(t, { '/see': redirect(302, '/see2'), '/keep': redirect(307, '/keep2') });
    const browser = createAgent();
    for (const path of ['/see', '/keep']) {
      await browser.followAll(await browser.request(server.url + path, { method: 'POST', body: 'x=1' }));
    }
    const bodies = server.seen.map(({ method, url, body }) => `${method} ${url} ${body}`);
    assert.deepEqual(bodies, ['POST /see x=1', 'GET /see2 ', 'POST /keep x=1', 'POST /keep2 x=1']);
  });

  test('are followed up to an address that the test names, at which nothing listens', async (t) => {
    const server = await serve(t, {
      '/': redirect(302, '/b'),
      '/b': redirect(303, 'http://127.0.0.1:1/callback?code=1'),
    });
    const browser = createAgent();
    const last = await browser.followAll(await browser.get(`${server.url}/`), (url) => url.port === '1');
    assert.equal(last.location?.searchParams.get('code'), '1');
  });

  test('from a page of another site send no Strict cookies on the way back', async (t) => {
    const bridge = await serve(t, {
      '/': (res) => res.writeHead(200, { 'set-cookie': ['s=1; Path=/; SameSite=Strict', 'l=2; Path=/; SameSite=Lax'] }),
      '/callback': page('back'),
    });
    const upstream = await serve(t, {
      '/': page('<form method=post action=/login></form>'),
      '/login': redirect(302, `${bridge.url}/callback`),
    });
    const browser = createAgent();
    await browser.get(`${bridge.url}/`);
    const login = await browser.get(upstream.url.replace('127.0.0.1', 'localhost'));
    await browser.followAll(await browser.submit(login.form()));
    assert.equal(bridge.last().headers.cookie, 'l=2');
    assert.equal(bridge.last().headers['sec-fetch-site'], 'cross-site');
  });
});

test('an agent with routes reaches an https origin as if through a TLS proxy', async (t) => {
  const server = await serve(t, {
    '/': (res) => res.writeHead(200, { 'set-cookie': '__Host-a=1; Secure; Path=/' }).write(FORM),
  });
  const browser = createAgent({ routes: { 'https://bridge.example': server.url } });
  await browser.submit((await browser.get('https://bridge.example/')).form());
  const { headers } = server.last();
  assert.equal(headers.host, 'bridge.example');
  assert.equal(headers['x-forwarded-proto'], 'https');
  assert.equal(headers.origin, 'https://bridge.example');
  assert.equal(headers.cookie, '__Host-a=1');
});
