// A client that does not read is cut off, one that reads slowly is not.
import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { createUnreadWatch } from '../../src/gateway/unread.ts';
import { listen } from '../support/listen.ts';
import { until } from '../support/until.ts';

const TIMEOUT = 500;
const PIECE = Buffer.alloc(64 * 1024);

/** A server that writes as fast as it may, up to a size. @returns its answer, not read */
async function pouring(
  t: TestContext,
  size: number,
  watch = createUnreadWatch(TIMEOUT),
): Promise<{ answer: IncomingMessage; isCutOff: () => boolean }> {
  let cut = false;
  const server = await listen((_request, response) => {
    watch(response);
    response.on('close', () => {
      cut = !response.writableFinished;
    });
    let left = size;
    const pour = () => {
      while (left > 0) {
        left -= PIECE.length;
        if (!response.write(PIECE)) return void response.once('drain', pour);
      }
      if (size < Number.POSITIVE_INFINITY) response.end();
    };
    if (size === 0) response.flushHeaders();
    else pour();
  });
  t.after(() => server.close());
  const answer = await new Promise<IncomingMessage>((resolve) => {
    get(server.url, { agent: false }, (received) => resolve(received.pause().on('error', () => {})));
  });
  t.after(() => answer.destroy());
  return { answer, isCutOff: () => cut };
}

describe('a client that reads nothing', () => {
  it('is cut off in time when something waits for it', async (t) => {
    const begun = performance.now();
    const { isCutOff } = await pouring(t, Number.POSITIVE_INFINITY);
    await until(isCutOff, { what: 'the end of the connection' });
    assert.ok(performance.now() - begun >= TIMEOUT);
  });

  it('is cut off also when the server has written everything', async (t) => {
    const { isCutOff } = await pouring(t, 64 * 1024 * 1024);
    await until(isCutOff, { what: 'the end of the connection' });
  });

  it('is cut off also when no answer was open for a while before', async (t) => {
    const watch = createUnreadWatch(TIMEOUT);
    const { answer } = await pouring(t, PIECE.length, watch);
    for await (const _ of answer);
    const begun = performance.now();
    await until(() => performance.now() - begun > TIMEOUT, { what: 'the time in which the timer ends' });
    const { isCutOff } = await pouring(t, Number.POSITIVE_INFINITY, watch);
    await until(isCutOff, { what: 'the end of the connection' });
  });
});

describe('a client that reads', () => {
  it('is not cut off, however slowly it reads', async (t) => {
    const size = 96 * 1024 * 1024;
    const { answer, isCutOff } = await pouring(t, size);
    const begun = performance.now();
    let read = 0;
    for await (const part of answer as AsyncIterable<Buffer>) {
      read += part.length;
      await until(() => performance.now() - begun > (read / size) * TIMEOUT * 4, { what: 'its time', interval: 5 });
    }
    assert.deepEqual([read, isCutOff()], [size, false]);
    assert.ok(performance.now() - begun > TIMEOUT * 3);
  });

  it('is not cut off while nothing waits for it', async (t) => {
    const { answer, isCutOff } = await pouring(t, 0);
    const begun = performance.now();
    await until(() => performance.now() - begun > TIMEOUT * 3, { what: 'three times the limit' });
    assert.deepEqual([isCutOff(), answer.destroyed], [false, false]);
  });
});
