// What a handler reads of a request: a JSON object, a form with each parameter once, a bearer token in the header alone
// (OAuth 2.1 sections 3.2.2 and 5.1.1, RFC 6750 section 2.1).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { body } from '../../src/protocol/body.ts';
import { bearerToken, formParameters, jsonBody, noStore } from '../../src/protocol/http.ts';
import { invalidClientMetadata, OAuthError } from '../../src/protocol/oauth-error.ts';
import { useApp } from './use-app.ts';

const FORM = 'application/x-www-form-urlencoded';

describe('a handler', () => {
  const url = useApp(
    async (ctx, next) => {
      noStore(ctx);
      try {
        await next();
      } catch (error) {
        if (!(error instanceof OAuthError)) throw error;
        ctx.body = { error: error.code, description: error.description };
      }
    },
    (ctx, next) => body({ as: ctx.path === '/form' ? 'form' : 'json', limit: 1024 })(ctx, next),
    (ctx) => {
      if (ctx.path === '/json') ctx.body = jsonBody(ctx, invalidClientMetadata);
      else if (ctx.path === '/form') ctx.body = Object.fromEntries(formParameters(ctx));
      else ctx.body = { token: bearerToken(ctx) ?? null };
    },
  );
  const post = async (path: string, contentType: string | undefined, content: string) => {
    const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType };
    const response = await fetch(`${url()}${path}`, { method: 'POST', headers, body: Buffer.from(content) });
    return { headers: response.headers, body: (await response.json()) as unknown };
  };

  it('reads a JSON object, whatever kind of JSON it is called', async () => {
    for (const type of ['application/json', 'application/json; charset=utf-8', 'application/vnd.api+json'])
      assert.deepEqual((await post('/json', type, '{"a":[1]}')).body, { a: [1] }, type);
  });

  it('refuses, in the terms of its endpoint, any other body where JSON is needed', async () => {
    for (const [type, content, description] of [
      ['application/json', '[1]', 'the body must be a JSON object'],
      [FORM, 'a=1', 'the body must be application/json'],
      [undefined, '{}', 'the body must be application/json'],
    ] as const)
      assert.deepEqual((await post('/json', type, content)).body, { error: 'invalid_client_metadata', description });
  });

  it('reads a form, in which a repeated parameter is seen', async () => {
    assert.deepEqual((await post('/form', `${FORM}; charset=UTF-8`, 'a=1&b=%20x+y')).body, { a: '1', b: ' x y' });
    assert.deepEqual((await post('/form', FORM, 'a=1&a=1')).body, {
      error: 'invalid_request',
      description: 'parameter a is repeated',
    });
  });

  it('refuses any other body where a form is needed', async () => {
    for (const [type, content] of [
      ['application/json', '{"a":"1"}'],
      ['text/plain', 'a=1'],
      [undefined, 'a=1'],
    ] as const)
      assert.deepEqual((await post('/form', type, content)).body, {
        error: 'invalid_request',
        description: 'the body must be application/x-www-form-urlencoded',
      });
  });

  it('takes a bearer token from the header, in the form of RFC 6750, and from nowhere else', async () => {
    const tokenOf = async (authorization: string | undefined, query = '') => {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      return ((await (await fetch(`${url()}/token${query}`, { headers })).json()) as { token: unknown }).token;
    };
    for (const header of ['Bearer a.b-c_d~e+f/g==', 'bearer a.b-c_d~e+f/g==', 'Bearer   a.b-c_d~e+f/g==  '])
      assert.equal(await tokenOf(header), 'a.b-c_d~e+f/g==');
    for (const header of ['Bearer', 'Bearer ', 'Bearer a b', 'Bearer a"b', 'Basic abc', 'Bearera', undefined])
      assert.equal(await tokenOf(header), null, header);
    assert.equal(await tokenOf(undefined, '?access_token=a'), null);
  });

  it('tells every cache to keep nothing', async () => {
    const { headers } = await post('/form', FORM, 'a=1');
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(headers.get('pragma'), 'no-cache');
  });
});
