// Bearer tokens at the MCP endpoints: a token of ours, for this resource, whose session lives; anything else is a
// challenge that says where to log in (RFC 6750 section 3, RFC 9728 section 5.1). Forged, foreign and expired tokens are
// in test/threats/tokens.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { callerOf } from '../../src/mcp/bearer.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { callTool, connect, logIn, postForm, register } from '../support/oauth.ts';

const CALENDAR = 'https://calendar.example.com/mcp';

onBothStores('a bearer token', (store) => {
  const bridge = useBridge({ store, env: { RESOURCES: CALENDAR } });

  it('keeps two people on one client apart', async () => {
    const client = await register(bridge.url);
    const first = await logIn(bridge.url, client, { login: 'octocat' });
    const second = await logIn(bridge.url, client, { login: 'hubot' });
    for (const [tokens, login] of [
      [first, 'octocat'],
      [second, 'hubot'],
      [first, 'octocat'],
    ] as const) {
      const { result } = await callTool(bridge.url, tokens.access_token, 'get_user_profile');
      assert.equal(result?.structuredContent?.login, login);
    }
  });

  it('for another resource server is worth nothing at /mcp and /sse', async () => {
    const client = await register(bridge.url);
    const { access_token } = await logIn(bridge.url, client, { parameters: { resource: CALENDAR } });
    const answer = await callTool(bridge.url, access_token, 'get_user_profile');
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get('www-authenticate') ?? '', /error="invalid_token"/);
    const headers = { authorization: `Bearer ${access_token}` };
    assert.equal((await fetch(`${bridge.url}/sse`, { headers })).status, 401);
  });

  it('is refused at once when its session has ended, and the refusal is told', async () => {
    const { client, tokens } = await connect(bridge.url);
    assert.equal((await callTool(bridge.url, tokens.access_token, 'get_auth_status')).status, 200);
    await postForm(`${bridge.url}/revoke`, { token: tokens.refresh_token, client_id: client.client_id });
    assert.equal((await callTool(bridge.url, tokens.access_token, 'get_auth_status')).status, 401);
    assert.deepEqual(bridge.eventsOf('access_token.refused').at(-1), { reason: 'its grant has ended' });
  });
});

describe('the challenge', () => {
  const bridge = useBridge({ store: 'sqlite', env: { SCOPES: 'read:user,gist' } });
  const challenge = async (path: string, authorization?: string) => {
    const response = await fetch(
      `${bridge.url}${path}`,
      authorization === undefined ? {} : { headers: { authorization } },
    );
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    return response.headers.get('www-authenticate') ?? '';
  };

  it('names, without a token, the metadata of its own path and the scopes to begin with, and no error', async () => {
    for (const path of ['/mcp', '/sse']) {
      const metadata = `${bridge.url}/.well-known/oauth-protected-resource${path}`;
      assert.equal(await challenge(path), `Bearer scope="read:user gist", resource_metadata="${metadata}"`);
    }
  });

  it('names the error when there was a token', async () => {
    for (const authorization of ['Bearer nonsense', 'Bearer a.b.c']) {
      const text = await challenge('/mcp', authorization);
      assert.match(text, /^Bearer .*error="invalid_token"/);
      assert.ok(text.includes(`resource_metadata="${bridge.url}/.well-known/oauth-protected-resource/mcp"`));
    }
    assert.match(await challenge('/mcp', 'Basic eDp5'), /^Bearer /);
  });
});

describe('the caller', () => {
  it('is there only when the request was authenticated', () => {
    for (const authInfo of [undefined, { token: 'x', clientId: 'x', scopes: [] }])
      assert.throws(() => callerOf(authInfo), /not authenticated/);
  });
});
