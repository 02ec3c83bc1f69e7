// The authorization code grant: redeemed once, with everything that the authorization request bound it to (OAuth 2.1
// section 4.1.3, RFC 7636 section 4.6, RFC 8707 section 2.2). Races and thieves are in test/threats/codes.test.ts.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothStores, useBridge } from '../../support/bridge.ts';
import {
  authorizationUrl,
  callTool,
  login,
  pkce,
  redemption,
  refreshing,
  register,
  tokenRequest,
  tokensOf,
  walkAuthorization,
} from '../../support/oauth.ts';
import { assertError } from '../assert-error.ts';

onBothStores('the authorization code grant', (store) => {
  const bridge = useBridge({ store });
  const token = (parameters: Record<string, string | undefined>) => tokenRequest(bridge.url, parameters);

  it('gives tokens, and tells so', async () => {
    const client = await register(bridge.url);
    const { code, verifier } = await login(bridge.url, client);
    const tokens = tokensOf(await token(redemption(client, code, verifier)));
    assert.equal((await callTool(bridge.url, tokens.access_token, 'get_auth_status')).status, 200);
    assert.equal(bridge.eventsOf('code.redeemed').at(-1)?.clientId, client.client_id);
  });

  it('gives a refresh token to a client that registered for one, and to no other', async () => {
    for (const [grant_types, expected] of [
      [['authorization_code', 'refresh_token'], 'string'],
      [['authorization_code'], 'undefined'],
      [undefined, 'string'],
    ] as const) {
      const client = await register(bridge.url, { grant_types });
      const { code, verifier } = await login(bridge.url, client);
      const { refresh_token } = tokensOf(await token(redemption(client, code, verifier)));
      assert.equal(typeof refresh_token, expected, String(grant_types));
    }
  });

  it('is refused for whatever does not match the login, in words that say what, and the code stays good', async () => {
    const client = await register(bridge.url);
    const { code, verifier } = await login(bridge.url, client);
    const right = redemption(client, code, verifier);
    const other = await register(bridge.url);
    for (const [change, error, description] of [
      [{ code: undefined }, 'invalid_request', /code is missing/],
      [{ code_verifier: undefined }, 'invalid_request', /PKCE is required/],
      [{ code_verifier: 'x'.repeat(42) }, 'invalid_grant', /43 to 128/],
      [{ code_verifier: pkce().verifier }, 'invalid_grant', /does not match code_challenge/],
      [{ redirect_uri: 'http://localhost:45001/other' }, 'invalid_grant', /redirect_uri/],
      [{ redirect_uri: undefined }, 'invalid_grant', /redirect_uri/],
      [{ resource: 'https://elsewhere.example' }, 'invalid_target', /no tokens for that resource/],
      [{ code: `${code}x` }, 'invalid_grant', /unknown or over/],
      [{ client_id: other.client_id }, 'invalid_grant', /unknown or over/],
    ] as const) {
      const answer = await token({ ...right, ...change });
      assertError(answer, error);
      assert.match(String(answer.body.error_description), description);
    }
    tokensOf(await token({ ...right, resource: `${bridge.url}/sse` }));
  });

  it('needs no redirect_uri when the authorization request named none', async () => {
    const client = await register(bridge.url, { redirect_uris: ['https://app.example/callback'] });
    for (const redirect_uri of [undefined, 'https://app.example/callback']) {
      const { verifier, challenge } = pkce();
      const url = new URL(authorizationUrl(bridge.url, client, challenge, { redirect_uri: undefined }));
      const { location } = await walkAuthorization(url);
      const code = location?.searchParams.get('code') ?? '';
      tokensOf(await token({ ...redemption(client, code, verifier), redirect_uri }));
    }
  });

  it('is over after a minute, and after one use: a replay ends what the code gave', async () => {
    const client = await register(bridge.url);
    // On http the first code for a browser is made before the person presses Connect, and lives longer.
    const { browser } = await login(bridge.url, client);
    const late = await login(bridge.url, client, { browser });
    bridge.advance(61);
    assertError(await token(redemption(client, late.code, late.verifier)), 'invalid_grant');

    const { code, verifier } = await login(bridge.url, client);
    const tokens = tokensOf(await token(redemption(client, code, verifier)));
    const replay = await token(redemption(client, code, verifier));
    assertError(replay, 'invalid_grant');
    assert.match(String(replay.body.error_description), /used before/);
    assert.equal((await callTool(bridge.url, tokens.access_token, 'get_auth_status')).status, 401);
    assertError(await token(refreshing(client, tokens.refresh_token)), 'invalid_grant');
    const [replayed, ended] = bridge.events.filter(({ name }) => /^(?:code.replayed|grant.ended)$/.test(name));
    assert.equal(replayed?.name, 'code.replayed');
    assert.ok(ended?.name === 'grant.ended' && ended.event.reason === 'replayed' && ended.event.by === 'client');
  });
});
