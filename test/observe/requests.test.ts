// Requests as the log and the metrics hear of them: by path, never by query; under a reference that the answer names, and that
// only a trusted proxy chooses.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestContext } from '../../src/observe/request-context.ts';
import { observeRequests, type RequestListener } from '../../src/observe/requests.ts';
import { useApp } from '../protocol/use-app.ts';

const LOGIN = '0123456789abcdef';

describe('a request', () => {
  const heard: Parameters<RequestListener>[0][] = [];
  const counted: unknown[] = [];
  const metrics = { request: (...labels: [string, string, number, number]) => void counted.push(labels.slice(0, 3)) };
  const context = new RequestContext();
  let fromProxy = false;
  const url = useApp(
    (ctx, next) => {
      ctx.state.fromProxy = fromProxy;
      return next();
    },
    observeRequests(context, metrics, (request) => heard.push(request)),
    async (ctx) => {
      await new Promise(setImmediate);
      if (ctx.path === '/fails') throw new Error('x');
      if (ctx.path === '/users/42') ctx._matchedRoute = '/users/:id';
      if (ctx.path === '/login') context.knowLogin(LOGIN);
      ctx.body = context.current?.reference;
    },
  );
  const ask = async (path = '/', headers: Record<string, string> = {}) => {
    const response = await fetch(`${url()}${path}`, { headers });
    const reference = response.headers.get('x-request-id') ?? '';
    if (response.ok) assert.equal(await response.text(), reference);
    return reference;
  };

  it('is told by its path without the query, under the reference that its answer names', async () => {
    const reference = await ask('/users/42?code=secret');
    const { milliseconds, ...told } = heard.at(-1) ?? {};
    assert.deepEqual(told, { method: 'GET', path: '/users/42', status: 200, reference, address: '127.0.0.1' });
    assert.ok(Number(milliseconds) >= 0);
    assert.match(reference, /^[0-9a-hjkmnp-tv-z]{12}$/);
  });

  it('has a reference that begins with the login which it turns out to belong to', async () => {
    const reference = await ask('/login');
    assert.match(reference, new RegExp(`^${LOGIN}-[0-9a-hjkmnp-tv-z]{12}$`));
    const { login, reference: logged } = heard.at(-1) ?? {};
    assert.deepEqual({ login, logged }, { login: LOGIN, logged: reference });
  });

  it('has another reference each time, which no header of the sender chooses', async () => {
    const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const [one, other] = [await ask('/', { 'x-request-id': 'chosen' }), await ask('/', { traceparent: trace })];
    assert.notEqual(one, other);
    assert.ok(![one, other].includes('chosen'));
    assert.equal(heard.at(-1)?.trace, undefined);
  });

  it('keeps what a trusted proxy calls it, if that has a form that nothing takes for more', async () => {
    fromProxy = true;
    try {
      const headers = { 'x-request-id': 'req:7f/1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
      assert.equal(await ask('/login', headers), 'req:7f/1');
      const { login, trace } = heard.at(-1) ?? {};
      assert.deepEqual({ login, trace }, { login: LOGIN, trace: 'a'.repeat(32) });
      for (const id of ['two words', '"', '<b>', 'x'.repeat(129)])
        assert.match(await ask('/', { 'x-request-id': id }), /^[0-9a-hjkmnp-tv-z]{12}$/, id);
      for (const traceparent of [
        'x',
        `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`,
        `00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`,
        `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      ]) {
        await ask('/', { traceparent });
        assert.equal(heard.at(-1)?.trace, undefined, traceparent);
      }
    } finally {
      fromProxy = false;
    }
  });

  it('is counted by the pattern of its route, and as "none" where no route took it', async () => {
    counted.splice(0);
    await ask('/users/42');
    await ask(`/${'x'.repeat(400)}`);
    assert.deepEqual(counted, [
      ['/users/:id', 'GET', 200],
      ['none', 'GET', 200],
    ]);
    assert.equal(heard.at(-1)?.path.length, 300);
  });

  it('is told also when its handler fails', async () => {
    const before = heard.length;
    await ask('/fails');
    assert.deepEqual(
      heard.slice(before).map(({ path }) => path),
      ['/fails'],
    );
  });
});
