// A Node handler as fetch: what goes in and comes out is what it would be over the network.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { createFetch } from '../src/web-fetch.ts';

describe('a handler as fetch', () => {
  it('gets method, target, headers, body and the address of the client', async () => {
    const fetch = createFetch(async (request, response) => {
      const body = (await buffer(request)).toString();
      const { method, url, headers, socket } = request;
      const { host, 'x-many': many } = headers;
      response.end(JSON.stringify({ method, url, host, many, address: socket.remoteAddress, body }));
    });
    const headers = new Headers([
      ['x-many', '1'],
      ['x-many', '2'],
    ]);
    const init = { method: 'PUT', headers, body: 'ü' };
    const from = { incoming: { socket: { remoteAddress: '203.0.113.7' } } };
    const answer = await fetch(new Request('http://mcp.example.com:8080/a%20b?c=d&c=e#f', init), from);
    assert.deepEqual(await answer.json(), {
      method: 'PUT',
      url: '/a%20b?c=d&c=e',
      host: 'mcp.example.com:8080',
      many: '1, 2',
      address: '203.0.113.7',
      body: 'ü',
    });
    const behind = new Request('http://127.0.0.1/', { headers: { host: 'mcp.example.com' } });
    assert.partialDeepStrictEqual(await (await fetch(behind, { remoteAddress: '::1' })).json(), {
      host: 'mcp.example.com',
      address: '::1',
    });
  });

  it('answers with status, headers and body, each cookie in a header of its own', async () => {
    const fetch = createFetch(({ url }, response) => {
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      response.writeHead(Number(url?.slice(1)), { 'Content-Type': 'text/plain' });
      response.end(url === '/204' || url === '/304' ? undefined : 'text');
    });
    for (const status of [200, 404, 503]) {
      const answer = await fetch(new Request(`http://x/${status}`));
      assert.equal(answer.status, status);
      assert.equal(await answer.text(), 'text');
      assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2']);
      assert.equal(answer.headers.get('connection'), null);
    }
    for (const status of [204, 304]) assert.equal((await fetch(new Request(`http://x/${status}`))).body, null);
    const head = await fetch(new Request('http://x/200', { method: 'HEAD' }));
    assert.equal(head.headers.get('content-type'), 'text/plain');
    assert.equal(head.body, null);
  });

  it('streams an answer as it is written, and ends it when nobody reads', async () => {
    let writes: ServerResponse | undefined;
    const fetch = createFetch((_request, response) => {
      writes = response;
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('one');
    });
    const answer = await fetch(new Request('http://x/'));
    const reader = answer.body?.getReader();
    assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), 'one');
    writes?.write('two');
    assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), 'two');
    assert.ok(writes);
    const closed = once(writes, 'close');
    await reader?.cancel();
    await closed;
  });

  it('ends the request at the handler when its signal is aborted', async () => {
    let begun = (_response: ServerResponse) => {};
    const handled = new Promise<ServerResponse>((resolve) => {
      begun = resolve;
    });
    const fetch = createFetch((_request, response) => begun(response));
    const controller = new AbortController();
    const answer = fetch(new Request('http://x/', { signal: controller.signal }));
    const closed = once(await handled, 'close');
    controller.abort();
    await assert.rejects(answer, { name: 'AbortError' });
    await closed;
  });

  it('lets a handler answer before it has read the body', async () => {
    const fetch = createFetch((_request, response) => response.writeHead(413).end('too long'));
    const body = new Uint8Array(4 * 1024 * 1024);
    const answer = await fetch(new Request('http://x/', { method: 'POST', body }));
    assert.equal(answer.status, 413);
    assert.equal(await answer.text(), 'too long');
  });

  it('gives the handler the body that is there, whatever the headers say of its length', async () => {
    const fetch = createFetch(async (request, response) => response.end(await buffer(request)));
    const text = 'GET /another HTTP/1.1\r\nHost: x\r\n\r\n';
    for (const method of ['POST', 'DELETE', 'OPTIONS'])
      for (const headers of [{}, { 'content-length': '3' }, { 'transfer-encoding': 'chunked' }])
        assert.equal(await (await fetch(new Request('http://x/', { method, headers, body: text }))).text(), text);
    for (const method of ['GET', 'POST']) {
      const request = new Request('http://x/', { method, headers: { 'content-length': '3' } });
      assert.equal(await (await fetch(request)).text(), '');
    }
  });
});
