// The exchange with an MCP server, over raw sockets: what the client gets of answers that no library would send, and what
// happens when either side hangs up at any moment.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { createRequire } from 'node:module';
import { connect as connectSocket, Socket } from 'node:net';
import { describe, it } from 'node:test';
import { buildConnector, Pool } from 'undici';
import { exchange } from '../../src/gateway/exchange.ts';
import { SessionOver } from '../../src/mcp/open-answers.ts';
import { CLIENT_ID } from '../support/bridge.ts';
import type { Tokens } from '../support/oauth.ts';
import { until } from '../support/until.ts';
import {
  answersJson,
  bytesOf,
  CALL,
  chunk,
  closed,
  type Gate,
  JSON_HEAD,
  jsonBytes,
  nextPart,
  type RawAnswering,
  RESULT,
  readAnswer,
  STREAM_HEAD,
  startRawServer,
  useGate,
} from './sockets.ts';

const EVENT = 'event: message\ndata: {"jsonrpc":"2.0","method":"a"}\n\n';

/** Moments of an answer, as the bytes that were sent until then; `stream` when the client sees its head at once. */
const MOMENTS = [
  { name: 'before the head', sent: '', begun: false },
  { name: 'in the middle of the head', sent: 'HTTP/1.1 200 OK\r\nContent-Ty', begun: false },
  { name: 'between the head and the first byte', sent: STREAM_HEAD, begun: true },
  { name: 'in the middle of an event', sent: `${STREAM_HEAD}20\r\ndata: abc`, begun: true },
  { name: 'in the middle of a JSON body', sent: `${JSON_HEAD}20\r\n{"jsonrpc"`, begun: true },
  { name: 'after the last byte, before the end', sent: `${STREAM_HEAD}${chunk(EVENT)}`, begun: true },
  {
    name: 'in the middle of a body of known length',
    sent: bytesOf('200 OK', { 'Content-Type': 'application/json', 'Content-Length': 100 }, '{"jsonrpc"'),
    begun: true,
  },
];

/** A request that a test can give up. */
function post(gate: Gate, body: string | Buffer, tokens: Tokens = gate.tokens, method = 'POST'): ClientRequest {
  const headers = { authorization: `Bearer ${tokens.access_token}`, 'content-type': 'application/json' };
  const request = httpRequest(`${gate.bridge.url}/mcp/one`, { method, agent: false, headers });
  request.on('error', () => {}).end(body);
  return request;
}

describe('a client that hangs up', () => {
  const gate = useGate();

  for (const method of ['POST', 'GET'])
    for (const { name, sent, begun } of MOMENTS)
      it(`${name} of an answer to ${method} ends the exchange at once`, async () => {
        const { bridge, server } = gate;
        const [reported, flows] = [
          bridge.eventsOf('gateway.request').length,
          bridge.eventsOf('gateway.flow.ended').length,
        ];
        const arrived = Promise.withResolvers<Socket>();
        server.answer = (socket) => {
          socket.write(sent);
          arrived.resolve(socket);
        };
        const request = post(gate, method === 'POST' ? CALL : '', gate.tokens, method);
        const answer = once(request, 'response').catch(() => undefined);
        const socket = await arrived.promise;
        if (begun) await answer;
        request.destroy();
        await closed(socket);
        const outcome = begun ? 'answered' : 'closed';
        await until(() => bridge.eventsOf('gateway.request')[reported]?.outcome === outcome, {
          what: `a line that says ${outcome}`,
        });
        if (begun) assert.equal((await gate.flowEnded(flows)).complete, false);
        await gate.settled();
      });

  it('while it still sends its body is forgotten, and the server hears nothing', async () => {
    const { bridge, server } = gate;
    const heard = server.requests.length;
    for (const end of ['destroy', 'resetAndDestroy', 'end'] as const) {
      const answered = bridge.eventsOf('gateway.request').length;
      const socket = connectSocket(Number(new URL(bridge.url).port), '127.0.0.1').on('error', () => {});
      socket.write(
        `POST /mcp/one HTTP/1.1\r\nHost: ${new URL(bridge.url).host}\r\nAuthorization: Bearer ${gate.tokens.access_token}\r\nContent-Length: 1000\r\n\r\n{"jsonrpc"`,
        () => socket[end](),
      );
      await until(() => bridge.eventsOf('gateway.request').length > answered, { what: 'its line in the audit trail' });
      assert.equal(bridge.eventsOf('gateway.request').at(-1)?.outcome, 'closed', end);
    }
    assert.equal(server.requests.length, heard);
    await gate.settled();
  });

  it('while the server does not read its body ends the exchange', async () => {
    const { server } = gate;
    await gate.freshConnections();
    const connected = Promise.withResolvers<Socket>();
    server.onConnection = (socket) => connected.resolve(socket.pause());
    const request = post(gate, Buffer.alloc(4_000_000, ' '));
    const socket = await connected.promise;
    server.onConnection = () => {};
    request.destroy();
    socket.resume();
    await closed(socket);
    await gate.settled();
  });

  it('while the connection to the server is made is not waited for, and nothing is sent', async () => {
    const { bridge, server } = gate;
    await gate.freshConnections();
    const [heard, reported] = [server.requests.length, bridge.eventsOf('gateway.request').length];
    server.onConnection = () => request.destroy();
    const request = post(gate, CALL);
    await until(() => bridge.eventsOf('gateway.request')[reported]?.outcome === 'closed', {
      what: 'its line in the audit trail',
    });
    server.onConnection = () => {};
    assert.ok(server.requests.length - heard <= 1);
    await gate.settled();
  });
});

