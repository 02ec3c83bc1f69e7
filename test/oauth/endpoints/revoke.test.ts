// Revocation: either token of a grant ends the grant, for its own client (RFC 7009 section 2). What it tells a stranger
// is in test/threats/answers.test.ts, what becomes of GitHub's token in test/github/revocation.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as oauth from 'oauth4webapi';
import { useBridge } from '../../support/bridge.ts';
import { callTool, connect, postForm, refreshing, register, tokenRequest } from '../../support/oauth.ts';
import { assertError } from '../assert-error.ts';
import { strictClient } from '../strict-client.ts';

describe('revocation', () => {
  const bridge = useBridge({ store: 'sqlite' });
  const strict = strictClient(bridge);
  const revoke = (parameters: Record<string, string | undefined>) => postForm(`${bridge.url}/revoke`, parameters);

  it('ends the grant at once: refresh and userinfo are refused', async () => {
    const registered = await strict.register();
    const tokens = await strict.logIn(registered, { scope: 'openid', resource: `${bridge.url}/mcp` });
    await strict.revoke(registered, tokens.refresh_token);
    await assert.rejects(strict.refresh(registered, tokens.refresh_token), (error) => {
      assert.ok(error instanceof oauth.ResponseBodyError);
      return error.error === 'invalid_grant';
    });
    await assert.rejects(
      strict.userinfo(registered, tokens.access_token, oauth.skipSubjectCheck),
      oauth.WWWAuthenticateChallengeError,
    );
  });

  for (const kind of ['access_token', 'refresh_token'] as const)
    it(`ends the grant by its ${kind}, whatever the hint says, and tells so`, async () => {
      const { client, tokens } = await connect(bridge.url);
      const token_type_hint = kind === 'access_token' ? 'refresh_token' : 'nonsense';
      const answer = await revoke({ token: tokens[kind], token_type_hint, client_id: client.client_id });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.deepEqual(answer.body, {}, 'the body is empty');
      assert.equal((await callTool(bridge.url, tokens.access_token, 'get_auth_status')).status, 401);
      assertError(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token)), 'invalid_grant');
      const { clientId, reason, by } = bridge.eventsOf('grant.ended').at(-1) ?? {};
      assert.deepEqual({ clientId, reason, by }, { clientId: client.client_id, reason: 'revoked', by: 'client' });
    });

  it('takes an access token that has expired: its grant lives on', async () => {
    const { client, tokens } = await connect(bridge.url);
    bridge.advance(3601);
    assert.equal((await revoke({ token: tokens.access_token, client_id: client.client_id })).status, 200);
    assertError(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token)), 'invalid_grant');
  });

  it('answers 200 for a token that is none, and for one of another client, and ends nothing', async () => {
    const [owner, stranger] = [await connect(bridge.url), await register(bridge.url)];
    const before = bridge.eventsOf('grant.ended').length;
    for (const token of ['nonsense', 'mgr_forged', owner.tokens.access_token, owner.tokens.refresh_token])
      assert.equal((await revoke({ token, client_id: stranger.client_id })).status, 200);
    assert.equal(bridge.eventsOf('grant.ended').length, before);
    assert.equal((await callTool(bridge.url, owner.tokens.access_token, 'get_auth_status')).status, 200);
  });

  it('is refused without a token, and to a client that is not authenticated', async () => {
    const client = await register(bridge.url);
    assertError(await revoke({ client_id: client.client_id }), 'invalid_request');
    assertError(await revoke({ token: 'x' }), 'invalid_client', 401);
    assertError(await revoke({ token: 'x', client_id: 'forgotten' }), 'invalid_client', 401);
  });
});
