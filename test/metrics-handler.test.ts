// The listener for Prometheus: one path, two methods, nothing else.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { metricsHandler } from '../src/metrics-handler.ts';
import { listen } from './support/listen.ts';

async function serve(t: TestContext, render: () => Promise<{ text: string; contentType: string }>): Promise<string> {
  const { url, close } = await listen(metricsHandler(render));
  t.after(close);
  return url;
}

it('answers GET and HEAD of /metrics alone', async (t) => {
  const url = await serve(t, async () => ({ text: 'a 1\n', contentType: 'text/plain; version=0.0.4' }));
  const answer = await fetch(`${url}/metrics?name[]=a`);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4');
  assert.equal(await answer.text(), 'a 1\n');
  assert.equal((await fetch(`${url}/metrics`, { method: 'HEAD' })).status, 200);
  const refused = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' });
  assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'GET, HEAD']);
  for (const path of ['/', '/metrics/', '/healthz', '/mcp']) assert.equal((await fetch(url + path)).status, 404, path);
});

it('answers 500 when there is nothing to read', async (t) => {
  const url = await serve(t, () => Promise.reject(new Error('x')));
  const answer = await fetch(`${url}/metrics`);
  assert.deepEqual([answer.status, await answer.text()], [500, '']);
});
