// Requests as the log and the metrics hear of them: by path, never by query; under a reference that the answer names.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { observeRequests, type RequestListener } from '../../src/observe/requests.ts';
import { useApp } from '../protocol/use-app.ts';

describe('a request', () => {
  const heard: Parameters<RequestListener>[0][] = [];
  const counted: unknown[] = [];
  const metrics = {
    render: async () => ({ text: '', contentType: '' }),
    request: (...labels: [string, string, number, number]) => void counted.push(labels.slice(0, 3)),
  };
  const references: unknown[] = [];
  const url = useApp(
    observeRequests(metrics, (request) => heard.push(request)),
    (ctx) => {
      references.push(ctx.state.reference);
      if (ctx.path === '/fails') throw new Error('x');
      if (ctx.path === '/users/42') ctx._matchedRoute = '/users/:id';
      ctx.body = 'ok';
    },
  );

  it('is told by its path without the query, under the reference that its answer names', async () => {
    const response = await fetch(`${url()}/users/42?code=secret`);
    const { milliseconds, ...told } = heard.at(-1) ?? {};
    const reference = response.headers.get('x-request-id');
    assert.deepEqual(told, { method: 'GET', path: '/users/42', status: 200, reference, address: '127.0.0.1' });
    assert.ok(Number(milliseconds) >= 0);
    assert.match(reference ?? '', /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    assert.equal(references.at(-1), reference);
  });

  it('has another reference each time, which no header of the sender chooses', async () => {
    const ask = async () => (await fetch(url(), { headers: { 'x-request-id': 'chosen' } })).headers.get('x-request-id');
    const [one, other] = [await ask(), await ask()];
    assert.notEqual(one, other);
    assert.ok(![one, other].includes('chosen'));
  });

  it('is counted by the pattern of its route, and as "none" where no route took it', async () => {
    counted.splice(0);
    await fetch(`${url()}/users/42`);
    await fetch(`${url()}/${'x'.repeat(400)}`);
    assert.deepEqual(counted, [
      ['/users/:id', 'GET', 200],
      ['none', 'GET', 200],
    ]);
    assert.equal(heard.at(-1)?.path.length, 300);
  });

  it('is told also when its handler fails', async () => {
    const before = heard.length;
    await fetch(`${url()}/fails`);
    assert.deepEqual(
      heard.slice(before).map(({ path }) => path),
      ['/fails'],
    );
  });
});
