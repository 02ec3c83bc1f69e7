// Where tools are filtered: a call of a hidden tool is refused however it is written, and a body that two parsers could read in
// two ways is refused too. End to end: test/threats/gateway-tools.test.ts.
import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Refusal } from '../../src/gateway/refusal.ts';
import { checkToolCall } from '../../src/gateway/tool-calls.ts';
import { createToolFilter } from '../../src/gateway/tool-filter.ts';
import { RUNS } from '../oauth/addresses.ts';

const MIB = 1024 * 1024;
const allowing = createToolFilter({ allowTools: ['get_me'], denyTools: [] }) ?? assert.fail();
const denying = createToolFilter({ denyTools: ['delete_file'] }) ?? assert.fail();
const JSON_TYPE = { 'content-type': 'application/json' };

const checked = (body: string | Buffer, headers: IncomingHttpHeaders = {}, filter = allowing) =>
  checkToolCall(Buffer.from(body), { ...JSON_TYPE, ...headers }, filter);
/** The refusal of a body: `status code`. */
function refusal(body: string | Buffer, headers: IncomingHttpHeaders = {}, filter = allowing): string {
  try {
    return `passes as ${checked(body, headers, filter)}`;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    assert.equal(error.outcome, error.status === 200 ? 'denied' : 'refused');
    return `${error.status} ${error.code}`;
  }
}
const DENIED = '200 -32602';
const call = (name: unknown, more: object = {}) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, ...more } });

