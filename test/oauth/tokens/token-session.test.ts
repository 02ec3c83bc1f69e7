// The session behind an access token. test/threats/leaked-key.test.ts has what forged tokens are answered.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { InvalidAccessToken } from '../../../src/oauth/tokens/access-token.ts';
import { readTokenSession } from '../../../src/oauth/tokens/token-session.ts';
import { onBothStores, useBridge } from '../../support/bridge.ts';
import { connect } from '../../support/oauth.ts';

onBothStores('the session of a token', (store) => {
  const bridge = useBridge({ store });

  async function read(changes: Record<string, unknown> = {}, scope = 'read:user repo') {
    const { tokens } = await connect(bridge.url, { parameters: { scope } });
    const { accessTokens, upstream } = bridge.bridge.services;
    const claims = await accessTokens.verifyAny(tokens.access_token);
    return readTokenSession(bridge.store, upstream.scopes, { ...claims, ...changes });
  }

  it('comes with the scopes of the token that its grant has, narrower ones included', async () => {
    assert.deepEqual((await read()).scope, ['read:user', 'repo']);
    assert.deepEqual((await read({ scope: 'public_repo delete_repo openid' })).scope, ['public_repo']);
  });

  it('is refused to a token of another client or resource', async () => {
    await assert.rejects(read({ client_id: 'another' }), InvalidAccessToken);
    await assert.rejects(read({ aud: 'https://api.example.com' }), InvalidAccessToken);
  });

  it('is none when it has ended', async () => {
    const session = { person: 'A'.repeat(16), grant: 'B'.repeat(16) };
    await assert.rejects(read({ session }), InvalidAccessToken);
  });
});
