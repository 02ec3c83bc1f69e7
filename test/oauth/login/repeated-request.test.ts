// Forms that repeat the request of the client, whole: for another account GitHub asks for the account; after the time of a form
// the person is asked again.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { repeatField, repeatLate, withAnotherAccount } from '../../../src/oauth/login/repeated-request.ts';
import { createSecrets } from '../../../src/security/secrets.ts';

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

it('the form for another account repeats the request, and leaves out what the client left out', () => {
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
  assert.deepEqual(withAnotherAccount(request), { method: 'get', action: '/authorize', fields, button: 'another' });
  const { redirect_uri: _, ...others } = fields;
  assert.deepEqual(withAnotherAccount({ ...request, redirectUriSent: false }).fields, others);
});

it('the form for another account of the account page signs in there', () => {
  const form = { method: 'post', action: '/account/sign-in', fields: { prompt: 'select_account' }, button: 'another' };
  assert.deepEqual(withAnotherAccount(undefined), form);
});

describe('the form for a page whose time is over', () => {
  const secrets = createSecrets(['a test secret that is long enough and no secret at all']);
  const field = repeatField(secrets, { ...request, prompt: 'login' }, 1000);

  it('repeats the request, with its account, and asks for consent in any case', () => {
    const { prompt, ...fields } = withAnotherAccount(request).fields;
    assert.equal(prompt, 'select_account');
    assert.deepEqual(repeatLate(secrets, field, 1000), {
      method: 'get',
      action: '/authorize',
      fields: { ...fields, prompt: 'login consent', login_hint: 'hubot' },
      button: 'startAgain',
    });
  });

  it('is none before, and none of a field that this server did not make', () => {
    assert.equal(repeatLate(secrets, field, 999), undefined);
    const others = createSecrets(['another test secret that is long enough and no secret']);
    for (const other of [undefined, '', 'x', field.slice(0, -2), repeatField(others, request, 0)])
      assert.equal(repeatLate(secrets, other, 1000), undefined, other);
  });

  it('hides the request in the page', () => {
    assert.equal(field.includes('client'), false);
  });
});
