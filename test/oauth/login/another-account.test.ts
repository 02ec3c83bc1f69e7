// The form for another account repeats the request of the client, whole, and lets GitHub ask for the account.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { withAnotherAccount } from '../../../src/oauth/login/another-account.ts';

it('the form for another account repeats the request, and leaves out what the client left out', () => {
  const request = {
    clientId: 'client',
    clientName: 'An app',
    refreshable: true,
    redirectUri: 'https://notes.example/cb?a=1',
    redirectUriSent: true,
    codeChallenge: 'challenge',
    scope: ['read:user', 'repo'],
    resource: 'https://bridge.example/mcp',
    state: 'a state',
    loginHint: 'hubot',
  };
  const fields = {
    response_type: 'code',
    client_id: 'client',
    redirect_uri: 'https://notes.example/cb?a=1',
    code_challenge: 'challenge',
    code_challenge_method: 'S256',
    scope: 'read:user repo',
    resource: 'https://bridge.example/mcp',
    state: 'a state',
    prompt: 'select_account',
  };
  assert.deepEqual(withAnotherAccount(request), { method: 'get', action: '/authorize', fields });
  const { redirect_uri: _, ...others } = fields;
  assert.deepEqual(withAnotherAccount({ ...request, redirectUriSent: false }).fields, others);
});

it('the form for another account of the account page signs in there', () => {
  const form = { method: 'post', action: '/account/sign-in', fields: { prompt: 'select_account' } };
  assert.deepEqual(withAnotherAccount(undefined), form);
});
