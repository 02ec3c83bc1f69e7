// The administrators' tools: for people in ADMIN_GITHUB_USERS, with a token that names the scope for it. The directory
// behind them is tested in test/account/session-directory.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useBridge } from '../../support/bridge.ts';
import { UPSTREAMS_FILE } from '../../support/mcp-servers.ts';
import { callTool, connect } from '../../support/oauth.ts';

describe('the administrators’ tools', () => {
  const bridge = useBridge({ store: 'sqlite', env: { ADMIN_GITHUB_USERS: 'monalisa', UPSTREAMS_FILE } });
  const administrator = async (scope = 'bridge:admin') =>
    (await connect(bridge.url, { login: 'monalisa', parameters: { scope } })).tokens.access_token;
  const sessionsIn = (content: Record<string, unknown> | undefined) => content?.sessions as Record<string, unknown>[];

  it('list sessions by a text, count them, and end one', async () => {
    const { client, tokens } = await connect(bridge.url, { login: 'hubot', metadata: { client_name: 'An editor' } });
    const token = await administrator();
    const listed = await callTool(bridge.url, token, 'list_sessions', { query: 'an EDITOR' });
    const [session, ...others] = sessionsIn(listed.result?.structuredContent);
    assert.deepEqual(others, []);
    assert.equal(session?.login, 'hubot');
    assert.equal(session?.client_id, client.client_id);
    assert.equal(session?.client_name, 'An editor');
    assert.deepEqual(session?.scopes, ['read:user']);
    assert.deepEqual([session?.resource, session?.recipient], [`${bridge.url}/mcp`, undefined]);

    const { result } = await callTool(bridge.url, token, 'get_session_stats');
    assert.deepEqual(
      { ...result?.structuredContent, note: undefined, sessions_per_client: undefined },
      {
        note: undefined,
        people: 2,
        sessions: 2,
        sessions_per_client: undefined,
        people_active_within_a_day: 2,
      },
    );

    const revoked = await callTool(bridge.url, token, 'revoke_session', { session: session?.session });
    assert.deepEqual(revoked.result?.structuredContent, { revoked: true, session: session?.session });
    assert.equal((await callTool(bridge.url, tokens.access_token, 'get_auth_status')).status, 401);
    const again = await callTool(bridge.url, token, 'revoke_session', { session: session?.session });
    assert.deepEqual(again.result?.structuredContent, { revoked: false });
    const { reason, by } = bridge.eventsOf('grant.ended').at(-1) ?? {};
    assert.deepEqual({ reason, by }, { reason: 'administrator', by: 'administrator' });
  });

  it('say which MCP server gets the calls of a session, and what it gets with them', async () => {
    const resource = `${bridge.url}/mcp/github`;
    await connect(bridge.url, { login: 'hubot', parameters: { resource } });
    const listed = await callTool(bridge.url, await administrator(), 'list_sessions', { query: resource });
    const [session, ...others] = sessionsIn(listed.result?.structuredContent);
    assert.deepEqual(others, []);
    const recipient = { host: 'github-mcp.octo.example', credential: 'github' };
    assert.deepEqual([session?.resource, session?.recipient], [resource, recipient]);
  });

  it('need the scope that the person consented to, however much of an administrator he is', async () => {
    for (const tool of ['list_sessions', 'get_session_stats', 'revoke_session']) {
      const refused = await callTool(bridge.url, await administrator('read:user'), tool, { session: 'AAAA' });
      assert.equal(refused.status, 403, tool);
      assert.match(refused.headers.get('www-authenticate') ?? '', /error="insufficient_scope".* scope="bridge:admin"/);
    }
  });

  it('do not take so little of a name that it could be meant for nobody in particular', async () => {
    const { text } = await callTool(bridge.url, await administrator(), 'revoke_session', { session: 'AAA' });
    assert.match(text, /Invalid|session/);
    assert.doesNotMatch(text, /"revoked":/);
  });
});
