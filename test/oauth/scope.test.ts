// Scopes: what the client asks for, what the upstream is asked for, and what the token says (OAuth 2.1 section 1.4.1,
// design decision 8). With GitHub's answers they are tested in test/threats/scopes.test.ts and test/github/scopes.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { githubScopes } from '../../src/github/scopes.ts';
import {
  ADMINISTRATION_SCOPE,
  effectiveScope,
  fixedScope,
  givenScope,
  OPENID_SCOPES,
  requestedScope,
  upstreamScope,
} from '../../src/oauth/scope.ts';

const RUNS = { numRuns: 2000 };

describe("scopes, in GitHub's hierarchy", () => {
  const language = githubScopes(['read:user']);
  const known = [
    'repo',
    'public_repo',
    'repo:status',
    'user',
    'read:user',
    'user:email',
    'admin:org',
    'write:org',
    'read:org',
  ].concat(['admin:repo_hook', 'read:repo_hook', 'gist', 'workflow', 'project', 'read:project', 'delete_repo']);
  const scope = fc.constantFrom(...known);
  const scopes = fc.uniqueArray(scope);
  const asked = fc.array(fc.oneof(scope, fc.constantFrom(...OPENID_SCOPES.keys()), fc.string({ unit: 'binary' })));

  it('#19 each covers itself; what covers a wider one covers the narrower; more grants cover no less', () => {
    fc.assert(
      fc.property(scope, scope, scope, scopes, (a, b, c, more) => {
        assert.equal(language.covers([a], a), true);
        if (language.covers([a], b) && language.covers([b], c)) assert.equal(language.covers([a], c), true);
        if (language.covers([a], b)) assert.equal(language.covers([...more, a], b), true);
        if (a !== b && language.covers([a], b)) assert.equal(language.covers([b], a), false);
        assert.equal(language.covers([], a), false);
      }),
      RUNS,
    );
  });

  it('#19 a token says no more than was asked for, known, and granted', () => {
    fc.assert(
      fc.property(asked, scopes, scopes, (parameter, granted, policy) => {
        const requested = requestedScope(language, parameter.join(' '), ['read:user']);
        for (const one of requested) assert.ok(OPENID_SCOPES.has(one) || known.includes(one), one);
        assert.equal(new Set(requested).size, requested.length);
        const effective = effectiveScope(language, requested, granted);
        for (const one of effective) {
          assert.ok(requested.includes(one));
          const needed = OPENID_SCOPES.has(one) ? OPENID_SCOPES.get(one) : one;
          if (needed !== undefined) assert.equal(language.covers(granted, needed), true, one);
        }
        assert.deepEqual(effectiveScope(language, effective, granted), effective);
        const upstream = upstreamScope({ scopes: language, policyScope: policy }, requested);
        assert.equal(language.covers(upstream, 'read:user'), true);
        for (const one of upstream) assert.equal(OPENID_SCOPES.has(one), false);
      }),
      RUNS,
    );
  });
});

describe('the scopes of a login', () => {
  const DEFAULT = ['read:user', 'gist'];
  const scopes = githubScopes(DEFAULT);
  const asked = (parameter: string | undefined) => requestedScope(scopes, parameter, DEFAULT);
  const upstream = (requested: readonly string[], policyScope: readonly string[] = []) =>
    upstreamScope({ scopes, policyScope }, requested);

  it('are those asked for that are known, each once, in order', () => {
    assert.deepEqual(asked('repo openid  repo nonsense bridge:admin'), ['repo', 'openid', 'bridge:admin']);
  });

  it('are the default ones when none, or none that is known, is asked for', () => {
    for (const parameter of [undefined, '', ' ', 'nonsense REPO']) assert.deepEqual(asked(parameter), DEFAULT);
  });

  it('are asked of the upstream without those of our own, with what these need and what the policy needs', () => {
    assert.deepEqual(upstream(['repo', 'openid', 'email', 'bridge:admin'], ['read:org']), [
      'repo',
      'user:email',
      'read:org',
      'read:user',
    ]);
    assert.deepEqual(upstream(['user']), ['user'], 'user contains read:user');
    assert.deepEqual(upstream([]), ['read:user'], 'an empty request would return whatever was granted before');
  });

  it('can be left out but for who the person is, and what a server gets with the GitHub token in any case', () => {
    const needs = { scopes, policyScope: ['read:org'] };
    const scope = ['repo', 'openid', 'email', 'user', 'user:email', 'read:org'];
    const of = (credential?: 'github' | 'none') =>
      fixedScope(needs, { scope, ...(credential && { recipient: { address: 'https://x.example', credential } }) });
    for (const credential of [undefined, 'none'] as const)
      assert.deepEqual(of(credential), ['openid', 'email', 'read:user']);
    assert.deepEqual(of('github'), ['openid', 'email', 'user:email', 'read:org', 'read:user']);
    assert.deepEqual(givenScope(scope, ['repo', 'gist'], of()), ['repo', 'openid', 'email']);
  });

  it('are in the token as asked for, as far as the upstream granted what they need', () => {
    const requested = ['public_repo', 'email', 'openid', 'gist'];
    assert.deepEqual(effectiveScope(scopes, requested, ['repo', 'user']), ['public_repo', 'email', 'openid']);
    assert.deepEqual(effectiveScope(scopes, requested, []), ['openid']);
  });
});

describe("the administrators' scope", () => {
  it('is given when it is asked for by name, and is never a default nor contained in another', () => {
    const scopes = githubScopes(['read:user']);
    assert.deepEqual(requestedScope(scopes, ADMINISTRATION_SCOPE, ['read:user']), [ADMINISTRATION_SCOPE]);
    assert.equal(requestedScope(scopes, undefined, ['read:user']).includes(ADMINISTRATION_SCOPE), false);
    for (const wide of ['repo', 'user', 'admin:org']) assert.equal(scopes.covers([wide], ADMINISTRATION_SCOPE), false);
    assert.equal(OPENID_SCOPES.has(ADMINISTRATION_SCOPE), false, 'what the metadata lists');
  });
});
