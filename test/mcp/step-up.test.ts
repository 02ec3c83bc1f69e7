// Step-up: a call whose token lacks a scope is challenged with all that the call needs (RFC 6750 section 3.1, MCP
// Authorization). SDK clients step up in sdk-clients.test.ts; no way in goes around it: test/threats/scopes.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { githubScopes } from '../../src/github/scopes.ts';
import { insufficientScope, missingScopes } from '../../src/mcp/step-up.ts';

const scopes = githubScopes(['read:user']);
const challenge = (needed: string[], granted: string[], what?: string) => missingScopes(needed, granted, scopes, what);

describe('step-up', () => {
  it('asks for nothing where the token has what the tool needs, also by a wider scope', () => {
    assert.equal(challenge([], []), undefined);
    assert.equal(challenge(['user:email'], ['user:email']), undefined);
    assert.equal(challenge(['user:email'], ['user']), undefined);
    assert.equal(challenge(['read:org', 'repo'], ['repo', 'admin:org']), undefined);
  });

  it('asks for all that the call needs where the token lacks any of it', () => {
    assert.deepEqual(challenge(['read:org', 'repo'], ['repo'], 'both'), {
      scopes: ['read:org', 'repo'],
      errorDescription: 'both needs the scope read:org repo',
    });
    assert.deepEqual(challenge(['user:email'], ['read:user', 'repo'])?.scopes, ['user:email']);
  });

  it('answers 403 with insufficient_scope, the scopes and where to log in', async () => {
    const lacking = challenge(['user:email'], [], 'emails');
    assert.ok(lacking);
    const response = insufficientScope(lacking, 'https://bridge.example/metadata');
    assert.equal(response.status, 403);
    assert.equal(
      response.headers.get('www-authenticate'),
      'Bearer error="insufficient_scope", error_description="emails needs the scope user:email", ' +
        'scope="user:email", resource_metadata="https://bridge.example/metadata"',
    );
    assert.match(await response.text(), /"error":"insufficient_scope"/);
  });
});