describe('a client that hangs up during a refresh at GitHub', () => {
  const gate = useGate({ app: { expiringTokens: true } });
  const TOKEN_ENDPOINT = '/login/oauth/access_token';

  it('ends its call, which the server never hears; the new token is used by the next', async () => {
    const { bridge, server } = gate;
    const app = bridge.github.app(CLIENT_ID);
    app.accessTokenSeconds = 1;
    const { tokens } = await gate.connect({ login: 'monalisa' });
    app.accessTokenSeconds = 28_800;
    const reported = bridge.eventsOf('gateway.request').length;
    const refresh = bridge.github.nextCall('POST', TOKEN_ENDPOINT);
    bridge.github.fault({ kind: 'hang', path: TOKEN_ENDPOINT });
    const request = post(gate, CALL, tokens);
    await refresh;
    request.destroy();
    await until(() => request.closed, { what: 'the end of the connection' });
    bridge.github.clearFaults();
    await until(() => bridge.eventsOf('gateway.request')[reported]?.outcome === 'closed', {
      what: 'its line in the audit trail',
    });
    assert.equal(server.requests.length, 0);
    assert.equal((await gate.send({ tokens })).status, 200);
    const [live] = bridge.github.liveTokens({ account: 'monalisa' });
    assert.equal(server.requests.at(-1)?.headers.authorization, `Bearer ${live?.token}`);
    assert.equal(bridge.github.callsTo('POST', TOKEN_ENDPOINT).filter(({ fault }) => fault === 'hang').length, 1);
    await gate.settled();
  });
});

describe('an exchange whose connection is not made yet', () => {
  it('ends at once with its signal, and nothing is sent when the connection is made', async (t) => {
    const server = await startRawServer();
    t.after(() => server.close());
    const connected = Promise.withResolvers<void>();
    const connector = buildConnector({});
    const gate = Promise.withResolvers<void>();
    const pool = new Pool(server.url, {
      connect(options, callback) {
        connected.resolve();
        void gate.promise.then(() => connector(options, callback));
      },
    });
    t.after(() => pool.destroy());
    const ending = new AbortController();
    const request = { method: 'POST', path: '/', headers: {}, body: Buffer.from(CALL), firstByteTimeout: 0 } as const;
    const answer = exchange(pool, server.url, request, ending.signal);
    const reason = new SessionOver();
    await connected.promise;
    ending.abort(reason);
    await assert.rejects(answer, reason);
    gate.resolve();
    const next = await exchange(
      pool,
      server.url,
      { ...request, body: Buffer.from('next') },
      new AbortController().signal,
    );
    assert.equal(next.status, 200);
    next.discard();
    assert.deepEqual(
      server.requests.map(({ body }) => body),
      ['next'],
    );
  });
});

