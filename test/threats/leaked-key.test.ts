// A signing key that leaked is retired at once, and until then a token says no more than its grant.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { callTool, connect, getJson, refreshing, tokenRequest, tokensOf } from '../support/oauth.ts';
import { until } from '../support/until.ts';
import { works } from './attack.ts';

onBothStores('a leaked signing key', (store) => {
  const bridge = useBridge({ store });

  it('#34 gives a token no scope that its grant does not have', async () => {
    const { tokens } = await connect(bridge.url);
    const { privateKey } = await bridge.bridge.services.keys.current('ES256');
    const forged = await new SignJWT({ ...decodeJwt(tokens.access_token), scope: 'read:user user:email bridge:admin' })
      .setProtectedHeader({ ...decodeProtectedHeader(tokens.access_token), alg: 'ES256' })
      .sign(privateKey);
    assert.equal(await works(bridge, { access_token: forged }), true, 'it is signed as it should be');
    assert.equal((await callTool(bridge.url, forged, 'list_user_emails')).status, 403);
    const { result } = await callTool(bridge.url, forged, 'get_auth_status');
    assert.deepEqual(result?.structuredContent?.scopes, ['read:user']);
    const forge = (changes: Record<string, unknown>) =>
      new SignJWT({ ...decodeJwt(tokens.access_token), ...changes })
        .setProtectedHeader({ ...decodeProtectedHeader(tokens.access_token), alg: 'ES256' })
        .sign(privateKey);
    const userinfo = async (token: string) =>
      (await getJson(`${bridge.url}/userinfo`, { authorization: `Bearer ${token}` })).status;
    assert.equal(await userinfo(await forge({ scope: 'openid profile email' })), 403);
    const own = await connect(bridge.url, { parameters: { scope: 'openid' } });
    assert.equal(await userinfo(own.tokens.access_token), 200);
    const { sid } = decodeJwt(own.tokens.access_token);
    assert.equal(await userinfo(await forge({ scope: 'openid', sid, client_id: 'another' })), 401);
  });

  it('#34 that is retired ends every token that it signed, and no session', async () => {
    const { client, tokens } = await connect(bridge.url);
    assert.equal(await works(bridge, tokens), true);
    const { kid } = decodeProtectedHeader(tokens.access_token);
    // As `npm run admin` does it: another process, which this one learns of by reading the set again.
    const { createSigningKeys } = await import('../../src/security/keys.ts');
    const { secrets, events, now } = bridge.bridge.services;
    await createSigningKeys({ store: bridge.store.shared, secrets, events, now, tokenTtl: 3600 }).retireAll();
    bridge.advance(61);
    await until(async () => !(await works(bridge, tokens)), { what: 'the end of the token' });
    const { body } = await getJson(`${bridge.url}/.well-known/jwks.json`);
    assert.ok(!JSON.stringify(body).includes(String(kid)));
    const refreshed = tokensOf(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token)));
    assert.equal(await works(bridge, refreshed), true);
  });
});