describe('where tools are filtered', () => {
  for (const [text, method] of [
    [call('get_me', { arguments: { name: 'delete_file', NAME: 1, Name: 2 } }), 'tools/call'],
    ['{"method":"tools/call","params":{"name":"get_me"}}', 'tools/call'],
    ['{"method":"Tools/List","id":1}', 'tools/list'],
    ['{"method":"ping","params":null}', 'ping'],
    ['{"method":"notifications/initialized"}', 'notifications/initialized'],
    ['{"method":"prompts/get","params":{"name":"delete_file"}}', 'prompts/get'],
    ['{"id":1,"result":{"action":"accept","content":{"a":1,"A":2}}}', ''],
    ['{"id":1,"error":{"code":-1,"message":"x"}}', ''],
    ['{"method":"x","params":{"n":12345678901234567890,"t":"\\ud800\\u0000","e":1e999}}', 'x'],
    [' \r\n\t{"method":"ping"}\n', 'ping'],
  ] as const)
    it(`${text} passes`, () => assert.equal(checked(text), method));

  it('a request without a body passes, when no header says that it has one', () => {
    assert.equal(checkToolCall(Buffer.alloc(0), {}, allowing), '');
    assert.equal(refusal('', { 'mcp-method': 'tools/call' }), '400 -32020');
    assert.equal(refusal('', { 'mcp-name': 'get_me' }), '400 -32020');
  });

  describe('a call of a tool that is not allowed is refused', () => {
    for (const text of [
      call('delete_file'),
      call('DELETE_FILE'),
      call(''),
      call(1),
      call(null),
      call(['get_me']),
      call({ name: 'get_me' }),
      '{"method":"tools/call"}',
      '{"method":"tools/call","params":{}}',
      '{"method":"tools/call","params":null}',
      '{"method":"TOOLS/CALL","params":{"name":"delete_file"}}',
      '{"Method":"tools/call","params":{"name":"delete_file"}}',
      '{"METHOD":"tools/call","PARAMS":{"NAME":"delete_file"}}',
      '{"meth\\u006fd":"tools\\/call","param\\u0073":{"n\\u0061me":"delete_file"}}',
      '{"method":"tools/call","param\u017f":{"name":"delete_file"}}',
      '{"method":"tools/call","param\\u017f":{"name":"delete_file"}}',
      '{"\uff4dethod":"tools/call","params":{"name":"delete_file"}}',
      '{"method\u200b":"tools/call","params":{"name":"delete_file"}}',
      '{"id":null,"method":"tools/call","params":{"name":"delete_file"}}',
      '{"method":"tools/call","params":{"name":"delete_file"},"result":{}}',
      call('get_me\0'),
      call('get_me\0delete_file'),
      call('delete_file\0get_me'),
    ])
      it(text, () => assert.equal(refusal(text), DENIED));

    it('also where only some are denied', () => {
      for (const name of ['delete_file', 'Delete_File', 'delete_file\0x', '\u200bdelete_file', 'delete_file\ud800'])
        assert.equal(refusal(call(name), {}, denying), DENIED, JSON.stringify(name));
      assert.equal(checked(call('get_me'), {}, denying), 'tools/call');
    });

    it('with a name that says which, and is not longer than it must be', () => {
      assert.throws(() => checked(call('x'.repeat(5000))), { message: `Unknown tool: ${'x'.repeat(100)}` });
    });
  });

  describe('what two parsers read in two ways is refused', () => {
    const [good, bad] = ['{"name":"get_me"}', '{"name":"delete_file"}'];
    for (const text of [
      `{"method":"tools/list","method":"tools/call","params":${bad}}`,
      `{"method":"tools/call","method":"tools/list","params":${bad}}`,
      `{"method":"tools/list","Method":"tools/call","params":${bad}}`,
      `{"method":"tools/list","meth\\u006fd":"tools/call","params":${bad}}`,
      `{"method":"tools/list","method\u200b":"tools/call","params":${bad}}`,
      `{"method":"tools/list","method\\u0000":"tools/call","params":${bad}}`,
      `{"method":"tools/list","method\\ud800":"tools/call","params":${bad}}`,
      `{"method\\u0000x":"tools/call","params":${bad}}`,
      `{"method":"tools/call","params":${good},"params":${bad}}`,
      `{"method":"tools/call","params":${bad},"params":${good}}`,
      `{"method":"tools/call","params":${good},"param\u017f":${bad}}`,
      `{"method":"tools/call","params":${good},"PARAMS":${bad}}`,
      '{"method":"tools/call","params":{"name":"get_me","name":"delete_file"}}',
      '{"method":"tools/call","params":{"name":"delete_file","name":"get_me"}}',
      '{"method":"tools/call","params":{"name":"get_me","Name":"delete_file"}}',
      '{"method":"tools/call","params":{"name":"get_me","name\\u0000":"delete_file"}}',
      '{"method":"tools/call","params":{"name":"get_me","name\\u0000x":"delete_file"}}',
      '{"method":"tools/call","params":{"name":"get_me","n\uff41me":"delete_file"}}',
      `{"method":"ping","__proto__":{"method":"tools/call","params":${bad}}}`,
      '{"method":"tools/call","params":{"name":"get_me","__proto__":{"name":"delete_file"}}}',
      '{"method":"x","y":{"z":1,"z":2}}',
      '{"id":1,"id":2,"method":"ping"}',
      `{"method":"tools/call\\u0000","params":${bad}}`,
      `{"method":"tools/call ","params":${bad}}`,
      `{"method":" tools/call","params":${bad}}`,
      `{"method":"tools/\u200bcall","params":${bad}}`,
      `{"method":"tool\u017f/call","params":${bad}}`,
      '{"method":""}',
      '{"method":1}',
      '{"method":null}',
      '{"method":["tools/call"]}',
      '{"method":{"method":"tools/call"}}',
      '{"method":"tools/call","params":["get_me"]}',
      `{"method":"tools/call","params":[${bad}]}`,
      '{"method":"tools/call","params":"get_me"}',
      '{"method":"tools/call","params":false}',
      `[{"method":"tools/call","params":${bad}}]`,
      '[]',
      'null',
      '1',
      '"tools/call"',
    ])
      it(text, () => assert.equal(refusal(text), '400 -32600'));
  });

  describe('what is not one JSON document in UTF-8 is refused', () => {
    const text = call('delete_file');
    for (const [why, body] of [
      ['a byte order mark', `\ufeff${text}`],
      ['UTF-16, which Python reads', Buffer.from(text, 'utf16le')],
      ['UTF-16 with a byte order mark', Buffer.from(`\ufeff${text}`, 'utf16le')],
      ['UTF-32', Buffer.concat([...text].map((character) => Buffer.from([0, 0, 0, character.charCodeAt(0)])))],
      ['bytes that are not UTF-8, which Go replaces', Buffer.from(text.replace('delete', 'd\xff'), 'latin1')],
      ['UTF-8 that is longer than it must be', Buffer.from(text.replace('delete', 'd\xc1\xa5lete'), 'latin1')],
      ['half a pair in UTF-8', Buffer.from(text.replace('delete', 'd\xed\xa0\x80'), 'latin1')],
      ['a comment, which Jackson can take', `/*x*/${text}`],
      ['a comment at the end of a line', `${text}//x`],
      ['NaN, which Python takes', text.replace('"id":1', '"id":NaN')],
      ['Infinity', text.replace('"id":1', '"id":-Infinity')],
      ['a leading zero', text.replace('"id":1', '"id":01')],
      ['a hexadecimal number', text.replace('"id":1', '"id":0x1')],
      ['a comma too much', text.replace('}}', '},}')],
      ['single quotes', text.replaceAll('"', "'")],
      ['keys without quotes', text.replace('"id"', 'id')],
      ['an escape that JSON does not have', text.replace('delete', '\\x64elete')],
      ['a line in a string', text.replace('delete', 'del\nete')],
      ['a space that JSON does not have', `\u00a0${text}`],
      ['two documents', `{"method":"ping"}${text}`],
      ['two documents on two lines', `{"method":"ping"}\n${text}`],
      ['NUL behind it', `{"method":"ping"}\0${text}`],
      ['half of it', text.slice(0, -1)],
      ['form data', 'method=tools/call'],
      ['4 MiB of lists that begin', '['.repeat(4 * MIB)],
      ['4 MiB of objects that begin', '{"a":'.repeat((4 * MIB) / 5)],
    ] as const)
      it(why, () => assert.equal(refusal(body), '400 -32700'));

    it('lists that are nested two million deep', () => {
      const deep = '['.repeat(2 * MIB - 100) + ']'.repeat(2 * MIB - 100);
      assert.equal(refusal(deep), '400 -32600');
      assert.equal(refusal(`{"method":"tools/call","params":{"name":"get_me","arguments":${deep}}}`), '400 -32600');
    });
  });

  for (const type of [
    'application/json',
    'Application/JSON',
    'application/json;charset=utf-8',
    'application/json; charset="UTF-8" ',
    'application/json ; charset=utf8',
  ])
    it(`a body as ${type} passes`, () => assert.equal(checked(call('get_me'), { 'content-type': type }), 'tools/call'));

  for (const type of [
    '',
    'text/plain',
    'text/json',
    'application/jsonp',
    'application/json-rpc',
    'application/vnd.x+json',
    'application/json, text/plain',
    'text/plain; application/json',
    'application/json; charset=utf-16',
    'application/json; charset=utf-7',
    'application/json; charset=utf-8; charset=utf-16',
    'application/json; charset="utf-8',
    'application/x-www-form-urlencoded',
  ])
    it(`a body as ${type || 'nothing'} is refused`, () =>
      assert.equal(refusal(call('get_me'), { 'content-type': type }), '415 -32600'));

  it('a body without a content type is refused', () => {
    assert.throws(() => checkToolCall(Buffer.from(call('get_me')), {}, allowing), { status: 415 });
  });
});