describe('a server that hangs up', () => {
  const gate = useGate();

  for (const end of ['end', 'resetAndDestroy'] as const)
    for (const { name, sent, begun } of MOMENTS)
      it(`${name} (${end}): ${begun ? 'the answer is cut off' : '502'}`, async () => {
        const { bridge, server } = gate;
        const flows = bridge.eventsOf('gateway.flow.ended').length;
        server.answer = (socket) => void socket.write(sent, () => void setImmediate(() => socket[end]()));
        const answer = await gate.send().catch(() => undefined);
        if (begun) {
          assert.notEqual(answer?.complete, true);
          assert.equal((await gate.flowEnded(flows)).complete, false);
        } else {
          assert.equal(answer?.status, 502);
          assert.deepEqual(JSON.parse(answer.text).error.code, -32000);
        }
        await gate.settled();
      });

  it('when it has a whole answer without a length, which ends so', async () => {
    for (const version of ['1.0', '1.1']) {
      const head = `HTTP/${version} 200 OK\r\nContent-Type: application/json\r\n\r\n`;
      gate.server.answer = (socket) => void socket.end(`${head}${RESULT}`);
      const { status, text, complete } = await gate.send();
      assert.deepEqual([status, text, complete], [200, RESULT, true]);
    }
    await gate.settled();
  });

  it('on a connection that is kept: the next request takes another one', async () => {
    const { server } = gate;
    for (let round = 0; round < 20; round++) {
      server.answer = (socket) => void socket.write(jsonBytes(), () => socket.destroy());
      assert.equal((await gate.send()).status, 200, `round ${round}`);
    }
    await gate.settled();
  });

  it('after it has read a request executes it once: nothing that was written is sent again', async () => {
    const { server } = gate;
    for (const method of ['POST', 'GET', 'DELETE'])
      for (const end of ['end', 'destroy', 'resetAndDestroy'] as const) {
        server.answer = answersJson;
        await gate.send();
        const before = server.requests.length;
        server.answer = (socket) => void socket[end]();
        assert.equal((await gate.send({ method })).status, 502, `${method} ${end}`);
        assert.equal(server.requests.length, before + 1, `${method} ${end}`);
      }
    await gate.settled();
  });

  it('in the moment in which a request comes: it is executed once at most, and answered', async () => {
    const { server } = gate;
    let executed = 0;
    server.answer = (socket, { body }) => {
      if (body === CALL) executed++;
      // It promises to keep the connection, and closes it a moment later.
      socket.write(jsonBytes());
      setImmediate(() => setImmediate(() => socket.end()));
    };
    const rounds = 100;
    let answered = 0;
    for (let round = 0; round < rounds; round++) {
      const { status } = await gate.send();
      assert.ok(status === 200 || status === 502, String(status));
      if (status === 200) answered++;
    }
    assert.ok(executed <= rounds && answered <= executed, `${executed} executed, ${answered} answered`);
    await gate.settled();
  });
});

