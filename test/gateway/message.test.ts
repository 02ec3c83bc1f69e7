// What is read of a request: method and tool for the audit trail, and the id as it stands.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { describeMessage, type Member, rawId, readOutline } from '../../src/gateway/message.ts';
import { RUNS } from '../oauth/addresses.ts';

const MIB = 1024 * 1024;
const described = (text: string | Buffer) => describeMessage(Buffer.from(text));
const id = (text: string | Buffer) => rawId(Buffer.from(text));

describe('the audit trail', () => {
  for (const [text, expected] of [
    [
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_me","arguments":{"secret":1}}}',
      { method: 'tools/call', tool: 'get_me' },
    ],
    [
      '{"params":{"arguments":{"name":"x"},"name":"get_me"},"method":"tools/call"}',
      { method: 'tools/call', tool: 'get_me' },
    ],
    ['{"method":"tools/list"}', { method: 'tools/list' }],
    ['{"method":"prompts/get","params":{"name":"x"}}', { method: 'prompts/get' }],
    ['{"method":"tools/call"}', { method: 'tools/call' }],
    ['{"method":"tools/call","params":["get_me"]}', { method: 'tools/call' }],
    ['{"method":"tools/call","params":[{"name":"get_me"}]}', { method: 'tools/call' }],
    ['{"method":"tools/call","params":{"name":{"name":"x"}}}', { method: 'tools/call' }],
    ['{"METHOD":"Tools/Call","Params":{"NAME":"get_me"}}', { method: 'Tools/Call', tool: 'get_me' }],
    ['{"id":1,"result":{}}', { method: 'response' }],
    ['{"id":1,"method":null}', { method: 'response' }],
    ['{}', { method: 'response' }],
    ['[{"method":"tools/call"}]', { method: 'batch:tools/call' }],
    [
      '[{"method":"tools/call","params":{"name":"a"}},{"method":"ping"},{"method":"tools/call","params":{"name":"b"}},7]',
      { method: 'batch:tools/call,ping,unreadable', tool: 'a,b' },
    ],
    ['', { method: 'unreadable' }],
    ['null', { method: 'unreadable' }],
    ['"tools/call"', { method: 'unreadable' }],
    ['{"method":"tools/call"', { method: 'unreadable' }],
    ['{"method":"tools/call"} x', { method: 'unreadable' }],
    ['{/**/"method":"tools/call"}', { method: 'unreadable' }],
    ['{"__proto__":{"method":"tools/call"}}', { method: 'response' }],
  ] as const)
    it(`says of ${text}: ${JSON.stringify(expected)}`, () => assert.deepEqual(described(text), expected));

  for (const text of [
    '{"method":"tools/list","method":"tools/call"}',
    '{"method":"tools/list","Method":"tools/call"}',
    '{"method":"tools/list","meth\\u006fd":"tools/call"}',
    '{"method":"tools/call","params":{"name":"a"},"param\u017f":{"name":"b"}}',
    '{"method":"tools/call","params":{"name":"a","name":"b"}}',
  ])
    it(`says where servers read different things: ${text}`, () =>
      assert.deepEqual(described(text), { method: 'ambiguous' }));

  it('has short lines of visible ASCII, whatever the client sends', () => {
    const hostile = '\n{"audit":true}\u202e\u001b[31m'.repeat(100);
    const text = JSON.stringify({ method: hostile, params: { name: hostile } });
    for (const part of [text, text.replace(JSON.stringify(hostile), '"tools/call"')])
      for (const value of Object.values(described(part))) assert.match(value, /^[\x21-\x7e]{1,100}$/);
  });
});

