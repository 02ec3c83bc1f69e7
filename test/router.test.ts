// The router: mounts a table of routes as it is written: exactly these paths, the guard before the body, the body by the
// row's limit, the handler; and tells which web pages may call what.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import Koa from 'koa';
import { RequestContext } from '../src/observe/request-context.ts';
import { createRouter, type RouteGroup } from '../src/router.ts';
import { type Listening, listen } from './support/listen.ts';

describe('the router', () => {
  const trail: string[] = [];
  const step =
    (name: string): Koa.Middleware =>
    async (_ctx, next) => {
      trail.push(name);
      await next();
    };
  const errors: Koa.Middleware = async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      ctx.status = error instanceof Error && 'status' in error ? Number(error.status) : 500;
    }
  };
  const answer: Koa.Middleware = (ctx) => {
    trail.push('handler');
    ctx.body = { route: String(ctx._matchedRoute), parsed: ctx.request.body ?? null };
  };
  const groups: readonly RouteGroup[] = [
    {
      errors,
      via: 'client',
      routes: [
        ['GET', '/plain', 'any', undefined, answer],
        ['POST', '/plain', 'any', { as: 'json', limit: 16 }, answer],
        ['GET', ['/several', '/several/'], 'allowed', undefined, answer],
        ['GET', '/item/:id', 'allowed', undefined, answer],
        [
          'DELETE',
          '/plain',
          'any',
          undefined,
          () => {
            throw new Error('x');
          },
        ],
      ],
    },
    {
      errors,
      via: 'client',
      guards: [
        (ctx, next) => {
          trail.push('guard');
          return ctx.get('x-pass') === '' ? ctx.throw(403) : next();
        },
      ],
      routes: [['POST', '/guarded', 'own', { as: 'json', limit: 16 }, answer]],
    },
    { errors, via: 'client', streams: true, routes: [['GET', '/stream', 'allowed', undefined, answer]] },
  ];
  const router = createRouter(groups, new RequestContext());
  let server: Listening;
  before(async () => {
    const app = new Koa();
    app.silent = true;
    app.use(step('app'));
    router.mount(app);
    server = await listen(app.callback());
  });
  after(() => server.close());
  const ask = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
    trail.splice(0);
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const init = { method, headers: { ...type, ...headers }, ...(body === undefined ? {} : { body }) };
    const response = await fetch(`${server.url}${path}`, init);
    return { status: response.status, text: await response.text(), allow: response.headers.get('allow') };
  };

  it('matches the paths of its rows, in their case and with their slashes', async () => {
    for (const path of ['/plain', '/several', '/several/', '/item/x', '/item/X'])
      assert.equal((await ask('GET', path)).status, 200, path);
    for (const path of ['/plain/', '/PLAIN', '/Several', '/several//', '/item/', '/item/x/', '/item/x/y', '/'])
      assert.equal((await ask('GET', path)).status, 404, path);
  });

  it('answers 405 with the methods of the path to any other method, known to it or not', async () => {
    for (const method of ['PUT', 'PATCH', 'PROPFIND', 'M-SEARCH']) {
      const { status, allow } = await ask(method, '/plain');
      assert.equal(status, 405, method);
      assert.deepEqual(allow?.split(', ').sort(), ['DELETE', 'GET', 'HEAD', 'POST']);
    }
    assert.equal((await ask('PUT', '/nothing')).status, 404);
  });

  it('names HEAD in Allow where it is answered as GET is, and not where GET opens a stream', async () => {
    for (const method of ['PUT', 'OPTIONS'])
      assert.deepEqual(
        [(await ask(method, '/several')).allow, (await ask(method, '/stream')).allow],
        ['HEAD, GET', 'GET'],
      );
  });

  it('reads the body that the row takes, and none where it takes none', async () => {
    assert.deepEqual(JSON.parse((await ask('POST', '/plain', '{"a":1}')).text).parsed, { a: 1 });
    assert.equal((await ask('POST', '/plain', JSON.stringify('x'.repeat(16)))).status, 413);
    assert.equal(JSON.parse((await ask('GET', '/plain')).text).parsed, null);
  });

  it('asks the guard before it reads the body', async () => {
    assert.equal((await ask('POST', '/guarded', '{ no JSON, and much too long')).status, 403);
    assert.deepEqual(trail, ['app', 'guard']);
    assert.equal((await ask('POST', '/guarded', '{ no JSON', { 'x-pass': '1' })).status, 400);
    assert.equal((await ask('POST', '/guarded', '{}', { 'x-pass': '1' })).status, 200);
    assert.deepEqual(trail, ['app', 'guard', 'handler']);
  });

  it('has its group answer what a handler throws', async () => {
    assert.equal((await ask('DELETE', '/plain')).status, 500);
  });

  it('says which web pages may call a path, parameters included, and for any other our own alone', () => {
    for (const [path, access] of [
      ['/plain', 'any'],
      ['/several/', 'allowed'],
      ['/item/anything', 'allowed'],
      ['/guarded', 'own'],
      ['/item/', 'own'],
      ['/PLAIN', 'own'],
      ['/nothing', 'own'],
      // Browser clients look for metadata at these too, and must be able to read that there is none.
      ['/.well-known/oauth-authorization-server/mcp', 'any'],
      ['/mcp/.well-known/openid-configuration', 'any'],
    ] as const)
      assert.equal(router.originAccess(path), access, path);
  });
});
