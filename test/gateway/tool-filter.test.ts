// Which tools may be called and seen, and how names are compared.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createToolFilter, folded } from '../../src/gateway/tool-filter.ts';
import { RUNS } from '../oauth/addresses.ts';

const filter = (denyTools: string[], allowTools?: string[]) =>
  createToolFilter({ denyTools, ...(allowTools === undefined ? {} : { allowTools }) }) ?? assert.fail('no filter');

describe('a filter of tools', () => {
  it('is there only where the operator wrote one', () => {
    assert.equal(createToolFilter({ denyTools: [] }), undefined);
    assert.equal(filter([], [])('anything'), false);
  });

  it('allows what is listed, also by the beginning of its name', () => {
    const allows = filter([], ['get_me', 'list_*']);
    for (const name of ['get_me', 'list_', 'list_issues']) assert.equal(allows(name), true, name);
    for (const name of ['', 'get_m', 'get_mee', 'xget_me', 'lists', 'a_list_b', '*', 'list*'])
      assert.equal(allows(name), false, name);
    assert.equal(filter([], ['*'])('anything'), true);
  });

  it('denies what is listed, also what is allowed', () => {
    const allows = filter(['delete_*', 'get_me'], ['*']);
    for (const name of ['delete_', 'delete_repo', 'get_me']) assert.equal(allows(name), false, name);
    assert.equal(allows('undelete_repo'), true);
    assert.equal(filter(['*'], ['get_me'])('get_me'), false);
    assert.equal(filter(['a*b'])('axb'), true, 'an asterisk in the middle is itself');
  });

  for (const name of [
    'DELETE_FILE',
    'Delete_File',
    'delete_file ',
    '\tdelete_file',
    'delete_file\0',
    'delete_file\0x',
    'delete_file\nx',
    'delete\u200b_file',
    'delete_\u00adfile',
    'delete_file\ufe0f',
    '\ufeffdelete_file',
    'delete_f\u0131le',
    'delete_\uff46ile',
    'delete_file\ud800',
    'delete_\ufb01le',
    '\u202edelete_file',
    'delete_file\u{e0041}',
  ])
    it(`denies a name that a server may take for a denied one: ${JSON.stringify(name)}`, () => {
      assert.equal(filter(['delete_file'])(name), false);
      assert.equal(filter(['delete_f*'])(name), false);
    });

  it('denies by the beginning of a name, also where a letter differs by its place in the word, as sigma does', () => {
    const allows = filter(['\u03bb\u03cc\u03b3\u03bf\u03c2*']);
    for (const name of [
      '\u03bb\u03cc\u03b3\u03bf\u03c2',
      '\u039b\u038c\u0393\u039f\u03a3',
      '\u039b\u038c\u0393\u039f\u03a3\u0391',
    ])
      assert.equal(allows(name), false, name);
  });

  it('allows no name with a control character, although it looks like an allowed one', () => {
    for (const name of ['get_me\0', 'get_me\0x', 'get\r_me', '\x7fget_me', 'get_me\x85'])
      assert.equal(filter([], ['get_me*'])(name), false, JSON.stringify(name));
  });

  it('has no holes at the names of members that every object has', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      assert.equal(filter([], ['get_me'])(name), false);
      assert.equal(filter([name])(name), false);
    }
  });
});

describe('text that is compared', () => {
  it('is the same in either case, and when it is folded twice: every character of Unicode', () => {
    for (let code = 0; code <= 0x10ffff; code++) {
      const text = String.fromCodePoint(code);
      const same = folded(text);
      if (
        [same, text.toUpperCase(), text.toLowerCase(), text.normalize('NFKC')].some((other) => folded(other) !== same)
      )
        assert.fail(`U+${code.toString(16)}`);
    }
  });

  it('is the same in any case, with anything invisible in it', () => {
    const invisible = fc.constantFrom('', ' ', '\0', '\u200b', '\u00ad', '\ufeff', '\ud800', '\u{e0020}');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ maxLength: 3 }), invisible)), (parts) => {
        const [plain, other] = [parts.map(([text]) => text).join(''), parts.flat().join('')];
        assert.equal(folded(other.toUpperCase()), folded(plain));
      }),
      RUNS,
    );
  });

  it('of the characters that Go takes for letters of ASCII is those letters', () => {
    assert.equal(folded('param\u017f'), 'params');
    assert.equal(folded('to\u212aen'), 'token');
  });
});
