// Request parameters: read from the raw text, each at most once, empty ones as absent (OAuth 2.1 sections 3.1 and 3.2.2,
// RFC 8707 section 2 for `resource`).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { OAuthError } from '../../src/protocol/oauth-error.ts';
import { parseParameters, spaceSeparated } from '../../src/protocol/parameters.ts';

const RUNS = { numRuns: 2000 };

describe('parameters, whatever is sent', () => {
  const parse = (encoded: string) => {
    try {
      return parseParameters(encoded);
    } catch (error) {
      assert.ok(error instanceof OAuthError && error.code === 'invalid_request', String(error));
      // RFC 6749 section 5.2 limits what a description may hold.
      assert.match(error.description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
      return undefined;
    }
  };

  it('#22 any text is read or refused as an invalid request', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (encoded) => {
        const parameters = parse(encoded);
        for (const value of parameters?.values() ?? []) {
          assert.notEqual(value, '');
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
          assert.doesNotMatch(value, /[\x00-\x1f\x7f]/);
        }
      }),
      RUNS,
    );
  });

  it('#8 what is sent once is read as it is, what is sent twice is refused, a resource excepted', () => {
    const name = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((text) => text.isWellFormed() && text !== 'resource');
    const text = fc.string({ minLength: 1, unit: 'grapheme' }).filter((value) => value.isWellFormed());
    fc.assert(
      fc.property(fc.dictionary(name, text), name, text, text, (sent, repeated, one, other) => {
        const form = new URLSearchParams(sent);
        assert.deepEqual(Object.fromEntries(parse(form.toString()) ?? []), { ...sent });
        const twice = new URLSearchParams([
          [repeated, one],
          [repeated, other],
        ]);
        assert.equal(parse(twice.toString()), undefined);
        const resource = parse(`resource=${encodeURIComponent(one)}&resource=${encodeURIComponent(other)}`);
        assert.equal(resource?.get('resource'), `${one} ${other}`);
      }),
      RUNS,
    );
  });
});

describe('a parameter', () => {
  const refused = (encoded: string, description: RegExp) =>
    assert.throws(
      () => parseParameters(encoded),
      (error) => error instanceof OAuthError && error.code === 'invalid_request' && description.test(error.description),
      encoded.slice(0, 60),
    );

  it('is absent when it is empty, and may then be there twice', () => {
    assert.deepEqual([...parseParameters('scope=&state=x&state=')], [['state', 'x']]);
  });

  it('is refused when it is repeated, however it is written', () => {
    refused('client_id=a&client_id=a', /client_id is repeated/);
    refused('client_id=a&client%5Fid=b', /client_id is repeated/);
  });

  it('is refused when it holds control characters or more than 8192 characters', () => {
    refused('state=a%00b', /state holds control characters/);
    refused('state=a%0Ab', /control characters/);
    refused('state=%7F', /control characters/);
    refused(`state=${'x'.repeat(8193)}`, /state is too long/);
    assert.equal(parseParameters(`state=${'x'.repeat(8192)}`).get('state')?.length, 8192);
  });

  it('is named in a description by harmless characters alone', () => {
    refused('a%22%5C%0D%0A=x&a%22%5C%0D%0A=y', /^parameter a\?\?\?\? is repeated$/);
  });

  it('of several words is read as each word once, in order', () => {
    assert.deepEqual(spaceSeparated(' b a  b c '), ['b', 'a', 'c']);
    assert.deepEqual(spaceSeparated(undefined), []);
  });
});
