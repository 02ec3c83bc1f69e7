// `get_auth_status`: who is logged in, through which client, with what, without asking GitHub.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bridgeFor, useBridge } from '../../support/bridge.ts';
import { callTool, connect } from '../../support/oauth.ts';

const instant = (epochSeconds: number) => new Date(epochSeconds * 1000).toISOString();

describe('get_auth_status', () => {
  const bridge = useBridge({ store: 'sqlite' });

  it('tells who, through which client, with which scopes and until when, and leaves GitHub alone', async () => {
    const { client, tokens } = await connect(bridge.url, { parameters: { scope: 'gist openid' } });
    bridge.github.clearCalls();
    const { result } = await callTool(bridge.url, tokens.access_token, 'get_auth_status');
    const { logged_in_at, access_token_expires_at, session_expires_at, ...rest } = result?.structuredContent ?? {};
    assert.deepEqual(rest, {
      login: 'octocat',
      id: bridge.github.account('octocat').id,
      client: { id: client.client_id, name: 'Test client' },
      scopes: ['gist', 'openid'],
      github_scopes: ['gist', 'read:user'],
      resource: `${bridge.url}/mcp`,
    });
    const loggedIn = Date.parse(String(logged_in_at)) / 1000;
    assert.ok(Math.abs(loggedIn - bridge.now()) < 5);
    for (const [at, ttl] of [
      [access_token_expires_at, 3600],
      [session_expires_at, 30 * 86_400],
    ] as const)
      assert.ok(Math.abs(Date.parse(String(at)) / 1000 - loggedIn - ttl) < 5, String(at));
    assert.deepEqual(bridge.github.calls, []);
  });

  it('tells when the token of a GitHub App expires', async (t) => {
    const app = await bridgeFor(t, { store: 'sqlite', app: { kind: 'github-app', permissions: ['profile'] } });
    const { tokens } = await connect(app.url);
    const { result } = await callTool(app.url, tokens.access_token, 'get_auth_status');
    const expiresAt = app.github.liveTokens()[0]?.expiresAt ?? 0;
    const told = Date.parse(String(result?.structuredContent?.github_token_expires_at));
    assert.ok(Math.abs(told - expiresAt) < 5000, `${instant(told / 1000)} is not ${instant(expiresAt / 1000)}`);
  });
});
