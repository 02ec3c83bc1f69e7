// An MCP server behind the bridge gets the person's GitHub token with each call. When the session ends, whatever that server
// kept must not work any more, although other sessions of the person use the same credential.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { SimulatedApp } from '../../demo/github/index.ts';
import { GITHUB_APP, HOUR, loginIn, SERVER_BEHIND } from '../github/fixtures.ts';
import { createAgent } from '../support/agent.ts';
import { bridgeFor, onBothStores, type TestBridge } from '../support/bridge.ts';
import {
  callTool,
  connect,
  login,
  passGithub,
  postForm,
  redemption,
  refreshing,
  register,
  type TestClient,
  type Tokens,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { atOnce, sidOf } from './attack.ts';

const DAY = 24 * HOUR;

interface Session {
  readonly client: TestClient;
  readonly code: string;
  readonly verifier: string;
  readonly tokens: Tokens;
}

/** Each way in which a session ends alone. */
const ENDS: Record<
  string,
  (bridge: TestBridge, session: Session, stays: { client: TestClient; tokens: Tokens }) => unknown
> = {
  'its client revokes it': ({ url }, { client, tokens }) =>
    postForm(`${url}/revoke`, { token: tokens.access_token, client_id: client.client_id }),
  'its client removes its registration': (_bridge, { client }) =>
    fetch(client.registration_client_uri, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${client.registration_access_token}` },
    }),
  async 'the person disconnects it'({ url }, { tokens }) {
    const browser = createAgent();
    const toGithub = await browser.submit((await browser.get(`${url}/account`)).form('/account/sign-in'));
    const page = await browser.followAll(await passGithub(browser, toGithub, 'octocat'));
    const { person, grant } = sidOf(tokens);
    const form = page
      .forms()
      .find(
        ({ action, fields }) =>
          action.pathname === '/account/disconnect' && new Map(fields).get('session') === `${person}.${grant}`,
      );
    assert.ok(form, 'the account page has a button for it');
    await browser.submit(form);
  },
  'an administrator ends it': ({ bridge }, { tokens }) =>
    bridge.services.sessionEnding.end(sidOf(tokens), 'administrator', 'administrator'),
  'its code is replayed': ({ url }, { client, code, verifier }) =>
    tokenRequest(url, redemption(client, code, verifier)),
  async 'its refresh token is reused'({ url }, { client, tokens }) {
    const next = tokensOf(await tokenRequest(url, refreshing(client, tokens.refresh_token)));
    tokensOf(await tokenRequest(url, refreshing(client, next.refresh_token)));
    await tokenRequest(url, refreshing(client, tokens.refresh_token));
  },
  async 'it expires'(bridge, _session, stays) {
    bridge.advance(20 * DAY);
    stays.tokens = tokensOf(await tokenRequest(bridge.url, refreshing(stays.client, stays.tokens.refresh_token)));
    bridge.advance(11 * DAY);
    await bridge.bridge.maintain();
  },
};

const APPS: Record<string, Partial<SimulatedApp>> = { 'an OAuth App': {}, 'a GitHub App': GITHUB_APP };

onBothStores('an MCP server behind the bridge', (store) => {
  /** A person with a session for the built-in tools and one for the server, and all tokens that the server may have. */
  async function twoSessions(t: TestContext, app: Partial<SimulatedApp>) {
    const env = { ...SERVER_BEHIND, ACCESS_TOKEN_TTL: '30d', REFRESH_TOKEN_TTL: '30d' };
    const bridge = await bridgeFor(t, { store, app, env });
    const stays = await connect(bridge.url);
    const client = await register(bridge.url);
    const parameters = { resource: `${bridge.url}/mcp/work` };
    const { code, verifier } = await login(bridge.url, client, { parameters });
    const tokens = tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier)));
    const kept = bridge.github.liveTokens().map(({ token }) => token);
    const profile = () => callTool(bridge.url, stays.tokens.access_token, 'get_user_profile');
    return { bridge, stays, session: { client, code, verifier, tokens }, kept, profile };
  }

  /** Which of the tokens GitHub's API takes. */
  async function working({ github }: TestBridge, tokens: readonly string[]): Promise<number> {
    const answers = await Promise.all(
      tokens.map((token) => fetch(`${github.url}/api/v3/user`, { headers: { authorization: `Bearer ${token}` } })),
    );
    return answers.filter(({ status }) => status === 200).length;
  }

  for (const [what, app] of Object.entries(APPS))
    for (const [how, end] of Object.entries(ENDS))
      it(`#43 keeps no token of ${what} that works when ${how}`, async (t) => {
        const { bridge, stays, session, kept, profile } = await twoSessions(t, app);
        assert.equal(await working(bridge, kept), 2);
        await end(bridge, session, stays);
        await bridge.bridge.revocations.idle();
        assert.equal(bridge.eventsOf('grant.ended').length, 1);
        assert.equal(await working(bridge, kept), 0);
        assert.equal(loginIn(await profile()), 'octocat');
      });

  it('#43 keeps no token that works when GitHub is down at the end, as soon as it is back', async (t) => {
    for (const app of Object.values(APPS)) {
      const { bridge, stays, session, kept, profile } = await twoSessions(t, app);
      const down = { kind: 'status', status: 502, times: Number.POSITIVE_INFINITY } as const;
      for (const method of ['PATCH', 'DELETE', 'POST']) bridge.github.fault({ ...down, method });
      await ENDS['its client revokes it']?.(bridge, session, stays);
      await bridge.bridge.revocations.idle();
      assert.equal(await working(bridge, kept), 2, 'GitHub is down');
      bridge.github.clearFaults();
      bridge.advance(61);
      await bridge.bridge.maintain();
      assert.equal(await working(bridge, kept), 0);
      assert.equal(loginIn(await profile()), 'octocat');
    }
  });

  it('#43 keeps no token that works, and calls of the other session go on all the while', async (t) => {
    for (const app of Object.values(APPS)) {
      const { bridge, stays, session, kept, profile } = await twoSessions(t, app);
      let over = false;
      const calls = atOnce(4, async () => {
        for (let count = 0; !over || count < 3; count++) assert.equal(loginIn(await profile()), 'octocat');
      });
      await ENDS['its client revokes it']?.(bridge, session, stays);
      await bridge.bridge.revocations.idle();
      over = true;
      await calls;
      assert.equal(await working(bridge, kept), 0);
      assert.equal(bridge.eventsOf('grant.ended').length, 1);
    }
  });

  it('#43 causes no reset when it never got a token: nobody redeemed the code', async (t) => {
    const { bridge, session, profile } = await twoSessions(t, {});
    const parameters = { resource: `${bridge.url}/mcp/work` };
    await login(bridge.url, session.client, { parameters });
    bridge.advance(361);
    await bridge.bridge.maintain();
    assert.equal(bridge.eventsOf('grant.ended').length, 1);
    assert.deepEqual(bridge.eventsOf('credential.reset'), []);
    assert.equal(loginIn(await profile()), 'octocat');
  });
});