describe('an answer', () => {
  const gate = useGate();
  const answering =
    (bytes: string, end = false): RawAnswering =>
    (socket) =>
      void (end ? socket.end(bytes, 'latin1') : socket.write(bytes, 'latin1'));

  it('may come before the body was read', async () => {
    const { server } = gate;
    server.onConnection = (socket) =>
      void socket.pause().end(bytesOf('403 Forbidden', { 'Content-Length': 2, Connection: 'close' }, 'no'));
    await gate.freshConnections();
    const answer = await gate.send({ body: CALL.padEnd(3_000_000) });
    server.onConnection = () => {};
    // A connection that is reset takes the answer along, or not.
    assert.ok(answer.status === 403 || answer.status === 502, String(answer.status));
    await gate.settled();
  });

  it('may be announced: 102 and 103 pass nothing on', async () => {
    const informational = `${bytesOf('102 Processing', {})}${bytesOf('103 Early Hints', { Link: '</x>', 'Mcp-A': 'x' })}`;
    gate.server.answer = answering(`${informational}${informational}${jsonBytes()}`);
    const { status, text, headers } = await gate.send();
    assert.deepEqual([status, text, headers['mcp-a']], [200, RESULT, undefined]);
    await gate.settled();
  });

  it('with 100, 101, or a status that is none is 502', async () => {
    const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket' };
    for (const bytes of [
      `${bytesOf('100 Continue', {})}${jsonBytes()}`,
      bytesOf('101 Switching Protocols', upgrade),
      bytesOf('101 Switching Protocols', {}),
      bytesOf('099 Low', { 'Content-Length': 0 }),
      bytesOf('000 Zero', { 'Content-Length': 0 }),
      bytesOf('1000 High', { 'Content-Length': 0 }),
      bytesOf('20 Short', { 'Content-Length': 0 }),
      'ICY 200 OK\r\n\r\n',
      '{"jsonrpc":"2.0"}\r\n\r\n',
    ]) {
      gate.server.answer = answering(bytes, true);
      assert.equal((await gate.send()).status, 502, bytes);
    }
    await gate.settled();
  });

  it('with any other status passes', async () => {
    for (const status of [200, 202, 204, 205, 299, 400, 404, 405, 418, 499, 500, 503, 599, 999]) {
      const empty = status === 204;
      const body = empty ? '' : RESULT;
      gate.server.answer = answering(bytesOf(`${status} X`, empty ? {} : { 'Content-Length': body.length }, body));
      const answer = await gate.send();
      assert.deepEqual([answer.status, answer.text, answer.complete], [status, body, true]);
    }
    await gate.settled();
  });

  it('with a body where none may be harms no later one', async () => {
    gate.server.answer = answering(bytesOf('204 No Content', { 'Content-Length': 5 }, 'hello'));
    await gate.send().catch(() => undefined);
    await gate.settled();
  });

  it('that is longer than it says is cut to its length; one that is shorter is not complete', async () => {
    gate.server.answer = answering(
      bytesOf('200 OK', { 'Content-Length': RESULT.length }, `${RESULT}HTTP/1.1 200 OK\r\n\r\n`),
    );
    const long = await gate.send();
    assert.deepEqual([long.text, long.complete], [RESULT, true]);
    gate.server.answer = answering(bytesOf('200 OK', { 'Content-Length': 1000 }, RESULT), true);
    assert.equal((await gate.send()).complete, false);
    await gate.settled();
  });

  it('with two lengths, or a length and chunks, is 502', async () => {
    for (const headers of [
      'Content-Length: 5\r\nContent-Length: 6',
      'Content-Length: 5, 5',
      'Content-Length: -1',
      'Content-Length: 99999999999999999999999',
      'Transfer-Encoding: chunked\r\nContent-Length: 5',
    ]) {
      gate.server.answer = answering(`HTTP/1.1 200 OK\r\n${headers}\r\n\r\nhello`, true);
      const answer = await gate.send().catch(() => undefined);
      assert.ok(answer === undefined || answer.status === 502 || !answer.complete, `${headers}: ${answer?.status}`);
    }
    await gate.settled();
  });

  it('in chunks with extensions and trailers passes without them', async () => {
    const body = `${chunk('{"a":').replace('\r\n', ';x=y\r\n')}${chunk('1}')}0\r\nMcp-Trailer: x\r\nSet-Cookie: a=b\r\n\r\n`;
    gate.server.answer = answering(`${JSON_HEAD}${body}`);
    const { text, complete, headers } = await gate.send();
    assert.deepEqual([text, complete, headers['mcp-trailer']], ['{"a":1}', true, undefined]);
    await gate.settled();
  });

  it('with a head of 100 KB is 502', async () => {
    for (const head of [
      { 'Mcp-Large': 'x'.repeat(100_000) },
      Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`Mcp-${i}`, 'x'.repeat(10)])),
    ]) {
      gate.server.answer = answering(bytesOf('200 OK', { ...head, 'Content-Length': RESULT.length }, RESULT));
      assert.equal((await gate.send()).status, 502);
    }
    await gate.settled();
  });

  it('passes its length, and no trailers of the connection', async () => {
    gate.server.answer = answering(jsonBytes());
    const { headers } = await gate.send();
    assert.equal(headers['content-length'], String(RESULT.length));
    assert.equal(headers['transfer-encoding'], undefined);
    assert.equal((await gate.send({ method: 'HEAD' })).status, 405);
  });
});

