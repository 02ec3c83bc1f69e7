// The HTTP listeners. test/threats/stop.test.ts has how a whole bridge drains.
import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { listen } from '../src/listeners.ts';
import { freePort } from './support/ports.ts';
import { until } from './support/until.ts';

const answer = (port: number) =>
  new Promise<number | undefined>((resolve, reject) =>
    get({ host: '127.0.0.1', port, agent: new Agent() }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject),
  );

describe('the listeners', () => {
  it('say which port is taken', async () => {
    const port = await freePort();
    const first = await listen(['127.0.0.1'], port, (_request, response) => void response.end());
    await assert.rejects(
      listen(['127.0.0.1'], port, () => {}),
      new RegExp(`port ${port} is taken on 127.0.0.1: stop what listens there, or set PORT`),
    );
    await first.close();
  });

  it('leave out an address that this machine does not have, if another is there', async () => {
    const port = await freePort();
    const listeners = await listen(['192.0.2.1', '127.0.0.1'], port, (_request, response) => void response.end());
    assert.equal(await answer(port), 200);
    await listeners.close();
    await assert.rejects(
      listen(['192.0.2.1'], port, () => {}),
      { code: 'EADDRNOTAVAIL' },
    );
  });

  it('stop waiting for a request that takes too long', async () => {
    const port = await freePort();
    const listeners = await listen(['127.0.0.1'], port, () => {});
    const never = answer(port).catch((error: NodeJS.ErrnoException) => error.code);
    await new Promise((resolve) => setImmediate(resolve));
    await listeners.drain(50);
    await listeners.close();
    assert.match(String(await never), /^ECONN/);
  });

  it('answer 503 to a request whose end arrives while they close, because its parts are closed', async () => {
    const port = await freePort();
    let handled = 0;
    const listeners = await listen(['127.0.0.1'], port, (_request, response) => {
      handled += 1;
      response.end();
    });
    const socket = connect(port, '127.0.0.1');
    const answered = text(socket);
    // The first request shows that the connection is served, and of the second only the beginning is sent with it.
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n');
    await until(() => handled === 1, { what: 'the first request' });
    await listeners.drain(1000);
    const closed = listeners.close();
    socket.write('Host: x\r\n\r\n');
    assert.match(await answered, /HTTP\/1\.1 200[\s\S]+HTTP\/1\.1 503[\s\S]+Retry-After: 1\r\n/);
    await closed;
    assert.equal(handled, 1);
  });
});
