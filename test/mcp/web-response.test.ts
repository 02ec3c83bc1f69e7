// A web-standard Response under Koa: status, headers and body arrive as the MCP SDK made them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import Koa from 'koa';
import { begin, discard, send } from '../../src/mcp/web-response.ts';
import { type Listening, listen } from '../support/listen.ts';

describe('a response of the SDK', () => {
  let server: Listening;
  let response: Response;
  before(async () => {
    const app = new Koa();
    app.use((ctx) => send(ctx, response));
    server = await listen(app.callback());
  });
  after(() => server.close());
  const answer = (made: Response) => {
    response = made;
    return fetch(server.url);
  };

  it('arrives with its status, its headers and its body', async () => {
    const arrived = await answer(
      new Response('{"a":1}', { status: 418, headers: { 'content-type': 'application/json', 'x-a': 'b' } }),
    );
    assert.equal(arrived.status, 418);
    assert.equal(arrived.headers.get('content-type'), 'application/json');
    assert.equal(arrived.headers.get('x-a'), 'b');
    assert.equal(await arrived.text(), '{"a":1}');
  });

  it('stays 202 without a body, which Koa would make 204', async () => {
    assert.equal((await answer(new Response(null, { status: 202 }))).status, 202);
  });

  it('does not pass on Connection, which is for another connection (RFC 9110 section 7.6.1)', async () => {
    const arrived = await answer(new Response('', { headers: { connection: 'close' } }));
    assert.notEqual(arrived.headers.get('connection'), 'close');
  });

  it('is kept by no cache when it is a challenge', async () => {
    for (const status of [401, 403])
      assert.equal((await answer(new Response('', { status }))).headers.get('cache-control'), 'no-store');
    assert.equal((await answer(new Response(''))).headers.get('cache-control'), null);
  });

  const events = { headers: { 'content-type': 'text/event-stream' } };

  it('is sent whole when it is complete in one turn, an event stream too', async () => {
    const made = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const event of ['data: 1\n\n', 'data: 2\n\n']) controller.enqueue(Buffer.from(event));
        controller.close();
      },
    });
    const arrived = await answer(new Response(made, events));
    assert.equal(arrived.headers.get('content-length'), '18');
    assert.equal(arrived.headers.get('content-type'), 'text/event-stream');
    assert.equal(await arrived.text(), 'data: 1\n\ndata: 2\n\n');
  });

  it('is streamed when it goes on: its first events arrive before its last are made', async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    void writer.write(Buffer.from('first'));
    const reader = (await answer(new Response(readable, events))).body?.getReader();
    assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), 'first');
    void writer.write(Buffer.from('last')).then(() => writer.close());
    assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), 'last');
    assert.equal((await reader?.read())?.done, true);
  });

  it('arrives whole when an event is longer than what may be unread, and another follows at once', async () => {
    const made = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const event of [Buffer.alloc(16 * 1024 * 1024), Buffer.from('last')]) controller.enqueue(event);
        controller.close();
      },
    });
    const arrived = Buffer.from(await (await answer(new Response(made, events))).arrayBuffer());
    assert.equal(arrived.length, 16 * 1024 * 1024 + 4);
  });

  it('can be discarded although its stream has failed', async () => {
    let fail: ((error: Error) => void) | undefined;
    const made = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.alloc(64 * 1024));
        fail = (error) => controller.error(error);
      },
    });
    const begun = await begin(new Response(made, events));
    fail?.(new Error('broken'));
    await discard(begun);
  });

  it('is cut off, not ended, when the SDK fails in the middle', async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    void writer.write(Buffer.from('first'));
    const reader = (await answer(new Response(readable, events))).body?.getReader();
    await reader?.read();
    void writer.abort(new Error('broken'));
    await assert.rejects(async () => reader?.read(), TypeError);
  });

  it('is cancelled when its client hangs up', async () => {
    const cancelled = Promise.withResolvers<void>();
    const endless = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from('first')),
      cancel: () => cancelled.resolve(),
    });
    const arrived = await answer(new Response(endless, events));
    await arrived.body?.cancel();
    await cancelled.promise;
  });
});
