// Step-up: a call whose token lacks a scope is challenged with all that the call needs (RFC 6750 section 3.1, MCP
// Authorization). SDK clients step up in sdk-clients.test.ts; no way in goes around it: test/threats/scopes.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { githubScopes } from '../../src/github/scopes.ts';
import { createStepUp, insufficientScope } from '../../src/mcp/step-up.ts';
import { defineTool } from '../../src/mcp/tool.ts';

const tool = (name: string, scopes: readonly string[]) =>
  defineTool({
    name,
    title: name,
    description: name,
    inputSchema: z.object({}),
    outputSchema: z.object({}),
    scopes,
    annotations: {},
    handler: async () => ({}),
  });
const tools = [tool('free', []), tool('emails', ['user:email']), tool('both', ['read:org', 'repo'])];
const stepUp = createStepUp(tools, githubScopes(['read:user']));
const challenge = (name: string, scopes: string[]) => stepUp.challenge(name, { token: 'x', clientId: 'x', scopes });

describe('step-up', () => {
  it('asks for nothing where the token has what the tool needs, also by a wider scope', () => {
    assert.equal(challenge('free', []), undefined);
    assert.equal(challenge('emails', ['user:email']), undefined);
    assert.equal(challenge('emails', ['user']), undefined);
    assert.equal(challenge('both', ['repo', 'admin:org']), undefined);
  });

  it('asks for all that the call needs where the token lacks any of it', () => {
    assert.deepEqual(challenge('both', ['repo']), {
      scopes: ['read:org', 'repo'],
      errorDescription: 'both needs the scope read:org repo',
    });
    assert.deepEqual(challenge('emails', ['read:user', 'repo'])?.scopes, ['user:email']);
  });

  it('leaves a tool that does not exist, and a request that nobody sent, to others', () => {
    assert.equal(challenge('nonsense', []), undefined);
    assert.equal(stepUp.challenge('emails', undefined), undefined);
  });

  it('answers 403 with insufficient_scope, the scopes and where to log in', async () => {
    const lacking = challenge('emails', []);
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
