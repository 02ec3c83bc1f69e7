// The scopes that no person is asked about: each consent gives them, and the consent page says so in one line.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { githubScopes } from '../../src/github/scopes.ts';
import { fixedScope, givenScope } from '../../src/oauth/scope.ts';
import { IDENTITY_SCOPES } from '../../src/protocol/identity-scopes.ts';
import { messages } from '../../src/web/locale.ts';
import { askedScopes } from '../../src/web/page-parts.ts';

describe('the scopes of who the person is', () => {
  const requested = ['repo', ...IDENTITY_SCOPES];

  it('are given whatever the person leaves out', () => {
    const upstream = { scopes: githubScopes([]), policyScope: [] };
    assert.deepEqual(givenScope(requested, [], fixedScope(upstream, { scope: requested })), [...IDENTITY_SCOPES]);
  });

  it('are no boxes of the consent page, but one line', () => {
    const views = requested.map((name) => ({ name, optional: false, isNew: false }));
    const { identity, groups } = askedScopes(messages('en'), views);
    assert.deepEqual(identity?.names, [...IDENTITY_SCOPES]);
    assert.deepEqual(
      groups.flatMap(({ scopes }) => scopes.map(({ name }) => name)),
      ['repo'],
    );
  });
});
