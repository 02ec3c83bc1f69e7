// Tools that may not be seen are taken out of lists, and everything else passes byte for byte: in JSON, and in event streams
// however they are cut into chunks.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createToolFilter } from '../../src/gateway/tool-filter.ts';
import { MAX_LIST, ToolListEvents, UnreadableList, withoutHiddenTools } from '../../src/gateway/tool-lists.ts';
import { RUNS } from '../oauth/addresses.ts';

const shows = createToolFilter({ denyTools: ['hidden*'] }) ?? assert.fail();
const shown = (text: string) => withoutHiddenTools(text, shows);
const list = (...tools: unknown[]) => JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools } });
const [SEEN, HIDDEN] = ['{"name":"seen"}', '{"name":"hidden"}'];

describe('a list of tools as JSON', () => {
  for (const [text, expected] of [
    [list({ name: 'a' }, { name: 'hidden' }, { name: 'b' }), list({ name: 'a' }, { name: 'b' })],
    [list({ name: 'hidden' }), list()],
    [list({ name: 'hidden' }, { name: 'hidden_too' }, { name: 'HIDDEN' }, { name: 'a' }), list({ name: 'a' })],
    [`{"result":{"tools":[\n ${SEEN} , ${HIDDEN} \n]}}`, `{"result":{"tools":[\n ${SEEN} \n]}}`],
    [
      `{"result":{"tools":[ ${HIDDEN} ], "nextCursor":"x"},"id":1}`,
      `{"result":{"tools":[  ], "nextCursor":"x"},"id":1}`,
    ],
    [`{"result":{"t\\u006fols":[${HIDDEN},${SEEN}]}}`, `{"result":{"t\\u006fols":[${SEEN}]}}`],
    [`{"result":{"tools":[{"n\\u0061me":"hidd\\u0065n"},${SEEN}]}}`, `{"result":{"tools":[${SEEN}]}}`],
    [
      `[{"id":1,"result":{}},{"result":{"tools":[${HIDDEN}]}},${list({ name: 'hidden' })}]`,
      `[{"id":1,"result":{}},{"result":{"tools":[]}},${list()}]`,
    ],
    [
      `{"result":{"tools":[${HIDDEN},1,"hidden",null,["hidden"],[${SEEN}],{},${SEEN}]}}`,
      `{"result":{"tools":[${SEEN}]}}`,
    ],
    [
      `{"result":{"tools":[{"name":1},{"name":["seen"]},{"name":{"name":"seen"}},{"title":"seen"}]}}`,
      '{"result":{"tools":[]}}',
    ],
    [
      `{"result":{"tools":[{"name":"seen","name":"hidden"},{"name":"hidden","name":"seen"}]}}`,
      '{"result":{"tools":[]}}',
    ],
    [`{"result":{"tools":[{"name":"seen","NAME":"hidden"}]}}`, '{"result":{"tools":[]}}'],
    [`{"result":{"tools":[{"inputSchema":{"name":"hidden"},"name":"seen"}]}}`, undefined],
    [`{"result":{"tools":[${HIDDEN}],"tools":[]}}`, '{"result":{"tools":[],"tools":[]}}'],
    [`{"result":{"tools":[${HIDDEN}]},"result":{}}`, '{"result":{"tools":[]},"result":{}}'],
    [`{"Result":{"TOOLS":[${HIDDEN}],"tool\u017f":[${HIDDEN}]}}`, '{"Result":{"TOOLS":[],"tool\u017f":[]}}'],
    [`{"result":{"tool\u017f":[${HIDDEN}]}}`, '{"result":{"tool\u017f":[]}}'],
    [`\ufeff{"result":{"tools":[${HIDDEN}]}}`, '{"result":{"tools":[]}}'],
    [`\ufeff{"result":{"tools":[${SEEN}]}}`, undefined],
    [list({ name: '\ud800hidden\0' }, { name: 'seen\u0000' }), list()],
  ] as const)
    it(`${JSON.stringify(text)} is ${expected === undefined ? 'as it was' : JSON.stringify(expected)}`, () =>
      assert.equal(shown(text), expected ?? text));

  it('keeps the rest as it was written: numbers, escapes, spaces, the order of keys', () => {
    const rest = ' , "z":1,"2":12345678901234567890,"1":1.0e2,"e":"\\u00e9\\/","__proto__":{"a":-0}';
    assert.equal(
      shown(`{"id":9007199254740993,"result":{"tools":[${HIDDEN},${SEEN}]${rest}}}`),
      `{"id":9007199254740993,"result":{"tools":[${SEEN}]${rest}}}`,
    );
  });

  for (const text of [
    '',
    'no JSON at all',
    '{"result":{"content":[{"name":"hidden"}]}}',
    '{"result":{"resources":[{"name":"hidden"}]}}',
    '{"tools":[{"name":"hidden"}]}',
    '{"params":{"tools":[{"name":"hidden"}]}}',
    '{"result":{"x":{"tools":[{"name":"hidden"}]}}}',
    '{"result":[{"tools":[{"name":"hidden"}]}]}',
    '"tools"',
  ])
    it(`is not in ${text || 'nothing'}`, () => assert.equal(shown(text), text));

  for (const text of [
    '{"result":{"tools":[',
    '{"result":{"tools":[NaN]}}',
    '{"result":{"tools":[]}}}',
    '{"result":{"tools":[],}}',
    '// tools\n{}',
    Buffer.from(list({ name: 'hidden' }), 'utf16le').toString('utf8'),
    `{"tools":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    `"tools${'['.repeat(4_000_000)}`,
  ])
    it(`cannot be read: ${JSON.stringify(text.slice(0, 40))}`, () => assert.throws(() => shown(text), UnreadableList));

  // Parsers differ in which of equal keys counts, and in which keys are equal.
  type Pair = readonly [string, unknown];
  class Json {
    readonly pairs: readonly Pair[];
    constructor(pairs: readonly Pair[]) {
      this.pairs = pairs;
    }
  }
  const written = (value: unknown): string => {
    if (value instanceof Json)
      return `{${value.pairs.map(([key, one]) => `${JSON.stringify(key)}:${written(one)}`).join(' , ')}}`;
    return Array.isArray(value) ? `[${value.map(written).join(', ')}]` : JSON.stringify(value);
  };
  const json = (...members: fc.Arbitrary<Pair>[]) =>
    fc.array(fc.oneof(...members), { maxLength: 3 }).map((pairs) => new Json(pairs));
  const pair = (key: string, value: fc.Arbitrary<unknown>) => fc.tuple(fc.constantFrom(key, key.toUpperCase()), value);
  const tool = fc.oneof(
    json(pair('name', fc.constantFrom('seen', 'also', 'hidden', 'HIDDEN', 1))),
    fc.constantFrom('hidden', 1),
  );
  const result = json(pair('tools', fc.array(tool, { maxLength: 4 })), pair('next', fc.double()));
  const message = json(pair('result', result), pair('id', fc.integer()));
  const answer = fc.oneof(
    { weight: 3, arbitrary: message },
    { weight: 1, arbitrary: fc.array(message, { maxLength: 3 }) },
  );

  it('shows no hidden tool to any parser, and loses no other', () => {
    fc.assert(
      fc.property(answer, (value) => {
        const text = written(value);
        const after = shown(text);
        JSON.parse(after);
        assert.equal(shown(after), after);
        assert.deepEqual(visibleNames(value), namesOf(after), text);
      }),
      RUNS,
    );
  });

  /** Every message of an answer. */
  function messagesIn(value: unknown): Json[] {
    return (Array.isArray(value) ? value : [value]).filter((one) => one instanceof Json);
  }
  function members(of: unknown, key: string): unknown[] {
    return of instanceof Json ? of.pairs.filter(([one]) => one.toLowerCase() === key).map(([, one]) => one) : [];
  }
  /** The tools that may be seen, in order, each by all its names. */
  function visibleNames(value: unknown): string[] {
    return messagesIn(value)
      .flatMap((one) => members(one, 'result'))
      .flatMap((one) => members(one, 'tools'))
      .flat()
      .map((one) => members(one, 'name'))
      .filter((names) => names.length > 0 && names.every((name) => typeof name === 'string' && shows(name)))
      .flat() as string[];
  }
  /** The names in a text, in order; hidden ones stand nowhere else in these answers. */
  function namesOf(text: string): string[] {
    return [...text.matchAll(/"name" *:"([^"]*)"/gi)].map(([, name = '']) => name);
  }
});

