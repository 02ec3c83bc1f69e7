// Userinfo: what the scopes of a token let its bearer know of the person (OpenID Connect Core section 5.3, RFC 6750
// section 3). Addresses that a GitHub App may not see are in test/github/scopes.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useBridge } from '../../support/bridge.ts';
import { connect, getJson, postForm } from '../../support/oauth.ts';
import { assertError } from '../assert-error.ts';
import { strictClient } from '../strict-client.ts';

describe('userinfo', () => {
  const bridge = useBridge({ store: 'sqlite' });
  const strict = strictClient(bridge);
  const userinfo = (authorization?: string) =>
    getJson(`${bridge.url}/userinfo`, authorization === undefined ? {} : { authorization });
  const tokenFor = async (scope: string, login = 'octocat') =>
    (await connect(bridge.url, { login, parameters: { scope } })).tokens;

  it('is about the person of the token, as a strict client reads it', async () => {
    const registered = await strict.register();
    const scope = 'openid profile email read:user offline_access';
    const tokens = await strict.logIn(registered, { scope, resource: `${bridge.url}/mcp` });
    const { id } = bridge.github.account('octocat');
    const claims = await strict.userinfo(registered, tokens.access_token, String(id));
    assert.equal(claims.email, 'octocat@example.com');
    assert.equal(claims.name, 'The Octocat');
  });

  it('says as much as the scopes allow', async () => {
    const sub = String(bridge.github.account('monalisa').id);
    const picture = /^http/;
    for (const [scope, expected] of [
      ['openid', []],
      ['openid email', ['email', 'email_verified']],
      ['openid profile', ['name', 'picture', 'preferred_username']],
    ] as const) {
      const { access_token } = await tokenFor(scope, 'monalisa');
      const { status, headers, body } = await userinfo(`Bearer ${access_token}`);
      assert.equal(status, 200);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(body.sub, sub);
      assert.deepEqual(Object.keys(body).sort(), [...expected, 'sub'].sort());
      if (scope === 'openid email') assert.equal(body.email, 'monalisa@example.jp');
      if (scope === 'openid profile') {
        assert.equal(body.preferred_username, 'monalisa');
        assert.match(String(body.picture), picture);
      }
    }
  });

  it('answers POST as it answers GET, by the header alone', async () => {
    const { access_token } = await tokenFor('openid');
    const bearer = { authorization: `Bearer ${access_token}` };
    const posted = await postForm(`${bridge.url}/userinfo`, {}, bearer);
    assert.deepEqual(posted.body, (await userinfo(bearer.authorization)).body);
    assertError(await postForm(`${bridge.url}/userinfo`, { access_token }), 'invalid_token', 401);
    assertError(await getJson(`${bridge.url}/userinfo?access_token=${access_token}`), 'invalid_token', 401);
  });

  it('challenges a request without a token, naming no error, and one with a bad token, naming it', async () => {
    const bare = await userinfo();
    assertError(bare, 'invalid_token', 401);
    assert.equal(bare.headers.get('www-authenticate'), 'Bearer');
    for (const authorization of ['Bearer nonsense', 'Bearer', 'Basic eDp5']) {
      const refused = await userinfo(authorization);
      assertError(refused, 'invalid_token', 401);
      assert.equal(refused.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
    }
  });

  it('is refused with 403 to a token without openid, which learns what it lacks', async () => {
    const { access_token } = await tokenFor('read:user');
    const refused = await userinfo(`Bearer ${access_token}`);
    assertError(refused, 'insufficient_scope', 403);
    assert.equal(refused.headers.get('www-authenticate'), 'Bearer error="insufficient_scope", scope="openid"');
  });

  it('is refused when the token has expired or its session is over', async () => {
    const { client, tokens } = await connect(bridge.url, { parameters: { scope: 'openid' } });
    const authorization = `Bearer ${tokens.access_token}`;
    assert.equal((await userinfo(authorization)).status, 200);
    await postForm(`${bridge.url}/revoke`, { token: tokens.refresh_token, client_id: client.client_id });
    assertError(await userinfo(authorization), 'invalid_token', 401);
    const { access_token } = await tokenFor('openid');
    bridge.advance(3601);
    assertError(await userinfo(`Bearer ${access_token}`), 'invalid_token', 401);
  });
});
