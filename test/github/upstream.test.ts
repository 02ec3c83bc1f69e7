// A login at GitHub, from the code to a credential: the account, the scopes that were granted, and the check at each
// refresh; at github.com and at an Enterprise Server.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { decodeJwt } from 'jose';
import { EventBus } from '../../src/observe/events.ts';
import { createSecrets } from '../../src/security/secrets.ts';
import { wire } from '../../src/wiring.ts';
import { createAgent } from '../support/agent.ts';
import { bridgeFor, onBothStores, type TestBridgeOptions, useBridge } from '../support/bridge.ts';
import { authorizationUrl, getJson, passGithub, pkce, register } from '../support/oauth.ts';
import { connect, GITHUB_APP, loginIn, SHORT, TOKEN_ENDPOINT, withLongTokens } from './fixtures.ts';

onBothStores('a login at GitHub', (store) => {
  const bridge = useBridge(withLongTokens({ store, timeouts: SHORT }));

  it('lets the person choose another account in the same browser when the client asks for that', async () => {
    const browser = createAgent();
    await connect(bridge, { browser, login: 'octocat' });
    const person = await connect(bridge, { browser, login: 'octocat' });
    assert.equal(loginIn(await person.profile()), 'octocat');
    const page = await browser.get(
      authorizationUrl(bridge.url, await register(bridge.url), pkce().challenge, { prompt: 'select_account' }),
    );
    const toGithub = await browser.submit(page.form('/consent'), { button: 'allow' });
    const picker = await browser.followAll(toGithub);
    assert.match(picker.text, /octocat/);
    assert.ok(picker.forms().length > 0, 'GitHub asks which account');
  });

  it('fails with a code of another login, even of the same person in the same browser', async () => {
    await connect(bridge);
    const [exchange] = bridge.github.callsTo('POST', TOKEN_ENDPOINT);
    assert.equal(exchange?.pkce, true);
    // The code of another login of the same person, in the callback of this one.
    const client = await register(bridge.url);
    const browser = createAgent();
    const backs: URL[] = [];
    for (let login = 0; login < 2; login++) {
      const page = await browser.get(authorizationUrl(bridge.url, client, pkce().challenge));
      const toGithub = await browser.submit(page.form('/consent'), { button: 'allow' });
      const back = (await passGithub(browser, toGithub, 'octocat')).location;
      assert.ok(back !== undefined);
      backs.push(back);
    }
    const [first, second] = backs;
    assert.ok(first !== undefined && second !== undefined);
    first.searchParams.set('code', second.searchParams.get('code') ?? '');
    const answer = await browser.get(first);
    assert.equal(answer.status, 400);
    assert.match(answer.buttonLink?.search ?? '', /error=server_error/);
  });
});

onBothStores('a login at a GitHub Enterprise Server', (store) => {
  const start = (t: TestContext, options: Omit<TestBridgeOptions, 'store'> = {}) =>
    bridgeFor(t, withLongTokens({ store, timeouts: SHORT, ...options }));

  it('needs only GITHUB_URL, although PKCE and prompt are unknown there', async (t) => {
    const bridge = await start(t, { github: { enterprise: true } });
    assert.equal(bridge.config.github.apiUrl, `${bridge.github.url}/api/v3`);
    const person = await connect(bridge, {
      login: 'monalisa',
      scope: 'repo',
      parameters: { prompt: 'select_account', login_hint: 'monalisa' },
    });
    assert.equal(loginIn(await person.profile()), 'monalisa');
    assert.equal((await person.call('list_repositories')).result?.isError, undefined);
    assert.equal((await person.refresh()).status, 200);
    await person.revoke();
    assert.deepEqual(bridge.github.liveTokens(), []);
  });

  it('has its expiring token refreshed', async (t) => {
    const bridge = await start(t, {
      github: { enterprise: true },
      app: GITHUB_APP,
    });
    const person = await connect(bridge);
    bridge.advance(28_801);
    assert.equal(loginIn(await person.profile()), 'octocat');
  });
});

onBothStores('the scopes that GitHub granted', (store) => {
  const bridge = useBridge(withLongTokens({ store }));

  async function githubScopes(person: Awaited<ReturnType<typeof connect>>): Promise<unknown> {
    return (await person.call('get_auth_status')).result?.structuredContent?.github_scopes;
  }

  it('limit the token when they are narrower than asked, and a tool that lacks its scope says which', async () => {
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

  it('may be none: the token then says only who the person is', async () => {
    bridge.github.grantNext({ scopes: [] });
    const person = await connect(bridge, { login: 'hubot', scope: 'repo' });
    assert.equal(person.tokens.scope, '');
    assert.equal((await person.call('list_repositories')).status, 403);
  });

  it('give no more than was asked when they are wider', async () => {
    bridge.github.grantNext({ scopes: ['repo', 'user', 'admin:org'] });
    const person = await connect(bridge, { login: 'monalisa', scope: 'read:user' });
    assert.equal(person.tokens.scope, 'read:user');
    assert.deepEqual(await githubScopes(person), ['admin:org', 'repo', 'user']);
    assert.equal((await person.call('list_repositories')).status, 403);
    assert.equal((await person.call('list_user_emails')).status, 403);
  });
});

onBothStores('the token of a GitHub App', (store) => {
  it('gives no e-mail address when the app may not see any', async (t) => {
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

  it('has no scopes: the known ones that were asked for are granted, and GitHub decides at each call', async (t) => {
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

onBothStores('the check at a refresh', (store) => {
  const [oldSecret, newSecret] = ['the secret of last year is long enough', 'the secret of this year is long enough'];
  const bridge = useBridge({ store, env: { BRIDGE_SECRET: oldSecret } });

  it('seals the credential under the newest secret, so that the old one can be removed', async () => {
    const { tokens } = await connect(bridge);
    const person = decodeJwt(tokens.access_token).sid?.toString().split('.')[0] ?? '';
    const credential = async () => (await bridge.store.sessions.list(person))[0]?.credential;
    const before = await credential();
    assert.ok(before && !createSecrets([newSecret]).isCurrent(before.sealedTokens));
    const rotated = await wire(
      { ...bridge.config, secrets: [newSecret, oldSecret] },
      { store: bridge.store, events: new EventBus(), now: bridge.now },
    );
    await rotated.services.upstream.recheck(before, bridge.now());
    await rotated.close();
    const after = await credential();
    assert.ok(after && createSecrets([newSecret]).isCurrent(after.sealedTokens));
  });
});
