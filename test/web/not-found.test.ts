// Paths that no route has: a page for a person, JSON for a program; what another answered stays as it is.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventBus } from '../../src/observe/events.ts';
import { notFound } from '../../src/web/not-found.ts';
import { pageErrors } from '../../src/web/page-errors.ts';
import { useApp } from '../protocol/use-app.ts';
import { makeWeb } from '../support/web.ts';

describe('an address without a route', () => {
  const events = new EventBus();
  const web = makeWeb();
  const url = useApp(notFound(pageErrors({ events, web, now: () => 1 })), (ctx) => {
    if (ctx.path === '/answered') {
      ctx.status = 404;
      ctx.body = { error: 'invalid_token' };
    }
  });
  const get = (path: string, accept: string) => fetch(`${url()}${path}`, { headers: { accept } });

  it('is a page for a browser', async () => {
    const response = await get('/nothing', 'text/html,application/xhtml+xml,*/*;q=0.8');
    assert.equal(response.status, 404);
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
  });

  it('is JSON for a program, also for one that takes anything', async () => {
    for (const accept of ['application/json', '*/*']) {
      const response = await get('/nothing', accept);
      assert.equal(response.status, 404);
      assert.equal(((await response.json()) as { error: string }).error, 'not_found');
    }
  });

  it('is not what a route answered with 404 itself', async () => {
    const response = await get('/answered', 'text/html');
    assert.equal(response.status, 404);
    assert.deepEqual(await response.json(), { error: 'invalid_token' });
  });
});