describe('a header of a filtered request', () => {
  const encoded = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;
  const all = () => true;
  const names = (body: string, name: string) => refusal(body, { 'mcp-name': name }, all);
  const PASSES = 'passes as tools/call';

  it('may repeat what the body says, by itself or in base64', () => {
    assert.equal(refusal(call('get_me'), { 'mcp-method': 'tools/call', 'mcp-name': 'get_me' }), PASSES);
    for (const name of ['get_me', '名前', ' a ', 'a\u00e9', '', encoded('x'), '=?x?=', '\ud83d\ude00', 'x?='])
      assert.equal(names(call(name), encoded(name)), PASSES, name);
  });

  it('is the uri of a resource, or the id of a task, where there is no name', () => {
    assert.equal(names('{"method":"resources/read","params":{"uri":"a:b"}}', 'a:b'), 'passes as resources/read');
    assert.equal(names('{"method":"tasks/get","params":{"taskId":"7"}}', '7'), 'passes as tasks/get');
    assert.equal(names('{"method":"tools/call","params":{"name":"a","uri":"b","taskId":"b"}}', 'b'), '400 -32020');
  });

  for (const [why, headers] of [
    ['another tool', { 'mcp-name': 'delete_file' }],
    ['another case', { 'mcp-name': 'GET_ME' }],
    ['the tool twice, as Node joins two headers', { 'mcp-name': 'get_me, get_me' }],
    ['two tools', { 'mcp-name': 'get_me, delete_file' }],
    ['another tool in base64', { 'mcp-name': encoded('delete_file') }],
    ['nothing', { 'mcp-name': '' }],
    ['another method', { 'mcp-method': 'tools/list' }],
    ['a method in another case', { 'mcp-method': 'Tools/Call' }],
    ['a method twice', { 'mcp-method': 'tools/call, tools/call' }],
    ['a method in base64', { 'mcp-method': encoded('tools/call') }],
  ] as const)
    it(`may not say ${why}`, () => assert.equal(refusal(call('get_me'), headers), '400 -32020'));

  it('may not name a tool where the body names none, or the method of an answer', () => {
    assert.equal(names('{"method":"tools/list"}', 'delete_file'), '400 -32020');
    assert.equal(refusal('{"id":1,"result":{}}', { 'mcp-method': 'tools/call' }), '400 -32020');
    assert.equal(names('{"method":"tools/call","params":{"name":["a"]}}', 'a'), '400 -32020');
  });

  for (const value of [
    '=?base64?Z2V0X21l', // no end
    '=?base64?Z2V0X21?=',
    '=?base64?Z2V0X21lMQ?=', // no padding
    '=?base64?Z2V0X21lMR==?=', // bits behind the end
    '=?base64?Z2V0 X21l?=',
    '=?base64?%%%?=',
    '=?base64?Z2V0X21l=?=',
    '=?base64?/w==?=', // not UTF-8
    '=?BASE64?Z2V0X21l?=',
    '=?Base64?Z2V0X21l?=',
    '=?utf-8?B?Z2V0X21l?=',
    '=?utf-8?Q?get=5Fme?=',
    ' =?base64?Z2V0X21l?= ',
  ])
    it(`may not be encoded badly, even where the body says the same: ${value}`, () => {
      for (const name of ['get_me', 'get_me1', '\ufffd', value])
        if (!(name === value && !value.trim().endsWith('?=')))
          assert.equal(names(call(name), value), '400 -32020', name);
    });

  it('is what the body says for each name and each way to write it, and no other', () => {
    const name = fc.oneof(
      fc.constantFrom('get_me', 'delete_file', '=?base64?YQ==?=', 'YQ=='),
      fc.string({ unit: 'grapheme', maxLength: 5 }),
    );
    fc.assert(
      fc.property(name, name, (inBody, inHeader) => {
        const agrees = inBody === inHeader ? PASSES : '400 -32020';
        assert.equal(names(call(inBody), encoded(inHeader)), agrees);
      }),
      RUNS,
    );
  });
});

