// A body that is read in pieces: to its end, to the reader's refusal, or to the end of its connection, and without a trace
// that would keep it in memory.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { eachChunk } from '../../src/protocol/chunks.ts';
import { type Listening, listen } from '../support/listen.ts';

describe('the pieces of a body', () => {
  let server: Listening;
  let take: (chunk: Buffer) => void;
  /** How the reading of the last request ended, and the listeners that were left on it. */
  let ended = Promise.withResolvers<{ error?: unknown; listeners: number }>();
  before(async () => {
    server = await listen(async (request, response) => {
      const counted = () =>
        ['data', 'end', 'error', 'close'].reduce((sum, name) => sum + request.listenerCount(name), 0);
      const before = counted();
      const error = await eachChunk(request, (chunk) => take(chunk)).catch((reason: unknown) => reason);
      ended.resolve({ error, listeners: counted() - before });
      request.resume();
      response.end();
    });
  });
  after(() => server.close());

  it('come in order, and the end follows', async () => {
    const pieces: string[] = [];
    take = (chunk) => pieces.push(chunk.toString());
    ended = Promise.withResolvers();
    await fetch(server.url, { method: 'POST', body: 'abc' });
    assert.deepEqual(await ended.promise, { error: undefined, listeners: 0 });
    assert.equal(pieces.join(''), 'abc');
  });

  it('stop when the reader refuses one, whose error is thrown; the connection stays for the answer', async () => {
    const refused = new Error('enough');
    take = () => {
      throw refused;
    };
    ended = Promise.withResolvers();
    const response = await fetch(server.url, { method: 'POST', body: 'abc' });
    assert.deepEqual(await ended.promise, { error: refused, listeners: 0 });
    assert.equal(response.status, 200);
  });

  it('fail when the connection closes before the end', async () => {
    take = () => socket.destroy();
    ended = Promise.withResolvers();
    const socket = connect(server.port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
    const { error, listeners } = await ended.promise;
    assert.ok(error instanceof Error);
    assert.equal(listeners, 0);
  });
});
