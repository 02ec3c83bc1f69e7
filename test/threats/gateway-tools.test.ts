// A tool that the operator did not allow, behind the gateway: not called and not seen, whatever the client sends and however the
// server answers. Each part by itself, with all spellings: test/gateway/tool-calls.test.ts, test/gateway/tool-lists.test.ts.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { z } from 'zod';
import { type Answering, gatewayFor, json, RESULT, recordingServer } from '../gateway/fixtures.ts';
import { connect } from '../support/oauth.ts';

const SEEN = { name: 'get_me', inputSchema: { type: 'object' } };
const HIDDEN = { name: 'delete_file', description: 'very dangerous' };
const LIST = `{"jsonrpc":"2.0","id":12345678901234567890,"result":{"tools":[${JSON.stringify(HIDDEN)}, ${JSON.stringify(SEEN)}]}}`;
const SHOWN = `{"jsonrpc":"2.0","id":12345678901234567890,"result":{"tools":[${JSON.stringify(SEEN)}]}}`;
const asked = (method: string, params: object = {}) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
const callOf = (name: string) => asked('tools/call', { name, arguments: {} });
const errorSchema = z.looseObject({ id: z.unknown(), error: z.looseObject({ code: z.number() }) });

const stream =
  (...events: string[]): Answering =>
  (_received, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (const event of events) response.write(event);
    response.end();
  };

/** A server of which only some tools may be used, and a client that is logged in. */
async function filtered(t: TestContext, entry: Record<string, unknown> = { allowTools: ['get_me'] }) {
  const server = await recordingServer(t);
  const bridge = await gatewayFor(t, [{ name: 'one', url: `${server.url}/mcp`, ...entry }]);
  const resource = `${bridge.url}/mcp/one`;
  const { tokens } = await connect(bridge.url, { parameters: { resource } });
  const send = (body: BodyOf | null, headers: Record<string, string> = {}, method = 'POST') =>
    fetch(resource, {
      method,
      body,
      headers: { authorization: `Bearer ${tokens.access_token}`, 'content-type': 'application/json', ...headers },
    });
  /** Status and code of an answer of the bridge. */
  const refusal = async (body: BodyOf, headers: Record<string, string> = {}) => {
    const response = await send(body, headers);
    const text = await response.text();
    return `${response.status} ${errorSchema.safeParse(JSON.parse(text)).data?.error.code ?? text}`;
  };
  return { bridge, server, send, refusal };
}
type BodyOf = string | Buffer<ArrayBuffer>;

