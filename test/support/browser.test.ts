// The real browser: it shows a page, and records the problems of a bad page.

import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, before, describe, type TestContext, test } from 'node:test';
import { type Browser, launchBrowser, newPage } from './browser.ts';
import { listen } from './listen.ts';

async function serve(t: TestContext, html: string, headers: Record<string, string> = {}, status = 200) {
  const listener: RequestListener = (req, res) => {
    if (req.url === '/') res.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(html);
    else res.writeHead(404).end();
  };
  const server = await listen(listener);
  t.after(server.close);
  return server;
}

describe('newPage', () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  test('shows a page in the language and colours asked for, and records no problem of a good page', async (t) => {
    const server = await serve(t, '<html lang="ja"><title>許可</title><p>こんにちは</p></html>');
    const observed = await newPage(browser, { locale: 'ja-JP', colorScheme: 'dark' });
    t.after(observed.close);
    await observed.page.goto(server.url);
    assert.equal(await observed.page.locator('p').textContent(), 'こんにちは');
    assert.equal(await observed.page.evaluate('navigator.language'), 'ja-JP');
    assert.equal(await observed.page.evaluate('matchMedia("(prefers-color-scheme: dark)").matches'), true);
    assert.deepEqual(observed.problems(), []);
  });

  test('does not record the status of an error page as a problem', async (t) => {
    const server = await serve(t, '<title>no</title>', {}, 403);
    const observed = await newPage(browser);
    t.after(observed.close);
    await observed.page.goto(server.url);
    assert.deepEqual(observed.problems(), []);
  });

  for (const javaScriptEnabled of [true, false]) {
    test(`records CSP violations and missing files, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async (t) => {
      const server = await serve(t, '<title>x</title><style>p{}</style><img src="/missing.png">', {
        'content-security-policy': "default-src 'none'; img-src 'self'",
      });
      const observed = await newPage(browser, { javaScriptEnabled });
      t.after(observed.close);
      await observed.page.goto(server.url, { waitUntil: 'networkidle' });
      assert.equal(observed.cspViolations.length, 1);
      assert.match(observed.cspViolations[0] ?? '', /style/);
      assert.match(observed.consoleErrors.join(), /404/);
    });
  }

  test('records uncaught errors and requests to other origins', async (t) => {
    const other = await serve(t, '');
    const server = await serve(
      t,
      `<title>x</title><img src="${other.url}/x.png"><script>throw new Error('oh')</script>`,
    );
    const observed = await newPage(browser);
    t.after(observed.close);
    await observed.page.goto(server.url, { waitUntil: 'networkidle' });
    assert.deepEqual(observed.thirdPartyRequests, [`${other.url}/x.png`]);
    assert.match(observed.consoleErrors.join(), /uncaught oh/);
  });
});
