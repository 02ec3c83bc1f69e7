// The end of a client's login: what is stored, remembered and told, and when (design decision 11). On http that is after the
// person confirmed it: test/oauth/endpoints/connect.test.ts.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createAgent } from '../../support/agent.ts';
import { onBothStores, useBridge } from '../../support/bridge.ts';
import { authorizationUrl, passGithub, pkce, register } from '../../support/oauth.ts';

const PUBLIC_URL = 'https://bridge.example';

onBothStores('a completed login', (store) => {
  const bridge = useBridge({ store, env: { PUBLIC_URL }, app: { callbackUrls: [`${PUBLIC_URL}/github/callback`] } });

  async function logIn(remember: boolean) {
    const browser = createAgent({ routes: { [PUBLIC_URL]: bridge.url } });
    const client = await register(bridge.url, { redirect_uris: ['https://app.example/cb'] });
    const url = authorizationUrl(PUBLIC_URL, client, pkce().challenge);
    const fields = remember ? { remember: '1' } : {};
    const toGithub = await browser.submit((await browser.get(url)).form('/consent'), { button: 'allow', fields });
    const answer = await browser.follow(await passGithub(browser, toGithub, 'octocat'));
    assert.match(answer.location?.search ?? '', /code=mgc_/);
    return { browser, client, again: await browser.get(url) };
  }

  it('is told once, with the account and the scope, and begins a session whose code lives for a minute', async () => {
    const { client } = await logIn(false);
    const { clientId, githubLogin, scope, person, grant } = bridge.eventsOf('login.completed').at(-1) ?? {};
    assert.deepEqual(
      { clientId, githubLogin, scope },
      { clientId: client.client_id, githubLogin: 'octocat', scope: ['read:user'] },
    );
    assert.ok(person);
    const reason = () => bridge.eventsOf('grant.ended').find((ended) => ended.grant === grant)?.reason;
    bridge.advance(58);
    await bridge.bridge.maintain();
    assert.equal(reason(), undefined);
    bridge.advance(3);
    await bridge.bridge.maintain();
    assert.equal(reason(), 'expired');
  });

  it('remembers the consent if the person asked for that', async () => {
    assert.ok((await logIn(false)).again.form('/consent'));
    assert.equal((await logIn(true)).again.location?.origin, new URL(bridge.github.url).origin);
  });
});
