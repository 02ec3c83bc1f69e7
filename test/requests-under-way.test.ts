// The requests under way: a stop waits for them, but not for ever. test/threats/stop.test.ts has how a whole bridge drains.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { listen } from '../src/listeners.ts';
import { countRequests } from '../src/requests-under-way.ts';
import { listen as serve } from './support/listen.ts';
import { freePort } from './support/ports.ts';
import { until } from './support/until.ts';

describe('the requests under way', () => {
  it('stop waiting for a request that takes too long', async () => {
    const port = await freePort();
    const requests = countRequests(() => {});
    const listeners = await listen(['127.0.0.1'], port, requests.handler);
    const never = new Promise((resolve) => {
      get({ host: '127.0.0.1', port }).on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    await new Promise((resolve) => setImmediate(resolve));
    await requests.drain(50);
    await listeners.close();
    assert.match(String(await never), /^ECONN/);
  });

  it('answer 503 to a request whose end arrives while they close, because its parts are closed', async () => {
    const port = await freePort();
    let handled = 0;
    const requests = countRequests((_request, response) => {
      handled += 1;
      response.end();
    });
    const listeners = await listen(['127.0.0.1'], port, requests.handler);
    const socket = connect(port, '127.0.0.1');
    const answered = text(socket);
    // The first request shows that the connection is served, and of the second only the beginning is sent with it.
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n');
    await until(() => handled === 1, { what: 'the first request' });
    listeners.refuse();
    await requests.drain(1000);
    requests.refuse();
    const closed = listeners.close();
    socket.write('Host: x\r\n\r\n');
    assert.match(await answered, /HTTP\/1\.1 200[\s\S]+HTTP\/1\.1 503[\s\S]+Retry-After: 1\r\n/);
    await closed;
    assert.equal(handled, 1);
  });

  it('end the connection of a stream that began before, so that no proxy keeps it for the next request', async (t) => {
    const begun = Promise.withResolvers<() => void>();
    const requests = countRequests((_request, response) => {
      response.write('data: 1\n\n');
      begun.resolve(() => response.end());
    });
    const server = await serve(requests.handler);
    t.after(() => server.close());
    const socket = connect(server.port, '127.0.0.1');
    const heard = text(socket);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const end = await begun.promise;
    requests.endConnections();
    end();
    assert.match(await heard, /Connection: keep-alive[\s\S]+data: 1[\s\S]+0\r\n\r\n$/);
  });

  it('are none whose connection closed before, because no event would tell their end', async (t) => {
    let handled = 0;
    const requests = countRequests((_request, response) => {
      handled += 1;
      response.end();
    });
    const arrived = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const server = await serve(async (request, response) => {
      arrived.resolve();
      await once(response, 'close');
      requests.handler(request, response);
      gone.resolve();
    });
    t.after(() => server.close());
    const asked = get(server.url).on('error', () => {});
    await arrived.promise;
    asked.destroy();
    await gone.promise;
    assert.equal(handled, 0);
    await requests.drain(30_000);
  });
});
