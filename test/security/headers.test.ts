// Security headers of every answer. test/threats/browser-binding.test.ts has the framed page (threat 7).
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import Koa from 'koa';
import helmet from 'koa-helmet';
import { securityHeaders } from '../../src/security/headers.ts';
import { listen } from '../support/listen.ts';

async function headersOf(t: TestContext, middleware: Koa.Middleware): Promise<Headers> {
  const app = new Koa().use(middleware);
  const server = await listen(app.callback());
  t.after(() => server.close());
  return (await fetch(server.url)).headers;
}

describe('every answer', () => {
  it('has every header that helmet sets, though helmet is asked once only', async (t) => {
    const names = async (middleware: Koa.Middleware) => [...(await headersOf(t, middleware)).keys()].sort();
    assert.deepEqual(await names(securityHeaders(true)), await names(helmet()));
  });

  it('lets a page load its own style sheet and pictures, and nothing else: no script, no frame around it', async (t) => {
    const headers = await headersOf(t, securityHeaders(true));
    assert.equal(
      headers.get('content-security-policy'),
      "default-src 'none';style-src 'self';img-src 'self' data:;base-uri 'none';frame-ancestors 'none'",
    );
    assert.equal(headers.get('x-frame-options'), 'DENY');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('referrer-policy'), 'same-origin');
  });

  it('lets a client that logs in through a pop-up keep its opener', async (t) => {
    assert.equal((await headersOf(t, securityHeaders(true))).get('cross-origin-opener-policy'), 'unsafe-none');
  });

  it('demands https for two years where the public address is https, and nowhere else', async (t) => {
    assert.equal((await headersOf(t, securityHeaders(true))).get('strict-transport-security'), 'max-age=63072000');
    assert.equal((await headersOf(t, securityHeaders(false))).get('strict-transport-security'), null);
  });
});
