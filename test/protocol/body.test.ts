// Bodies: each route reads what it takes, as long as it takes it; the raw text is kept, because signatures are of it and
// repeated parameters are seen only there. Compression under attack is in test/threats/malformed-input.test.ts; the limit
// of each route in test/app.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type BodyRule, body, bodyBytes } from '../../src/protocol/body.ts';
import { useApp } from './use-app.ts';

const LIMIT = 64;

function reader(as: BodyRule['as']) {
  const url = useApp(
    async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        ctx.status = error instanceof Error && 'status' in error ? Number(error.status) : 500;
      }
    },
    body({ as, limit: LIMIT }),
    (ctx) => {
      const bytes = as === 'bytes' ? { bytes: bodyBytes(ctx).toString() } : {};
      ctx.body = { parsed: ctx.request.body ?? null, raw: ctx.request.rawBody ?? null, ...bytes };
    },
  );
  return async (contentType: string, content: string | Uint8Array<ArrayBuffer>, more: Record<string, string> = {}) => {
    const headers = { 'content-type': contentType, ...more };
    const response = await fetch(url(), { method: 'POST', headers, body: content });
    const answer = {
      status: response.status,
      body: await response.text(),
      connection: response.headers.get('connection'),
    };
    return { ...answer, read: answer.status === 200 ? JSON.parse(answer.body) : undefined };
  };
}

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

describe('a route that takes forms', () => {
  const post = reader('form');

  it('keeps the text of a form, and parses nothing of it', async () => {
    assert.deepEqual((await post(FORM, 'a=1&a=2')).read, { parsed: {}, raw: 'a=1&a=2' });
  });

  it('leaves any other body unread', async () => {
    for (const type of [JSON_TYPE, 'text/plain', 'multipart/form-data; boundary=x'])
      assert.deepEqual((await post(type, '{"a":1}')).read, { parsed: null, raw: null }, type);
  });

  it('answers 413 to a longer one, also when it is long only once it is unpacked', async () => {
    assert.equal((await post(FORM, 'a'.repeat(LIMIT))).status, 200);
    assert.equal((await post(FORM, 'a'.repeat(LIMIT + 1))).status, 413);
    const packed = Uint8Array.from(gzipSync('a'.repeat(10_000)));
    assert.ok(packed.length < LIMIT);
    assert.equal((await post(FORM, packed, { 'content-encoding': 'gzip' })).status, 413);
  });

  it('calls broken compression the sender’s mistake', async () => {
    assert.equal((await post(FORM, 'a=1', { 'content-encoding': 'gzip' })).status, 400);
    assert.equal((await post(FORM, 'a=1', { 'content-encoding': 'nonsense' })).status, 415);
  });
});

describe('a route that takes JSON', () => {
  const post = reader('json');

  it('reads JSON, and keeps its text', async () => {
    assert.deepEqual((await post(JSON_TYPE, ' {"a": 1}')).read, { parsed: { a: 1 }, raw: ' {"a": 1}' });
  });

  it('leaves a form unread, and answers 400 to what is no JSON and 413 to what is too long', async () => {
    assert.deepEqual((await post(FORM, 'a=1')).read, { parsed: null, raw: null });
    assert.equal((await post(JSON_TYPE, '{"a":')).status, 400);
    assert.equal((await post(JSON_TYPE, JSON.stringify('x'.repeat(LIMIT)))).status, 413);
  });
});

describe('a route that takes bytes', () => {
  const post = reader('bytes');

  it('leaves them as they are, whatever their type says', async () => {
    assert.deepEqual((await post(JSON_TYPE, '{"a":')).read, { parsed: null, raw: null, bytes: '{"a":' });
    assert.deepEqual((await post(FORM, '')).read, { parsed: null, raw: null, bytes: '' });
  });

  it('answers 413 to more than the limit, and closes the connection, so that the rest does not go on coming', async () => {
    const { status, connection } = await post(FORM, 'a'.repeat(LIMIT));
    assert.deepEqual([status, connection], [200, 'keep-alive']);
    const tooLong = await post(FORM, 'a'.repeat(LIMIT + 1));
    assert.deepEqual([tooLong.status, tooLong.connection], [413, 'close']);
  });
});