describe('a list of tools in an event stream', () => {
  /** The stream as the client gets it, in chunks that end at the given positions. */
  function through(stream: string | Buffer, cuts: readonly number[] = []): string {
    const bytes = Buffer.from(stream);
    const events = new ToolListEvents(shows);
    const out: Buffer[] = [];
    let from = 0;
    for (const to of [...cuts, bytes.length]) {
      // A chunk of its own memory that is overwritten afterwards, as a socket's buffer can be.
      const chunk = Buffer.from(bytes.subarray(from, to));
      out.push(events.push(chunk));
      chunk.fill(0x2a);
      from = to;
    }
    return Buffer.concat([...out, events.end()]).toString('utf8');
  }
  const data = `data: ${list({ name: 'hidden' }, { name: 'seen' })}`;
  const filtered = `data: ${list({ name: 'seen' })}`;

  for (const [stream, expected] of [
    [`${data}\n\n`, `${filtered}\n\n`],
    [`${data}\r\n\r\n`, `${filtered}\n\n`],
    [`${data}\r\r`, `${filtered}\n\n`],
    [`${data}\r\n\n`, `${filtered}\n\n`],
    [
      `id: 7\nevent: message\nretry: 10\n: note\n${data}\nx: y\n\n`,
      `id: 7\nevent: message\nretry: 10\n: note\nx: y\n${filtered}\n\n`,
    ],
    [`data:${data.slice(6)}\n\n`, `${filtered}\n\n`],
    [`data\n${data}\ndata:\n\n`, `data: \n${filtered}\ndata: \n\n`],
    [
      `data: {"result":{"tools":[\ndata: ${HIDDEN},\ndata:${SEEN}\ndata: ]}}\n\n`,
      `data: {"result":{"tools":[\ndata: ${SEEN}\ndata: ]}}\n\n`,
    ],
    [`data: {"result":{"t\\u006fols":[${HIDDEN}]}}\n\n`, 'data: {"result":{"t\\u006fols":[]}}\n\n'],
    [`data: [{"result":{"tools":[${HIDDEN}]}}]\n\n`, 'data: [{"result":{"tools":[]}}]\n\n'],
    [`\ufeff${data}\n\n`, `${filtered}\n\n`],
    [`\ufeff: x\n${data}\n\n`, `: x\n${filtered}\n\n`],
    [`${data}\n\n${data}\n\n`, `${filtered}\n\n${filtered}\n\n`],
    [`: x\n${data}\n\n: y\n`, `: x\n${filtered}\n\n: y\n`],
    // An event that has not ended, which some clients take for one.
    [data, `${filtered}\n\n`],
    [`${data}\n`, `${filtered}\n\n`],
    [`${data}\r`, `${filtered}\n\n`],
    [`id: 1\n\n${data.slice(0, -5)}`, 'id: 1\n\n'],
  ] as const)
    it(`${JSON.stringify(stream)} is ${JSON.stringify(expected)}, wherever it is cut`, () => {
      assert.equal(through(stream), expected);
      const bytes = Buffer.from(stream).length;
      for (let one = 0; one <= bytes; one++) assert.equal(through(stream, [one]), expected, `cut at ${one}`);
      assert.equal(
        through(
          stream,
          Array.from({ length: bytes }, (_, at) => at),
        ),
        expected,
        'byte by byte',
      );
    });

  for (const stream of [
    '',
    '\n',
    '\r\r\n\n',
    ': keep-alive\n\n',
    ':\n:\r\n: x\r\n\r\n',
    'id: 1\n\n',
    'retry: 5\r\n\r\n',
    'event: ping\n\n',
    'data\n\n',
    'data:\n\n',
    'data: no JSON\n\n',
    'data: {"id":1.0,"result":{"content":[]}}\r\rid: 2\r\r',
    `data: ${list({ name: 'seen' })}\r\n\r\n`,
    `database: ${data}\n\n`,
    ` ${data}\n\n`,
    `Data: x\n\n`,
    'data: 名前 \u2028 🙂\n\n',
    'id: 5',
    'data: {"jsonrpc":',
  ])
    it(`${JSON.stringify(stream)} passes byte for byte, wherever it is cut`, () => {
      const bytes = Buffer.from(stream).length;
      for (let one = 0; one <= bytes; one++) assert.equal(through(stream, [one]), stream, `cut at ${one}`);
      assert.equal(
        through(
          stream,
          Array.from({ length: bytes }, (_, at) => at),
        ),
        stream,
        'byte by byte',
      );
    });

  it('passes bytes that are no UTF-8 as they are, where nothing is hidden', () => {
    const bytes = Buffer.from('id: \xff\ndata: \xfe\xc3\n\n: \xc3\n', 'latin1');
    const events = new ToolListEvents(shows);
    assert.deepEqual(Buffer.concat([events.push(bytes), events.end()]), bytes);
  });

  it('gives the same wherever the stream is cut: any stream of lines, any cuts', () => {
    const line = fc.constantFrom(
      data,
      'data: {}',
      'data',
      'data:x',
      ': x',
      ':',
      'id: 1',
      'event: 名',
      '\ufeff',
      '',
      'data: {"result":',
      `data: {"tools":[${HIDDEN}]}}`,
    );
    const end = fc.constantFrom('\n', '\r', '\r\n', '\n\n', '\r\r', '\r\n\r\n', '');
    const stream = fc.array(fc.tuple(line, end), { maxLength: 8 }).map((lines) => lines.flat().join(''));
    const outcome = (text: string, cuts: readonly number[]) => {
      try {
        return through(text, cuts);
      } catch (error) {
        assert.ok(error instanceof UnreadableList);
        return error.message;
      }
    };
    fc.assert(
      fc.property(stream, fc.infiniteStream(fc.nat({ max: 9 })), (text, sizes) => {
        const bytes = Buffer.from(text).length;
        const cuts: number[] = [];
        for (let at = 0; at < bytes; at += sizes.next().value ?? 1) if (at !== cuts.at(-1)) cuts.push(at);
        const whole = outcome(text, []);
        assert.equal(outcome(text, cuts), whole);
        assert.equal(
          outcome(
            text,
            Array.from({ length: bytes }, (_, at) => at),
          ),
          whole,
        );
        assert.doesNotMatch(whole, /^data:.*"result".*"hidden"/m);
      }),
      RUNS,
    );
  });

  it('passes each event when it ends, and each comment at once', () => {
    const events = new ToolListEvents(shows);
    const push = (text: string) => events.push(Buffer.from(text)).toString();
    assert.equal(push(': ping\n'), ': ping\n');
    assert.equal(push('id: 1\ndata: x\n'), '');
    assert.equal(push('\n: pi'), 'id: 1\ndata: x\n\n');
    assert.equal(push('ng\n'), ': ping\n');
    assert.equal(push('data: y\r'), '');
    assert.equal(push('\n\r'), '');
    assert.equal(push('\ndata'), 'data: y\r\n\r\n');
  });

  for (const text of [
    'data: {"result":{"tools":[}}\n\n',
    'data: tools\n\n',
    'data: {"tools"\ndata: x}\n\n',
    'data: {"tools":1}\ndata: {"tools":2}\r\r',
  ])
    it(`cannot be read: ${JSON.stringify(text)}`, () => assert.throws(() => through(text), UnreadableList));

  it('that cannot be read ends the stream: nothing behind it passes, and no end', () => {
    const events = new ToolListEvents(shows);
    assert.throws(() => events.push(Buffer.from('data: tools\n\n')), UnreadableList);
    assert.throws(() => events.push(Buffer.from('data: x\n\n')), UnreadableList);
    assert.throws(() => events.end(), UnreadableList);
  });

  it('of 8 MiB is taken, and of more is not, wherever it is cut, also before it has ended', () => {
    const event = (size: number) => `data: ${'x'.repeat(size - 8)}\n\n`;
    const chunks = (size: number) => Array.from({ length: Math.floor(size / 4096) }, (_, at) => at * 4096);
    const begun = performance.now();
    assert.equal(through(event(MAX_LIST), chunks(MAX_LIST)).length, MAX_LIST);
    assert.ok(performance.now() - begun < 5_000, 'each byte is searched once');
    assert.throws(() => through(event(MAX_LIST + 1)), UnreadableList);
    assert.throws(() => through(event(MAX_LIST + 1), chunks(MAX_LIST + 1)), UnreadableList);
    assert.throws(() => new ToolListEvents(shows).push(Buffer.alloc(MAX_LIST + 1, 'x')), UnreadableList);
    assert.equal(through(event(1024).repeat(10_000)).length, 10_240_000, 'the limit is that of one event');
  });

  it('of many values is filtered in a moment', () => {
    const begun = performance.now();
    const many = `{"result":{"tools":[${`${HIDDEN},`.repeat(100_000)}${SEEN}],"x":[${'{},1,'.repeat(600_000)}1]}}`;
    assert.match(shown(many), /^\{"result":\{"tools":\[\{"name":"seen"\}\],"x"/);
    assert.ok(performance.now() - begun < 10_000);
  });
});
