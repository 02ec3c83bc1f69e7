// What is sent of an answer whose head or end is not as it should be, and what ends while a list of tools is read.
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { connect, postForm } from '../support/oauth.ts';
import { until } from '../support/until.ts';
import {
  bytesOf,
  chunk,
  closed,
  type Gate,
  JSON_HEAD,
  nextPart,
  RESULT,
  readAnswer,
  STREAM_HEAD,
  useGate,
} from './sockets.ts';

const LIST = '{"jsonrpc":"2.0","id":"list","method":"tools/list"}';
const EVENT = 'data: {"jsonrpc":"2.0","method":"a"}\n\n';
const TOOLS = JSON.stringify({
  jsonrpc: '2.0',
  id: 'list',
  result: { tools: [{ name: 'hidden' }, { name: 'shown' }] },
});

describe('the head of an answer', () => {
  const gate = useGate();
  const head = (headers: Record<string, string>) =>
    bytesOf('200 OK', { 'Content-Length': RESULT.length, ...headers }, RESULT);

  it('with text that is not ASCII, or with control characters, is 502 and nothing else', async () => {
    for (const name of ['Mcp-Name', 'Content-Type', 'X-GitHub-Thing', 'Retry-After', 'Cache-Control', 'Mcp-Session-Id'])
      for (const value of ['caf\xe9', '\xc3\xa9', '\x80', 'a\x01b', 'a\x1bb', 'a\x7fb']) {
        gate.server.answer = (socket) => void socket.write(head({ [name]: value }), 'latin1');
        const { status, text } = await gate.send();
        assert.equal(status, 502, `${name}: ${JSON.stringify(value)}`);
        assert.equal(JSON.parse(text).id, 1);
      }
    assert.equal(gate.bridge.eventsOf('gateway.flow.began').length, gate.bridge.eventsOf('gateway.flow.ended').length);
    await gate.settled();
  });

  it('may have such text where it does not pass', async () => {
    gate.server.answer = (socket) => void socket.write(head({ Server: 'caf\xe9', 'X-Powered-By': '\xff' }), 'latin1');
    assert.equal((await gate.send()).status, 200);
  });

  it('passes no cookies, no redirect, and no name with an underscore', async () => {
    const names = {
      'Set-Cookie': 'a=b',
      'Access-Control-Allow-Origin': '*',
      'Mcp-Constructor': 'x',
      'Mcp-A': 'tab\there',
    };
    gate.server.answer = (socket) => void socket.write(head(names));
    const { headers } = await gate.send();
    assert.equal(headers['set-cookie'], undefined);
    assert.equal(headers['access-control-allow-origin'], undefined);
    assert.deepEqual([headers['mcp-__proto__'], headers['mcp-a']], [undefined, 'tab\there']);
    for (const status of [301, 302, 303, 307, 308]) {
      gate.server.answer = (socket) =>
        void socket.write(bytesOf(`${status} Moved`, { Location: '/x', 'Content-Length': 0 }));
      const answer = await gate.send();
      assert.deepEqual([answer.status, answer.headers.location], [502, undefined]);
    }
    await gate.settled();
  });
});

describe('a list of tools that is read', () => {
  const gate = useGate({}, { denyTools: ['hidden'] });
  const send = (of: Gate = gate, tokens = of.tokens) => of.open({ body: LIST, tokens });

  /** A list whose server stops before its end. */
  async function begunList(sent: string, tokens = gate.tokens) {
    const arrived = Promise.withResolvers<Socket>();
    gate.server.answer = (socket) => void socket.write(sent, () => arrived.resolve(socket));
    const answer = gate.open({ body: LIST, tokens });
    answer.catch(() => {});
    return { answer, socket: await arrived.promise };
  }

  const halves = [
    { name: 'JSON', sent: `${JSON_HEAD}${chunk(TOOLS.slice(0, 20))}` },
    { name: 'a stream', sent: `${STREAM_HEAD}${chunk('data: {"jsonrpc"')}` },
  ];
  for (const { name, sent } of halves) {
    it(`as ${name} is 502 when its server hangs up in the middle`, async () => {
      const { answer, socket } = await begunList(sent);
      socket.end();
      assert.equal((await answer).statusCode, 502);
      await gate.settled();
    });

    it(`as ${name} is 401 when its session ends in the middle`, async () => {
      const { client, tokens } = await gate.connect();
      const { answer, socket } = await begunList(sent, tokens);
      await postForm(`${gate.bridge.url}/revoke`, { token: tokens.refresh_token, client_id: client.client_id });
      assert.equal((await answer).statusCode, 401);
      await closed(socket);
      await gate.settled();
    });
  }

  it('cannot be read, or is too long: 502, and the exchange ends', async () => {
    const tooLong = `"tools${'x'.repeat(9 * 1024 * 1024)}`;
    for (const [head, body] of [
      [JSON_HEAD, '{"tools'],
      [JSON_HEAD, tooLong],
      [STREAM_HEAD, 'data: {"tools\n\n'],
      [STREAM_HEAD, `data: ${tooLong}`],
    ] as const) {
      gate.server.answer = (socket) => void socket.write(`${head}${chunk(body)}${chunk('')}`);
      const { statusCode } = await send();
      assert.equal(statusCode, 502, body.slice(0, 20));
    }
    await gate.settled();
  });

  it('in the middle of a stream cannot be read: the stream is cut off there', async () => {
    const arrived = Promise.withResolvers<Socket>();
    gate.server.answer = (socket) => void socket.write(`${STREAM_HEAD}${chunk(EVENT)}`, () => arrived.resolve(socket));
    const answer = await gate.open({ body: LIST });
    assert.equal(await nextPart(answer), EVENT);
    (await arrived.promise).write(`${chunk('data: {"tools\n\n')}${chunk(EVENT)}${chunk('')}`);
    const { text, complete } = await readAnswer(answer);
    assert.deepEqual([text, complete], ['', false]);
    await gate.settled();
  });

  it('passes in a stream that is resumed, without what is hidden', async () => {
    gate.server.answer = (socket) =>
      void socket.write(`${STREAM_HEAD}${chunk(`id: 1\ndata: ${TOOLS}\n\n`)}${chunk('')}`);
    const { text, complete } = await gate.send({ method: 'GET', headers: { 'last-event-id': '0' } });
    assert.equal(complete, true);
    assert.ok(text.includes('shown') && !text.includes('hidden'), text);
    await gate.settled();
  });

  it('is told in the metrics with the bytes that were sent', async () => {
    const resource = `${gate.bridge.url}/mcp/one`;
    const { tokens } = await connect(gate.bridge.url, { login: 'monalisa', parameters: { resource } });
    const flows = gate.bridge.eventsOf('gateway.flow.ended').length;
    gate.server.answer = (socket) => void socket.write(`${JSON_HEAD}${chunk(TOOLS)}${chunk('')}`);
    const { text } = await gate.send({ body: LIST, tokens });
    const ended = await until(() => gate.bridge.eventsOf('gateway.flow.ended')[flows], { what: 'the end of the flow' });
    assert.deepEqual(ended, { server: 'one', sent: text.length, received: LIST.length, complete: true });
  });
});