describe('the id of a request', () => {
  for (const [text, expected] of [
    ['{"id":1}', '1'],
    ['{"id": 12345678901234567890123 }', '12345678901234567890123'],
    ['{"id":1.50e+2,"x":[]}', '1.50e+2'],
    ['{"id":-0}', '-0'],
    ['{"id":"a\\u0062 \\ud800"}', '"a\\u0062 \\ud800"'],
    ['{"params":{"id":2},"id":"x"}', '"x"'],
    ['{"params":{"id":2}}', 'null'],
    ['{"id":1,"id":2}', '2'],
    ['{"ID":1}', 'null'],
    ['{"id":null}', 'null'],
    ['{"id":true}', 'null'],
    ['{"id":{"id":1}}', 'null'],
    ['{"id":[1]}', 'null'],
    ['[{"id":1}]', 'null'],
    ['{"__proto__":{"id":1}}', 'null'],
    ['{"id":1', 'null'],
    ['{"id":01}', 'null'],
    ['{"id":NaN}', 'null'],
    ['', 'null'],
    ['1', 'null'],
  ] as const)
    it(`of ${text} is ${expected}`, () => assert.equal(id(text), expected));

  it('is the text between the bytes, so that the answer is JSON with the same id', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger()),
        (params, value) => {
          const text = `{"params":${params},"id":${JSON.stringify(value)}}`;
          assert.equal(JSON.parse(id(text)), JSON.parse(JSON.stringify(value)));
        },
      ),
      RUNS,
    );
  });
});

describe('what is read of a body', () => {
  /** The members of an object as `JSON.parse` gives them, those of objects in it too. */
  const parsed = (value: object): Member[] =>
    Object.entries(value).map(([key, member]) => {
      if (Array.isArray(member)) return { key };
      if (typeof member !== 'object' || member === null) return { key, value: member };
      return {
        key,
        members: Object.entries(member).map(([inner, one]) =>
          typeof one === 'object' && one !== null ? { key: inner } : { key: inner, value: one },
        ),
      };
    });
  const sorted = (members: readonly Member[] | undefined): unknown =>
    members
      ?.map(({ key, value, members: inner }) => ({ key, value, members: sorted(inner) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));

  it('is what JSON.parse reads, for any JSON', () => {
    const key = fc.oneof(fc.constantFrom('method', 'params', 'name', 'id'), fc.string());
    const tree = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: 'binary' }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 3 }),
        tie('object'),
      ),
      object: fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
    })).object;
    fc.assert(
      fc.property(tree, fc.constantFrom(undefined, 1), (value, space) => {
        const outline = readOutline(JSON.stringify(value, null, space));
        assert.ok(Array.isArray(outline));
        assert.deepEqual(sorted(outline), sorted(parsed(JSON.parse(JSON.stringify(value)))));
      }),
      RUNS,
    );
  });

  it('is nothing for what JSON.parse refuses', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '0',
      '-',
      '.',
      'e',
      'true',
      'null',
      'nul',
      '//',
      '/**/',
      ' ',
      '\n',
      '\\u00',
      '\ufeff',
      '\u00a0',
      "'",
      'NaN',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join('');
        try {
          JSON.parse(text);
        } catch {
          assert.equal(readOutline(text), undefined, text);
        }
      }),
      RUNS,
    );
  });

  it('of 4 MiB takes no more than a few seconds, and does not crash', () => {
    for (const text of [
      '['.repeat(4 * MIB),
      '['.repeat(2 * MIB) + ']'.repeat(2 * MIB),
      '{"a":'.repeat(600_000),
      `{"id":1,"a":[${'1,'.repeat(2_000_000)}1]}`,
      `{"id":1,"a":[${'{},'.repeat(1_300_000)}1]}`,
      `{"id":1,"params":{${Array.from({ length: 300_000 }, (_, index) => `"k${index}":1`).join()}}}`,
      '\xff'.repeat(2 * MIB),
      // Texts that Unicode's normalization takes long for: combining marks, and one character that becomes eighteen.
      `{"${'\u0301\u0323'.repeat(MIB)}":1}`,
      `{"${'\ufdfa'.repeat(MIB)}":1,"method":"${'\ufdfa'.repeat(300_000)}"}`,
      `{"id":1,"params":{"${'\u0301\u0323'.repeat(MIB)}":1,"name":"${'\u0301\u0323'.repeat(300_000)}"}}`,
      `{${Array.from({ length: 8000 }, () => `"${'\u0301\u0323'.repeat(128)}":1`).join()}}`,
    ]) {
      const begun = performance.now();
      assert.ok(['1', 'null'].includes(id(text)));
      assert.match(described(text).method, /^(?:unreadable|batch:.*|response|ambiguous|\?+)$/);
      assert.ok(performance.now() - begun < 5_000, `${text.slice(0, 20)} took too long`);
    }
  });
});
