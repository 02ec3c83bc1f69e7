// The person may leave out scopes at consent; no form, no second click and no remembered consent gives them back.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createAgent } from '../support/agent.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { UPSTREAMS_FILE } from '../support/mcp-servers.ts';
import {
  authorizationUrl,
  confirmConnect,
  connect,
  passGithub,
  pkce,
  redemption,
  register,
  returnToClient,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';

const REDIRECT = 'https://notes.example/callback';

onBothStores('the scopes that a person gives', (store) => {
  const bridge = useBridge({ store, env: { ALLOWED_GITHUB_ORGS: 'octo-org', UPSTREAMS_FILE } });
  const scopesOf = (scope: string) => scope.split(' ').filter(Boolean).sort();

  it('#51 gives what was requested and ticked, and nothing that a changed form adds', async () => {
    const client = await register(bridge.url);
    const browser = createAgent();
    const { verifier, challenge } = pkce();
    const scope = 'openid read:user user:email repo read:org';
    const page = await browser.get(authorizationUrl(bridge.url, client, challenge, { scope }));
    const decided = await browser.submit(page.form('/consent'), {
      button: 'allow',
      fields: {
        'scope:repo': undefined,
        'scope:delete_repo': '1',
        'scope:bridge:admin': '1',
        'scope:': '1',
        scope: 'repo',
      },
    });
    assert.deepEqual(scopesOf(decided.location?.searchParams.get('scope') ?? ''), [
      'read:org',
      'read:user',
      'user:email',
    ]);
    const answer = await returnToClient(browser, await passGithub(browser, decided, 'octocat'));
    const code = answer.location?.searchParams.get('code') ?? '';
    const tokens = tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier)));
    assert.deepEqual(scopesOf(tokens.scope), ['openid', 'read:org', 'read:user', 'user:email']);
  });

  it('#51 leaves who the person is, when everything else is left out', async () => {
    const { tokens } = await connect(bridge.url, { parameters: { scope: 'openid repo' }, untick: ['openid', 'repo'] });
    assert.equal(tokens.scope, 'openid');
  });

  it('#51 is what a server gets with the GitHub token: nobody is told that it can be less', async () => {
    const { tokens } = await connect(bridge.url, {
      parameters: { scope: 'openid email user:email read:org repo', resource: `${bridge.url}/mcp/github` },
      untick: ['email', 'user:email', 'read:org', 'repo'],
    });
    assert.deepEqual(scopesOf(tokens.scope), ['email', 'openid', 'read:org', 'user:email']);
  });

  it('#51 is asked again after a choice was changed', async () => {
    const client = await register(bridge.url);
    const browser = createAgent();
    const page = await browser.get(authorizationUrl(bridge.url, client, pkce().challenge, { scope: 'read:user repo' }));
    const first = await browser.submit(page.form('/consent'), { button: 'allow' });
    assert.match(first.location?.searchParams.get('scope') ?? '', /repo/);
    const changed = await browser.submit(page.form('/consent'), {
      button: 'allow',
      fields: { 'scope:repo': undefined },
    });
    assert.equal(changed.status, 400);
    const back = await confirmConnect(browser, await browser.follow(await passGithub(browser, first, 'octocat')));
    assert.equal(back.location, undefined, 'the first choice leads nowhere');
  });

  it('#51 remembers what was given, and asks for more', async () => {
    const client = { ...(await register(bridge.url, { redirect_uris: [REDIRECT] })), redirectUri: REDIRECT };
    const browser = createAgent();
    const open = (scope: string) => browser.get(authorizationUrl(bridge.url, client, pkce().challenge, { scope }));
    const page = await open('read:user repo');
    const decided = await browser.submit(page.form('/consent'), {
      button: 'allow',
      fields: { remember: '1', 'scope:repo': undefined },
    });
    await returnToClient(browser, await passGithub(browser, decided, 'octocat'));
    assert.equal((await open('read:user repo')).location, undefined, 'asked again for what was left out');
    assert.notEqual((await open('read:user')).location, undefined, 'not asked again for what was given');
  });
});
