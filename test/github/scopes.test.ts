// Granted scopes are read from GitHub's answer: a token says what was really granted, and never more than was asked.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bridgeFor, onBothStores, useBridge } from '../support/bridge.ts';
import { getJson } from '../support/oauth.ts';
import { connect, loginIn, withLongTokens } from './fixtures.ts';

onBothStores('granted scopes', (store) => {
  const bridge = useBridge(withLongTokens({ store }));

  async function githubScopes(person: Awaited<ReturnType<typeof connect>>): Promise<unknown> {
    return (await person.call('get_auth_status')).result?.structuredContent?.github_scopes;
  }

  it('that are narrower than asked make a token that says so, and a tool that lacks its scope says which', async () => {
    bridge.github.grantNext({ scopes: ['read:user'] });
    const person = await connect(bridge, { scope: 'read:user user:email repo' });
    assert.equal(person.tokens.scope, 'read:user');
    assert.deepEqual(await githubScopes(person), ['read:user']);
    assert.equal(loginIn(await person.profile()), 'octocat');
    const refused = await person.call('list_user_emails');
    assert.equal(refused.status, 403);
    assert.match(refused.headers.get('www-authenticate') ?? '', /error="insufficient_scope".*scope="user:email"/);
    const { body } = await person.refresh();
    assert.equal(body.scope, 'read:user', 'a refresh does not widen');
  });

  it('that are none make a token that can nothing but say who it is', async () => {
    bridge.github.grantNext({ scopes: [] });
    const person = await connect(bridge, { login: 'hubot', scope: 'repo' });
    assert.equal(person.tokens.scope, '');
    assert.equal((await person.call('list_repositories')).status, 403);
  });

  it('that are wider than asked give no more than was asked', async () => {
    bridge.github.grantNext({ scopes: ['repo', 'user', 'admin:org'] });
    const person = await connect(bridge, { login: 'monalisa', scope: 'read:user' });
    assert.equal(person.tokens.scope, 'read:user');
    assert.deepEqual(await githubScopes(person), ['admin:org', 'repo', 'user']);
    assert.equal((await person.call('list_repositories')).status, 403);
    assert.equal((await person.call('list_user_emails')).status, 403);
  });

  it('that contain what was asked count as it, in the spelling asked for', async () => {
    bridge.github.grantNext({ scopes: ['repo', 'user'] });
    const person = await connect(bridge, { scope: 'public_repo user:email read:user' });
    assert.equal(person.tokens.scope, 'public_repo user:email read:user');
    assert.equal((await person.call('list_repositories')).result?.isError, undefined);
    assert.equal((await person.call('list_user_emails')).result?.isError, undefined);
  });

  it('are asked for as the client asked, and never none', async () => {
    for (const [scope, asked] of [
      ['repo gist', 'repo gist read:user'],
      ['user', 'user'],
      ['openid profile', 'read:user'],
      ['openid email', 'user:email read:user'],
      ['nonsense', 'read:user'],
      ['', 'read:user'],
    ] as const) {
      bridge.github.clearCalls();
      await connect(bridge, { scope });
      assert.equal(bridge.github.callsTo('GET', '/login/oauth/authorize')[0]?.scope, asked, `asked for "${scope}"`);
    }
  });
});

onBothStores("a GitHub App's tokens", (store) => {
  it('tell no e-mail address where the app may not see any', async (t) => {
    for (const [permissions, email] of [
      [['profile'], undefined],
      [['profile', 'email_addresses'], 'octocat@example.com'],
    ] as const) {
      const bridge = await bridgeFor(
        t,
        withLongTokens({ store, app: { kind: 'github-app', permissions: [...permissions] } }),
      );
      const { tokens } = await connect(bridge, { scope: 'openid email' });
      const headers = { authorization: `Bearer ${tokens.access_token}` };
      const answer = await getJson(`${bridge.url}/userinfo`, headers);
      assert.equal(answer.status, 200);
      assert.equal(answer.body.email, email);
    }
  });

  it('carry no scopes: the known ones that were asked for are granted, and GitHub has the last word', async (t) => {
    const bridge = await bridgeFor(
      t,
      withLongTokens({ store, app: { kind: 'github-app', permissions: ['profile', 'contents'] } }),
    );
    const person = await connect(bridge, { scope: 'read:user repo user:email nonsense' });
    assert.equal(person.tokens.scope, 'read:user repo user:email');
    const status = (await person.call('get_auth_status')).result?.structuredContent;
    assert.deepEqual(status?.github_scopes, []);
    assert.equal(typeof status?.github_token_expires_at, 'string');
    assert.equal((await person.call('list_repositories')).result?.isError, undefined);
    const refused = await person.call('list_user_emails');
    assert.equal(refused.status, 200);
    assert.match(refused.result?.content[0]?.text ?? '', /^GitHub refused: Resource not accessible by integration/);
    assert.equal(loginIn(await person.profile()), 'octocat');
  });
});
