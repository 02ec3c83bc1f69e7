// One entry of MCP_UPSTREAMS or UPSTREAMS_FILE: its fields with their defaults, and what is reported about wrong ones.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readUpstreamEntry, type UpstreamEntry } from '../../src/config/upstream-entry.ts';
import { RUNS } from '../oauth/addresses.ts';

const url = 'https://mcp.example.com/mcp';

/** The entry, and the lines that are reported about it. */
function read(value: unknown): { entry: UpstreamEntry | undefined; lines: string[] } {
  const lines: string[] = [];
  const entry = readUpstreamEntry(value, 'entry 2', (problem, remedy = '') => lines.push(`${problem}. ${remedy}`));
  return { entry, lines };
}

describe('an entry', () => {
  it('needs nothing but a url', () => {
    const defaults = { credential: 'github', headers: {}, denyTools: [], firstByteTimeout: 300 };
    assert.deepEqual(read({ url }), { entry: { where: 'entry 2', url, ...defaults }, lines: [] });
  });

  it('may say all that can be said of a server', () => {
    const written = {
      name: 'read-only',
      url: `${url}?a=b`,
      title: 'GitHub, 読み取り専用',
      credential: 'none',
      scopes: ['repo', 'read:org', 'repo'],
      headers: { Authorization: 'Bearer x', 'X-MCP-Readonly': 'true' },
      allowTools: ['get_*', 'list issues', '*'],
      denyTools: ['get_me'],
      firstByteTimeout: '90s',
    };
    const entry = {
      ...written,
      where: 'entry 2 (read-only)',
      scopes: ['repo', 'read:org'],
      headers: { authorization: 'Bearer x', 'x-mcp-readonly': 'true' },
      firstByteTimeout: 90,
    };
    assert.deepEqual(read(written), { entry, lines: [] });
    assert.deepEqual(read({ url, allowTools: [] }).entry?.allowTools, [], 'no tool at all');
    assert.equal(read({ url, firstByteTimeout: '24h' }).entry?.firstByteTimeout, 86_400);
  });

  const REFUSED: readonly (readonly [string, unknown, RegExp])[] = [
    ['no object', 'hunter2', /^entry 2: not an object\. Write for example \{"name"/],
    ['a list', [{ url }], /^entry 2: not an object\. /],
    ['without a url', { name: 'github' }, /^entry 2 \(github\): url is missing\. Write the https address/],
    ['with a url that is no text', { url: 3 }, /^entry 2: url is wrong\. Write the https address/],
    ['with a url in the clear', { url: 'http://x.example/?hunter2' }, /: url is http, but x\.example .*\. Use https/],
    [
      'with a field that does not exist',
      { url, urls: ['hunter2'] },
      /^entry 2: unknown field "urls"\. Write only name, url, /,
    ],
    ['with several of them', { url, a: 'hunter2', b: 1 }, /unknown field "a", "b"\. /],
    ['with a field named __proto__', JSON.parse(`{"url":"${url}","__proto__":1}`), /unknown field "__proto__"/],
    ['with a name in upper case', { name: 'GitHub', url }, /^entry 2: name is wrong\. Write lower-case letters/],
    ['with an empty name', { name: '', url }, /^entry 2: name is wrong/],
    ['with a name that begins with a hyphen', { name: '-x', url }, /: name is wrong/],
    ['with a name of 33 characters', { name: 'x'.repeat(33), url }, /: name is wrong/],
    ['with a name of two segments', { name: 'a/b', url }, /: name is wrong/],
    ['with a name and a line break', { name: 'a\n', url }, /: name is wrong/],
    ['with a name that is null', { name: null, url }, /: name is wrong/],
    ['with a blank title', { url, title: ' ' }, /: title is wrong\. Write a name for people/],
    ['with a title of two lines', { url, title: 'a\nb' }, /: title is wrong/],
    ['with a title of 101 characters', { url, title: 'x'.repeat(101) }, /: title is wrong/],
    [
      'with a token as its credential',
      { url, credential: 'ghp_hunter2' },
      /: credential is wrong\. Write "github", "identity" or "none"/,
    ],
    ['with scopes as text', { url, scopes: 'repo' }, /: scopes is wrong\. Write a list of GitHub scopes/],
    ['with no scope', { url, scopes: [] }, /: scopes is wrong.* or leave it out for SCOPES/],
    ['with two scopes in one', { url, scopes: ['repo gist'] }, /: scopes is wrong/],
    ['with headers as a list', { url, headers: ['X-A: hunter2'] }, /: headers is wrong\. Write an object/],
    [
      'with a header that is no text',
      { url, headers: { 'X-MCP-Readonly': true } },
      /: headers is wrong\. .*"X-MCP-Readonly": "true"/,
    ],
    [
      'with a header of the connection',
      { url, headers: { Host: 'hunter2' } },
      /: header Host belongs to each request\. Leave it out/,
    ],
    [
      'with a token fixed beside a credential',
      { url, headers: { Authorization: 'Bearer hunter2' } },
      /: header Authorization is fixed, but credential is "github"\. Say "credential": "none"/,
    ],
    [
      'with a token fixed beside an identity',
      { url, credential: 'identity', headers: { authorization: 'x' } },
      /but credential is "identity"/,
    ],
    ['with an empty name of a tool', { url, allowTools: [''] }, /: allowTools is wrong\. Write a list of names/],
    ['with a blank name of a tool', { url, denyTools: [' '] }, /: denyTools is wrong/],
    ['with a space before a tool', { url, denyTools: [' get_me'] }, /: denyTools is wrong/],
    ['with a space after a tool', { url, denyTools: ['get_me '] }, /: denyTools is wrong/],
    [
      'with a wildcard in the middle',
      { url, denyTools: ['get_*_me'] },
      /: denyTools is wrong.*\* stands at the end only/,
    ],
    ['with a wildcard before', { url, allowTools: ['*_me'] }, /: allowTools is wrong/],
    ['with two wildcards', { url, allowTools: ['get**'] }, /: allowTools is wrong/],
    ['with a tool that is no list', { url, denyTools: 'get_me' }, /: denyTools is wrong/],
    [
      'with a number as its time limit',
      { url, firstByteTimeout: 300 },
      /: firstByteTimeout is wrong\. Write for example "90s"/,
    ],
    ['with a time limit in words', { url, firstByteTimeout: 'hunter2' }, /: firstByteTimeout is wrong/],
    [
      'with a time limit of more than a day',
      { url, firstByteTimeout: '25h' },
      /: firstByteTimeout is wrong.* at most "24h"/,
    ],
  ];
  for (const [what, value, line] of REFUSED)
    it(`is refused ${what}`, () => {
      const { entry, lines } = read(value);
      assert.equal(entry, undefined);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0] ?? '', line);
      assert.doesNotMatch(lines[0] ?? '', /hunter2|\n/);
    });

  it('has all that is wrong with it reported', () => {
    const { lines } = read({ name: 'x', title: '', headers: { Host: 'a', TE: 'b' }, denyTools: 'y', more: 1 });
    const problems = lines.map((line) => /^entry 2 \(x\): (.*?)\. /.exec(line)?.[1]);
    assert.deepEqual(problems.sort(), [
      'denyTools is wrong',
      'header Host belongs to each request',
      'header TE belongs to each request',
      'title is wrong',
      'unknown field "more"',
      'url is missing',
    ]);
  });
});