describe('an event stream', () => {
  const gate = useGate({}, { firstByteTimeout: '1s' });

  for (const method of ['POST', 'GET'])
    it(`of ${method} passes as it comes: the head before any event, each event before the next is made`, async () => {
      const stream = Promise.withResolvers<Socket>();
      gate.server.answer = (socket) => void socket.write(STREAM_HEAD, () => stream.resolve(socket));
      const answer = await gate.open({ method });
      assert.equal(answer.headers['content-type'], 'text/event-stream');
      assert.equal(answer.headers['x-accel-buffering'], 'no');
      const socket = await stream.promise;
      for (const event of [
        ': comment\n\n',
        'id: 1\ndata:\n\n',
        'id: 2\n\n',
        'retry: 5\n\n',
        '\r\n',
        EVENT,
        'data: no end',
      ]) {
        socket.write(chunk(event));
        assert.equal(await nextPart(answer), event);
      }
      socket.write(chunk(''));
      const { text, complete } = await readAnswer(answer);
      assert.deepEqual([text, complete], ['', true]);
      await gate.settled();
    });

  it('that is silent for a day is not cut off', async () => {
    const timers: { tick(milliseconds: number): void } = createRequire(import.meta.url)('undici/lib/util/timers.js');
    for (const { method, first } of [
      { method: 'POST', first: EVENT },
      { method: 'GET', first: EVENT },
      { method: 'POST', first: '' },
    ]) {
      const stream = Promise.withResolvers<Socket>();
      gate.server.answer = (socket) =>
        void socket.write(first === '' ? STREAM_HEAD : `${STREAM_HEAD}${chunk(first)}`, () => stream.resolve(socket));
      const answer = await gate.open({ method });
      const socket = await stream.promise;
      if (first !== '') await nextPart(answer);
      for (let hour = 0; hour < 24; hour++) timers.tick(3_600_000);
      await gate.bridge.bridge.maintain();
      socket.write(`${chunk(EVENT)}${chunk('')}`);
      assert.deepEqual((await readAnswer(answer)).text, EVENT);
    }
    await gate.settled();
  });

  it('is resumed with Last-Event-ID', async () => {
    await gate.send({ method: 'GET', headers: { 'last-event-id': 'one-7' } });
    assert.equal(gate.server.requests.at(-1)?.headers['last-event-id'], 'one-7');
  });
});

describe('a flood', () => {
  const gate = useGate();
  const SIZE = 100 * 1024 * 1024;
  const PIECE = Buffer.alloc(64 * 1024, 'flood of bytes ');

  it('of 100 MB waits for a client that reads slowly, and passes whole', async (t) => {
    let [left, server] = [SIZE, new Socket()];
    gate.server.answer = (socket) => {
      server = socket;
      socket.write(bytesOf('200 OK', { 'Content-Type': 'application/json', 'Content-Length': SIZE }));
      const pour = () => {
        while (left > 0) {
          left -= PIECE.length;
          if (!socket.write(PIECE)) return void socket.once('drain', pour);
        }
      };
      pour();
    };
    const answer = await gate.open();
    const poured = () => server.bytesWritten - server.writableLength;
    // The connections of both sides take a few megabytes; then nothing moves any more.
    let last = -1;
    const stands = () => {
      const stood = last === poured();
      last = poured();
      return stood;
    };
    await until(stands, { what: 'the flood to stand', interval: 300 });
    const [taken, hash] = [poured(), createHash('sha256')];
    assert.ok(taken < SIZE / 3, `${taken / 1e6} MB were taken although nobody reads`);
    let [most, bytes] = [0, 0];
    for await (const part of answer as AsyncIterable<Buffer>) {
      hash.update(part);
      bytes += part.length;
      most = Math.max(most, poured() - bytes);
      // A slow reader, who gives the bridge all the time to take more.
      if (bytes % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const expected = createHash('sha256');
    for (let at = 0; at < SIZE; at += PIECE.length) expected.update(PIECE);
    assert.deepEqual([bytes, hash.digest('hex')], [SIZE, expected.digest('hex')]);
    assert.ok(most < SIZE / 3, `${most / 1e6} MB were on their way at the same time`);
    t.diagnostic(`${taken / 1e6} MB stood, ${most / 1e6} MB at most were on their way`);
    await gate.settled();
  });
});
