// The challenge of an MCP server for more scopes becomes one of the bridge, or none where it would not help.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { stepUpScopes } from '../../src/gateway/challenge.ts';
import { githubScopes } from '../../src/github/scopes.ts';
import { RUNS } from '../oauth/addresses.ts';

const scopes = githubScopes(['read:user', 'made:up']);
const wanted = (
  header: string | string[] | undefined,
  held: readonly string[] = ['read:user'],
  refused: readonly string[] = [],
) => stepUpScopes(header, held, refused, scopes);
const asking = (scope: string) => `Bearer error="insufficient_scope", scope="${scope}"`;

describe('a challenge for more scopes', () => {
  it("asks for what the token has and what is missing, as GitHub's MCP server writes it", () => {
    const header =
      'Bearer error="insufficient_scope", scope="read:user repo", ' +
      'resource_metadata="https://api.githubcopilot.com/.well-known/oauth-protected-resource/mcp/", ' +
      'error_description="Additional scopes required: repo"';
    assert.deepEqual(wanted(header), ['read:user', 'repo']);
    assert.deepEqual(wanted(header, ['openid', 'gist']), ['openid', 'gist', 'read:user', 'repo']);
  });

  it('is read in every form that HTTP allows', () => {
    for (const header of [
      'Bearer error=insufficient_scope, scope=repo',
      'bearer scope="repo" , ERROR = "insufficient_scope"',
      'Bearer realm="x",error="insufficient_scope",scope="repo"',
      'Basic realm="scope=gist", Bearer error="insufficient_scope", scope="repo"',
      'Bearer error="insufficient_scope", scope="repo", Basic realm="x", scope="gist"',
      'Bearer error_description="a \\" scope=\\"gist\\"", error="insufficient_scope", scope="repo"',
      'Bearer error="insufficient_scope", scope="repo,repo"',
      'Bearer error="insufficient_scope", scope="repo", scope="gist"',
    ])
      assert.deepEqual(wanted(header), ['read:user', 'repo'], header);
    assert.deepEqual(wanted(['Basic realm="x"', asking('gist')]), ['read:user', 'gist']);
  });

  it('asks for scopes that the operator named, and for no other that GitHub does not have', () => {
    assert.deepEqual(wanted(asking('made:up bridge:admin openid offline_access site_admin REPO')), [
      'read:user',
      'made:up',
    ]);
  });

  for (const [why, header, held] of [
    ['there is none', undefined, undefined],
    ['it is another error', 'Bearer error="invalid_token", scope="repo"', undefined],
    [
      'the word stands in a description',
      'Bearer error="x", error_description="error=insufficient_scope", scope="repo"',
      undefined,
    ],
    ['the error is of another challenge', 'Bearer scope="repo", DPoP error="insufficient_scope"', undefined],
    ['it names no scope', 'Bearer error="insufficient_scope"', undefined],
    ['it names nothing', asking(''), undefined],
    ['GitHub has no such scope', asking('issues:write'), undefined],
    ['the token has it', asking('repo'), ['repo']],
    ['the token has a wider one', asking('public_repo read:org'), ['repo', 'admin:org']],
  ] as const)
    it(`asks for nothing, so that clients do not loop, when ${why}`, () => {
      assert.equal(wanted(header, held), undefined);
    });

  it('asks not again for what GitHub did not grant, and for the rest', () => {
    assert.equal(wanted(asking('made:up'), ['read:user'], ['made:up']), undefined);
    assert.deepEqual(wanted(asking('made:up repo'), ['read:user'], ['made:up']), ['read:user', 'repo']);
  });

  it('asks, whatever the header, for known scopes only, each once, and for one more than there is', () => {
    const word = fc.constantFrom(
      'Bearer',
      'error=',
      'scope=',
      '"',
      '\\',
      ',',
      ' ',
      'insufficient_scope',
      'repo',
      'gist',
      '=',
      'x',
    );
    const header = fc.oneof(
      fc.array(word, { maxLength: 20 }).map((words) => words.join('')),
      fc.string(),
    );
    fc.assert(
      fc.property(header, fc.subarray(['repo', 'gist', 'openid']), (text, held) => {
        const asked = wanted(text, held);
        if (asked === undefined) return;
        assert.equal(new Set(asked).size, asked.length);
        assert.deepEqual(asked.slice(0, held.length), held);
        assert.ok(asked.length > held.length);
        assert.ok(asked.slice(held.length).every((scope) => scopes.isKnown(scope) && !scopes.covers(held, scope)));
      }),
      RUNS,
    );
  });

  it('of any length is read in a moment', () => {
    for (const part of ['a ', 'a=', '"', '\\"', 'a="', ',', 'a=b '] as const) {
      const begun = performance.now();
      wanted(part.repeat(8192));
      assert.ok(performance.now() - begun < 1000, part);
    }
  });
});