describe('an entry, whatever it is', () => {
  /** Values that hold a secret somewhere. */
  const secret = fc.oneof(
    fc.constantFrom(
      'HUNTER2',
      'HUNTER2\n',
      'https://x.example/?a=HUNTER2',
      'http://HUNTER2:HUNTER2@x/',
      'http://x.example/HUNTER2',
    ),
    fc.constantFrom('github=HUNTER2', 'Bearer HUNTER2', '#HUNTER2', '*HUNTER2', ' HUNTER2', `${'x'.repeat(99)}HUNTER2`),
  );
  const value = fc.oneof(
    secret,
    fc.array(secret, { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('X-Key', 'Authorization', 'Host', 'x-key', 'a b'), secret, { maxKeys: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b'), fc.array(secret), { maxKeys: 1 }),
    fc.constantFrom(null, true, 0, 'none', url, 'a-name', {}, []),
  );
  const fields = ['name', 'url', 'title', 'credential', 'scopes', 'headers', 'allowTools', 'denyTools'];

  it('is taken or reported, and never repeated in what is reported', () => {
    const entry = fc.oneof(value, fc.dictionary(fc.constantFrom(...fields, 'firstByteTimeout', 'token'), value));
    fc.assert(
      fc.property(entry, (written) => {
        const { entry: taken, lines } = read(written);
        assert.equal(taken === undefined, lines.length > 0);
        for (const line of lines) {
          assert.doesNotMatch(line, /HUNTER2/);
          assert.match(line, /^entry 2(?: \([a-z\d-]+\))?: [^\n]+\. [A-Z][^\n]+\.$/);
        }
      }),
      RUNS,
    );
  });

  it('is taken or reported, when it is any JSON at all', () => {
    const entry = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...fields), fc.jsonValue()));
    fc.assert(
      fc.property(entry, (written) => {
        const { entry: taken, lines } = read(written);
        assert.equal(taken === undefined, lines.length > 0);
      }),
      RUNS,
    );
  });
});
