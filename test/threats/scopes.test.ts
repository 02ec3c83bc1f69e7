// Threat 19: scopes that are assumed and not read from GitHub's answer, widened at a refresh, or not checked.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decodeJwt } from 'jose';
import { CLIENT_ID, onBothStores, useBridge } from '../support/bridge.ts';
import { callTool, connect, refreshing, tokenRequest, tokensOf } from '../support/oauth.ts';
import { assertRefused, newPerson } from './attack.ts';

onBothStores('scopes', (store) => {
  const bridge = useBridge({ store });

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it('#19 what GitHub granted decides, not what was asked for', async () => {
    const person = newPerson(bridge);
    bridge.github.grantNext({ scopes: ['read:user'], account: person });
    const { tokens } = await connect(bridge.url, { login: person, parameters: { scope: 'read:user repo user:email' } });
    assert.equal(tokens.scope, 'read:user');
    assert.equal(decodeJwt(tokens.access_token).scope, 'read:user');
    const { status, headers } = await callTool(bridge.url, tokens.access_token, 'list_repositories');
    assert.equal(status, 403);
    assert.match(headers.get('www-authenticate') ?? '', /insufficient_scope/);
  });

  it('#19 where GitHub names no scopes, none are assumed', async () => {
    const person = newPerson(bridge);
    const { id } = bridge.github.account(person);
    const { token } = bridge.github.issueToken({ account: person, clientId: CLIENT_ID, scopes: ['repo'] });
    // Neither the answer with the token nor the header of the API names scopes.
    bridge.github.fault({
      kind: 'status',
      status: 200,
      path: '/login/oauth/access_token',
      body: { access_token: token, token_type: 'bearer' },
    });
    bridge.github.fault({ kind: 'status', status: 200, path: '/api/v3/user', body: { id, login: person } });
    const { tokens } = await connect(bridge.url, { login: person, parameters: { scope: 'read:user repo' } });
    assert.equal(tokens.scope, '');
    assert.equal((await callTool(bridge.url, tokens.access_token, 'list_repositories')).status, 403);
  });

  it('#19 a refresh narrows the scope for its token, and never widens it', async () => {
    const { client, tokens } = await connect(bridge.url, { parameters: { scope: 'read:user repo' } });
    const refresh = (scope: string, token = tokens.refresh_token) =>
      tokenRequest(bridge.url, { ...refreshing(client, token), scope });
    for (const scope of ['read:user repo admin:org', 'user', 'delete_repo', 'openid', 'offline_access', 'REPO', '*'])
      assertRefused(await refresh(scope), 'invalid_scope');
    const narrow = tokensOf(await refresh('read:user'));
    assert.equal(narrow.scope, 'read:user');
    assert.equal((await callTool(bridge.url, narrow.access_token, 'list_repositories')).status, 403);
    // The session keeps the granted scopes: a narrower refresh does not reduce them, a wider one adds none.
    const whole = tokensOf(await tokenRequest(bridge.url, refreshing(client, narrow.refresh_token)));
    assert.equal(whole.scope, 'read:user repo');
    assertRefused(await refresh('repo workflow', whole.refresh_token), 'invalid_scope');
  });

  it('#19 a call whose token lacks a scope is refused at every transport, alone or in a batch', async () => {
    const { tokens } = await connect(bridge.url, { parameters: { scope: 'read:user' } });
    const call = (id: number, name: string) => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name, arguments: {} },
    });
    const headers = { ...bearer(tokens.access_token), 'content-type': 'application/json' };
    const mcp = { ...headers, accept: 'application/json, text/event-stream' };
    const before = bridge.github.callsTo('GET', '/api/v3/user/emails').length;
    for (const version of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28', undefined])
      for (const body of [
        call(1, 'list_user_emails'),
        [call(1, 'list_user_emails')],
        [call(1, 'get_auth_status'), call(2, 'list_user_emails')],
      ]) {
        const answer = await fetch(`${bridge.url}/mcp`, {
          method: 'POST',
          headers: { ...mcp, ...(version === undefined ? {} : { 'mcp-protocol-version': version }) },
          body: JSON.stringify(body),
        });
        const text = await answer.text();
        assert.ok(answer.status >= 400 && answer.status < 500, `${version}: ${answer.status} ${text}`);
        assert.doesNotMatch(text, /example\.com/);
      }
    const stream = await fetch(`${bridge.url}/sse`, { headers: bearer(tokens.access_token) });
    const reader = stream.body?.getReader();
    const path = /data: (\S+)/.exec(new TextDecoder().decode((await reader?.read())?.value))?.[1] ?? '';
    for (const body of [call(1, 'list_user_emails'), [call(1, 'list_user_emails')]]) {
      const answer = await fetch(`${bridge.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      await answer.body?.cancel();
      assert.ok(answer.status === 403 || answer.status === 400, String(answer.status));
    }
    await reader?.cancel();
    assert.equal(bridge.github.callsTo('GET', '/api/v3/user/emails').length, before);
  });
});