describe('a tool that is not allowed', () => {
  it('#44 is not called: the bridge answers, and the server gets nothing', async (t) => {
    const { bridge, server, send, refusal } = await filtered(t);
    const response = await send(callOf('delete_file'));
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32602, message: 'Unknown tool: delete_file' },
    });
    for (const name of ['DELETE_FILE', 'delete_file\0get_me', 'get_me\0delete_file', '\u200bdelete_file', ''])
      assert.equal(await refusal(callOf(name)), '200 -32602', JSON.stringify(name));
    assert.equal(server.received.length, 0);
    assert.ok(bridge.eventsOf('gateway.request').every(({ outcome }) => outcome === 'denied'));
    assert.equal(await (await send(callOf('get_me'))).text(), RESULT);
    assert.equal(server.last().body.toString(), callOf('get_me'));
  });

  it('#44 is not called by a body that parsers read in different ways', async (t) => {
    const { server, refusal } = await filtered(t);
    const call = callOf('delete_file');
    const twice = (good: string, bad: string) => [
      call.replace(bad, `${good},${bad}`),
      call.replace(bad, `${bad},${good}`),
    ];
    const bodies: BodyOf[] = [
      ...twice('"method":"ping"', '"method":"tools/call"'),
      ...twice('"METHOD":"ping"', '"method":"tools/call"'),
      ...twice('"name":"get_me"', '"name":"delete_file"'),
      ...twice('"Name":"get_me"', '"name":"delete_file"'),
      ...twice('"params":{"name":"get_me"}', '"params":{"name":"delete_file","arguments":{}}'),
      ...twice('"param\u017f":{"name":"get_me"}', '"params":{"name":"delete_file","arguments":{}}'),
      `[${call}]`,
      `[${callOf('get_me')},${call}]`,
      `${callOf('get_me')}\n${call}`,
      `\ufeff${call}`,
      `/**/${call}`,
      Buffer.from(call, 'utf16le'),
      Buffer.from(call.replace('delete', 'd\xff'), 'latin1'),
      asked('tools/call\0', { name: 'delete_file' }),
      '{"jsonrpc":"2.0","method":"ping","__proto__":{"method":"tools/call","params":{"name":"delete_file"}}}',
      '['.repeat(4 * 1024 * 1024),
    ];
    for (const body of bodies) assert.match(await refusal(body), /^400 -32[67]00$/, body.toString().slice(0, 100));
    for (const type of ['text/plain', 'application/json; charset=utf-16', 'application/x-www-form-urlencoded'])
      assert.equal(await refusal(call, { 'content-type': type }), '415 -32600', type);
    for (const body of [
      call.replace('"method"', '"METHOD"'),
      call.replace('"name"', '"n\\u0061me"'),
      call.replace('"id":1,', ''),
    ])
      assert.equal(await refusal(body), '200 -32602', body);
    assert.equal(server.received.length, 0);
  });

  it('#44 is not called by headers that say something else than the body', async (t) => {
    const { server, send, refusal } = await filtered(t);
    const encoded = `=?base64?${Buffer.from('delete_file').toString('base64')}?=`;
    const hostile = [
      { 'mcp-method': 'tools/call', 'mcp-name': 'delete_file' },
      { 'mcp-name': 'get_me, delete_file' },
      { 'mcp-name': encoded },
      { 'mcp-name': encoded.toUpperCase() },
      { 'mcp-method': 'prompts/get' },
    ] as Record<string, string>[];
    for (const headers of hostile) assert.equal(await refusal(callOf('get_me'), headers), '400 -32020');
    for (const method of ['GET', 'DELETE', 'POST'])
      assert.equal((await send(null, { 'mcp-method': 'tools/call', 'mcp-name': 'delete_file' }, method)).status, 400);
    assert.equal(server.received.length, 0);
    const right = { 'mcp-method': 'tools/call', 'mcp-name': `=?base64?${Buffer.from('get_me').toString('base64')}?=` };
    assert.equal((await send(callOf('get_me'), right)).status, 200);
    assert.equal(server.last().headers['mcp-name'], right['mcp-name']);
  });

  it('#44 is not called where the rest is allowed', async (t) => {
    const { server, send, refusal } = await filtered(t, { allowTools: ['*'], denyTools: ['delete_*'] });
    for (const name of ['delete_', 'delete_file', 'Delete_Repo'])
      assert.equal(await refusal(callOf(name)), '200 -32602');
    assert.equal(server.received.length, 0);
    assert.equal((await send(callOf('undelete_file'))).status, 200);
  });

  it('#44 is not seen in a list, and the rest of the list is as it was: as JSON, in a stream, in a resumed stream', async (t) => {
    const { server, send } = await filtered(t);
    server.answer = json(LIST);
    const answer = await send(asked('tools/list'));
    assert.equal(answer.headers.get('content-length'), String(SHOWN.length));
    assert.equal(await answer.text(), SHOWN);
    server.answer = stream(': hello\n', `id: 1\nevent: message\nda`, `ta: ${LIST}\r\n\r`, '\ndata: {"id":1.0}\n\n');
    const expected = `: hello\nid: 1\nevent: message\ndata: ${SHOWN}\n\ndata: {"id":1.0}\n\n`;
    assert.equal(await (await send(asked('tools/list'))).text(), expected);
    assert.equal(await (await send(asked('other'))).text(), expected, 'a stream may answer another request');
    const resumed = await send(null, { 'last-event-id': '0' }, 'GET');
    assert.equal(await resumed.text(), expected);
    assert.equal(server.last().headers['last-event-id'], '0');
  });

  it('#44 is not seen by a client that reads JSON or streams in its own way', async (t) => {
    const { server, send } = await filtered(t);
    for (const answer of [
      json(LIST.replace('tools', 't\\u006fols')),
      json(LIST.replace('tools', 'Tools')),
      json(LIST.replace('"result"', '"RESULT"')),
      json(LIST.replace('}]}}', '}],"tools":[]}}')),
      json(LIST.replace(/\}$/, ',"result":{}}')),
      json(`[${LIST}]`),
      json(`\ufeff${LIST}`),
      json(LIST.replace('"delete_file"', '"get_me","name":"delete_file"')),
      stream(`\ufeffdata: ${LIST}\n\n`),
      stream(`data: ${LIST.replace('[', '[\ndata: ')}\n\n`),
      stream(`data:${LIST}\r\r`),
      stream(`data: ${LIST}`),
    ]) {
      server.answer = answer;
      const response = await send(asked('tools/list'));
      const text = await response.text();
      assert.equal(response.status, 200);
      assert.doesNotMatch(text, /delete_file|dangerous/);
      assert.match(text, /get_me|\[\]/);
    }
  });

  it('#44 is not seen in a list that cannot be read: 502, or a stream that ends', async (t) => {
    const { server, send } = await filtered(t);
    for (const [index, answer] of [
      json(`${LIST} x`),
      json(LIST.slice(0, -1)),
      json(Buffer.from(LIST, 'utf16le').toString('latin1')),
      json(LIST.replace('"id":', `"x":"${'x'.repeat(8 * 1024 * 1024)}","id":`)),
      stream(`data: ${LIST} x\n\n`),
      stream(`data: "${'x'.repeat(8 * 1024 * 1024)}`),
    ].entries()) {
      server.answer = answer;
      const response = await send(asked('tools/list'));
      assert.equal(response.status, 502, `answer ${index}`);
      assert.doesNotMatch(await response.text(), /dangerous/);
    }
    server.answer = stream('data: {"id":7}\n\n', `data: ${LIST} x\n\n`);
    const begun = await send(asked('other'))
      .then((response) => response.text())
      .catch(String);
    assert.doesNotMatch(begun, /dangerous/);
  });
});