describe('whatever body passes', () => {
  // How parsers read an object: by the last or the first of equal keys, by exact keys or those that are equal in Go or .NET.
  const goFold = (key: string) => key.replaceAll('\u017f', 's').replaceAll('\u212a', 'k').toLowerCase();
  const cut = (key: string) => key.replace(/\0.*$/s, '');
  type Pair = readonly [string, unknown];
  const readers = [(key: string) => key, goFold, cut, (key: string) => goFold(cut(key))].flatMap((fold) => [
    (pairs: readonly Pair[], key: string) => pairs.find(([one]) => fold(one) === key)?.[1],
    (pairs: readonly Pair[], key: string) => pairs.findLast(([one]) => fold(one) === key)?.[1],
  ]);
  const written = (pairs: readonly Pair[]): string =>
    `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${Array.isArray(value) ? written(value) : JSON.stringify(value)}`).join()}}`;

  const alike = (word: string) =>
    fc.constantFrom(
      word,
      word.toUpperCase(),
      word.replace('s', '\u017f'),
      `${word}\0`,
      `${word}\0x`,
      `${word}\u200b`,
      'x',
      '__proto__',
    );
  const name = fc.constantFrom('get_me', 'delete_file', 'get_me\0', 'delete_file\0x', 1);
  const params = fc.array(fc.tuple(alike('name'), name), { maxLength: 3 });
  const message = fc.array(
    fc.oneof(
      fc.tuple(alike('method'), fc.constantFrom('tools/call', 'tools/list', 'TOOLS/CALL', 'tools/call\0')),
      fc.tuple(alike('params'), params),
    ),
    { maxLength: 4 },
  );

  it('calls no hidden tool, for any parser', () => {
    let passed = 0;
    fc.assert(
      fc.property(message, (pairs) => {
        if (!refusal(written(pairs as Pair[]), {}, denying).startsWith('passes')) return;
        passed++;
        for (const read of readers) {
          const [method, inner] = [read(pairs as Pair[], 'method'), read(pairs as Pair[], 'params')];
          if (typeof method !== 'string' || cut(method).toLowerCase() !== 'tools/call') continue;
          const called = Array.isArray(inner) ? read(inner, 'name') : undefined;
          // Without a name no tool is called.
          if (called === undefined) continue;
          assert.ok(typeof called === 'string' && cut(called) !== 'delete_file', written(pairs as Pair[]));
        }
      }),
      { numRuns: 20_000 },
    );
    assert.ok(passed > 500, `only ${passed} bodies passed`);
  });
});
