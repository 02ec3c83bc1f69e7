// Introspection: for resource servers that the operator named, about tokens of their own resource (RFC 7662 section 2).
// Who else asks, and for what, is in test/threats/answers.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useBridge } from '../../support/bridge.ts';
import { postForm, register } from '../../support/oauth.ts';
import { assertError } from '../assert-error.ts';
import { CALENDAR, CALENDAR_ENTRY, CALENDAR_SERVER, clientsFile } from '../clients-file.ts';
import { strictClient } from '../strict-client.ts';

describe('introspection', () => {
  const bridge = useBridge({
    store: 'sqlite',
    env: { RESOURCES: CALENDAR, CLIENTS_FILE: clientsFile([CALENDAR_ENTRY]) },
  });
  const strict = strictClient(bridge);
  const introspect = (parameters: Record<string, string | undefined>, headers = {}) =>
    postForm(`${bridge.url}/introspect`, parameters, headers);

  it('tells a resource server of a token of its own resource, as long as the session lives, and of no other', async () => {
    const registered = await strict.register();
    const calendar = await strict.logIn(registered, { scope: 'read:user', resource: CALENDAR });
    const mcp = await strict.logIn(registered, { scope: 'read:user', resource: `${bridge.url}/mcp` });
    const claims = await strict.accessTokenClaims(calendar.access_token, CALENDAR);
    const answer = await strict.introspect(CALENDAR_SERVER, calendar.access_token);
    assert.equal(answer.active, true);
    for (const name of ['iss', 'sub', 'client_id', 'scope', 'exp', 'iat', 'jti'] as const) {
      assert.equal(answer[name], claims[name], name);
    }
    assert.equal(answer.aud, CALENDAR);
    assert.equal(answer.username, 'octocat');
    assert.equal(answer.token_type, 'Bearer');

    assert.deepEqual(await strict.introspect(CALENDAR_SERVER, mcp.access_token), { active: false });
    await strict.revoke(registered, calendar.refresh_token);
    assert.deepEqual(await strict.introspect(CALENDAR_SERVER, calendar.access_token), { active: false });
  });

  it('says of a token that has expired, and of one that is none, that it is not active, and no more', async () => {
    const { access_token } = await strict.logIn(await strict.register(), { scope: 'read:user', resource: CALENDAR });
    for (const token of ['nonsense', 'a.b.c', `${access_token}x`])
      assert.deepEqual((await introspect({ ...CALENDAR_SERVER, token })).body, { active: false });
    bridge.advance(3601);
    assert.deepEqual((await introspect({ ...CALENDAR_SERVER, token: access_token })).body, { active: false });
  });

  it('is refused to everybody else, before the token is looked at', async () => {
    const client = await register(bridge.url, { token_endpoint_auth_method: 'client_secret_post' });
    const { client_id, client_secret } = client;
    assertError(await introspect({ client_id, client_secret }), 'unauthorized_client', 403);
    assertError(await introspect({ token: 'x' }), 'invalid_client', 401);
    assertError(await introspect(CALENDAR_SERVER), 'invalid_request');
    const basic = Buffer.from(`${CALENDAR_SERVER.client_id}:wrong`).toString('base64');
    const refused = await introspect({ token: 'x' }, { authorization: `Basic ${basic}` });
    assertError(refused, 'invalid_client', 401);
    assert.match(refused.headers.get('www-authenticate') ?? '', /^Basic realm=/);
  });
});
