// The fixed request headers of an MCP server behind the bridge.
import assert from 'node:assert/strict';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readUpstreamHeaders } from '../../src/config/upstream-headers.ts';
import { RUNS } from '../oauth/addresses.ts';

/** The headers that are read, and the problems. */
function read(headers: Record<string, string>): { headers: Record<string, string>; problems: string[] } {
  const problems: string[] = [];
  const found = readUpstreamHeaders(headers, ({ problem, remedy }) => problems.push(`${problem}. ${remedy}`));
  return { headers: found, problems };
}

describe('fixed headers, whatever they are', () => {
  it('can be sent as they are, and each is sent once, or is reported without its value', () => {
    const name = fc.oneof(fc.string(), fc.constantFrom('X-A', 'x-a', 'Host', 'TE', 'Cookie', 'X-MCP-Tools'));
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a\r\nb: c', 'é', ' a', 'true'));
    fc.assert(
      fc.property(
        fc.dictionary(
          name,
          value.map((text) => `${text}HUNTER2${text}`),
          { noNullPrototype: true },
        ),
        (written) => {
          const { headers, problems } = read(written);
          for (const [each, text] of Object.entries(headers)) {
            validateHeaderName(each);
            validateHeaderValue(each, text);
            assert.equal(each, each.toLowerCase());
            assert.equal(new Headers([[each, text]]).get(each), text);
          }
          assert.equal(Object.keys(headers).length + problems.length, Object.keys(written).length);
          for (const problem of problems) assert.doesNotMatch(problem, /HUNTER2/);
        },
      ),
      RUNS,
    );
  });
});

describe('fixed headers', () => {
  it('are read with their names in lower case', () => {
    const written = {
      'X-MCP-Readonly': 'true',
      Authorization: 'Bearer a.b',
      'X-Api-Key': 'a b',
      Cookie: 'a=b',
      Tenant: '1',
    };
    const expected = {
      'x-mcp-readonly': 'true',
      authorization: 'Bearer a.b',
      'x-api-key': 'a b',
      cookie: 'a=b',
      tenant: '1',
    };
    assert.deepEqual(read(written), { headers: expected, problems: [] });
  });

  for (const name of [
    ...[
      'Connection',
      'Keep-Alive',
      'Proxy-Authorization',
      'proxy-connection',
      'TE',
      'Trailer',
      'Transfer-Encoding',
      'Upgrade',
    ],
    ...['Host', 'Content-Length', 'Content-Type', 'Content-Encoding', 'Expect', 'Accept', 'Accept-Encoding'],
    ...['Mcp-Session-Id', 'Mcp-Protocol-Version', 'Mcp-Method', 'Last-Event-ID'],
  ])
    it(`may not be ${name}, which belongs to each request`, () => {
      const problems = [`header ${name} belongs to each request. Leave it out: it cannot be fixed.`];
      assert.deepEqual(read({ [name]: 'x' }), { headers: {}, problems });
    });

  for (const [what, written, problem] of [
    ['a name that is no token', { 'X-Api-Key: hunter2': 'x' }, /^the name of header 1 is not a token/],
    ['an empty name', { '': 'x' }, /^the name of header 1 is not a token/],
    ['one header in two cases', { 'X-Key': 'one', 'x-key': 'hunter2' }, /^header x-key stands twice/],
    ['a value with a line break', { 'X-Key': 'hunter2\r\nHost: evil' }, /^the value of header X-Key cannot be sent/],
    ['a value with a tab', { 'X-Key': 'hunter2\t' }, /^the value of header X-Key cannot be sent/],
    ['a value that is not ASCII', { 'X-Key': 'hunter2é' }, /^the value of header X-Key cannot be sent/],
    ['an empty value', { 'X-Key': '' }, /^the value of header X-Key cannot be sent/],
  ] as const)
    it(`may not have ${what}`, () => {
      const { problems } = read(written);
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? '', problem);
      assert.doesNotMatch(problems[0] ?? '', /hunter2/);
    });
});
