// The end of a session, whoever ends it: the grant is over, the event says why and by whom, GitHub revokes what nobody
// uses any more, and the remembered consents go where the end withdraws a consent or leaves it in doubt (design decision
// 20). Revocation at GitHub, and what happens when GitHub is down, is in test/github/revocation.test.ts.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { it } from 'node:test';
import type { EndedBy, GrantEndReason } from '../../src/observe/events.ts';
import { type Agent, createAgent, type Page } from '../support/agent.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import {
  authorizationUrl,
  callTool,
  logIn,
  passGithub,
  pkce,
  postForm,
  redemption,
  refreshing,
  register,
  returnToClient,
  type TestClient,
  type Tokens,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';

const ORGANIZATION = 'members-only';
const ADMINISTRATOR = 'monalisa';
const WEBHOOK_SECRET = 'shared with GitHub';
const REDIRECT_URI = 'https://app.example/callback';
const MINUTE = 60;
const DAY = 86_400;

/** A person with one session, whose consent is remembered in their browser. */
interface Member {
  readonly login: string;
  readonly id: number;
  readonly client: TestClient;
  readonly browser: Agent;
  readonly code: string;
  readonly verifier: string;
  readonly tokens: Tokens;
}

onBothStores('the end of a session', (store) => {
  const bridge = useBridge({
    store,
    env: {
      ALLOWED_GITHUB_USERS: ADMINISTRATOR,
      ALLOWED_GITHUB_ORGS: ORGANIZATION,
      ADMIN_GITHUB_USERS: ADMINISTRATOR,
      GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
    },
  });
  /** Signs in to the account page. @returns that page */
  async function signIn(browser: Agent, login: string): Promise<Page> {
    const toGithub = await browser.submit((await browser.get(`${bridge.url}/account`)).form('/account/sign-in'));
    return browser.followAll(await passGithub(browser, toGithub, login));
  }

  async function joins(): Promise<Member> {
    const id = 9_100_000 + bridge.github.accounts.length;
    const login = `member-${id}`;
    bridge.github.addAccount({ id, login, name: null, email: `${login}@example.com` });
    bridge.github.addToOrganization(login, { login: ORGANIZATION, id: 9_919_100 });
    const browser = createAgent();
    return { login, id, browser, ...(await logInAndRemember(browser, login)) };
  }

  /** A login of a new client, for which the person lets the consent be remembered. */
  async function logInAndRemember(browser: Agent, login: string) {
    const client = await register(bridge.url, { redirect_uris: [REDIRECT_URI] });
    const { verifier, challenge } = pkce();
    const page = await browser.get(authorizationUrl(bridge.url, client, challenge));
    const toGithub = await browser.submit(page.form('/consent'), { button: 'allow', fields: { remember: '1' } });
    const answer = await returnToClient(browser, await passGithub(browser, toGithub, login));
    const code = answer.location?.searchParams.get('code') ?? '';
    const tokens = tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier)));
    return { client, code, verifier, tokens };
  }

  /** Whether a new login of this client skips the consent page. */
  async function isRemembered({ client, browser }: Member): Promise<boolean> {
    const page = await browser.get(authorizationUrl(bridge.url, client, pkce().challenge));
    assert.ok(page.status === 302 || page.status === 200, page.text);
    return page.status === 302;
  }

  async function anotherConsentOf(member: Member): Promise<Member> {
    const { client, tokens } = await logInAndRemember(member.browser, member.login);
    await revoke(client, tokens);
    return { ...member, client };
  }

  const revoke = (client: TestClient, tokens: Tokens) =>
    postForm(`${bridge.url}/revoke`, { token: tokens.access_token, client_id: client.client_id });
  const isAlive = async ({ tokens }: Pick<Member, 'tokens'>) =>
    (await callTool(bridge.url, tokens.access_token, 'get_auth_status')).status === 200;
  const liveAtGithub = ({ login }: Pick<Member, 'login'>) => bridge.github.liveTokens({ account: login });
  const sidOf = async ({ login }: Member) => {
    const [session] = (await bridge.bridge.directory.search(login)).sessions;
    return `${session?.grant.ref.person}.${session?.grant.ref.grant}`;
  };

  interface End {
    readonly what: string;
    readonly reason: GrantEndReason;
    readonly by: EndedBy;
    readonly forgets: boolean;
    readonly how: (member: Member) => Promise<unknown>;
  }
  const ends: readonly End[] = [
    {
      what: 'its client revokes it',
      reason: 'revoked',
      by: 'client',
      forgets: false,
      how: ({ client, tokens }) => revoke(client, tokens),
    },
    {
      what: 'its client removes its registration',
      reason: 'client_removed',
      by: 'client',
      forgets: false,
      how: ({ client }) =>
        fetch(client.registration_client_uri, {
          method: 'DELETE',
          headers: { authorization: `Bearer ${client.registration_access_token}` },
        }),
    },
    {
      what: 'nobody renews it',
      reason: 'expired',
      by: 'clock',
      forgets: false,
      how: () => {
        bridge.advance(31 * DAY);
        return bridge.bridge.maintain();
      },
    },
    {
      what: 'the person disconnects the client',
      reason: 'disconnected',
      by: 'person',
      forgets: true,
      how: async ({ browser, login }) => browser.submit((await signIn(browser, login)).form('/account/disconnect')),
    },
    {
      what: 'the person disconnects all clients',
      reason: 'disconnected',
      by: 'person',
      forgets: true,
      how: async ({ browser, login }) => browser.submit((await signIn(browser, login)).form('/account/disconnect-all')),
    },
    {
      what: 'an administrator ends it on the page',
      reason: 'administrator',
      by: 'administrator',
      forgets: true,
      how: async ({ login }) => {
        const browser = createAgent();
        await signIn(browser, ADMINISTRATOR);
        const page = await browser.get(`${bridge.url}/account/sessions?query=${login}`);
        return browser.submit(page.form('/account/sessions/revoke'));
      },
    },
    {
      what: 'an administrator ends it by a tool',
      reason: 'administrator',
      by: 'administrator',
      forgets: true,
      how: async (member) => {
        const parameters = { scope: 'read:user bridge:admin' };
        const tokens = await logIn(bridge.url, await register(bridge.url), { login: ADMINISTRATOR, parameters });
        return callTool(bridge.url, tokens.access_token, 'revoke_session', { session: await sidOf(member) });
      },
    },
    {
      what: 'the operator ends it by the command',
      reason: 'administrator',
      by: 'operator',
      forgets: true,
      how: async (member) => bridge.bridge.directory.revoke(await sidOf(member), 'operator'),
    },
    {
      what: 'GitHub answers 401 for its token',
      reason: 'upstream_revoked',
      by: 'upstream',
      forgets: true,
      how: async ({ login, tokens }) => {
        await bridge.github.revokeAuthorization(login, bridge.config.github.clientId);
        return callTool(bridge.url, tokens.access_token, 'get_user_profile');
      },
    },
    {
      what: 'GitHub tells by its webhook that the person revoked the app',
      reason: 'upstream_revoked',
      by: 'upstream',
      forgets: true,
      how: ({ id }) => {
        const body = JSON.stringify({ action: 'revoked', sender: { id } });
        const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
        const headers = {
          'content-type': 'application/json',
          'x-github-event': 'github_app_authorization',
          'x-hub-signature-256': `sha256=${signature}`,
        };
        return fetch(`${bridge.url}/github/webhook`, { method: 'POST', headers, body });
      },
    },
    {
      what: 'the policy does not let the person in any more',
      reason: 'not_allowed',
      by: 'operator',
      forgets: true,
      how: ({ login, client, tokens }) => {
        bridge.github.removeFromOrganization(login, ORGANIZATION);
        return tokenRequest(bridge.url, refreshing(client, tokens.refresh_token));
      },
    },
    {
      what: 'its code comes again',
      reason: 'replayed',
      by: 'client',
      forgets: true,
      how: ({ client, code, verifier }) => tokenRequest(bridge.url, redemption(client, code, verifier)),
    },
    {
      what: 'a spent refresh token comes again',
      reason: 'reused',
      by: 'client',
      forgets: true,
      how: async ({ client, tokens }) => {
        tokensOf(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token)));
        bridge.advance(MINUTE + 1);
        return tokenRequest(bridge.url, refreshing(client, tokens.refresh_token));
      },
    },
  ];

  for (const { what, reason, by, forgets, how } of ends) {
    const consents = forgets ? 'forgets' : 'keeps';
    it(`because ${what} is told as ${reason} by ${by}, is complete here and at GitHub, and ${consents} consents`, async () => {
      const member = await joins();
      assert.equal(await isAlive(member), true);
      assert.equal(liveAtGithub(member).length, 1);
      // A client that is gone cannot ask again: then another one does, whose session has ended before.
      const asks = reason === 'client_removed' ? await anotherConsentOf(member) : member;
      const told = bridge.eventsOf('grant.ended').length;
      await how(member);
      const ended = bridge
        .eventsOf('grant.ended')
        .slice(told)
        .filter(({ clientId }) => clientId === member.client.client_id);
      assert.deepEqual(
        ended.map((event) => ({ reason: event.reason, by: event.by })),
        [{ reason, by }],
      );
      assert.equal(await isAlive(member), false);
      await bridge.bridge.revocations.idle();
      assert.deepEqual(liveAtGithub(member), []);
      assert.equal(await isRemembered(asks), !forgets);
    });
  }

  it('leaves GitHub’s token to the other sessions of the person, until the last of them ends', async () => {
    const member = await joins();
    const other = await register(bridge.url);
    const otherTokens = await logIn(bridge.url, other, { login: member.login });
    await revoke(member.client, member.tokens);
    await bridge.bridge.revocations.idle();
    assert.equal(liveAtGithub(member).length > 0, true);
    assert.equal(await isAlive({ tokens: otherTokens }), true);
    await revoke(other, otherTokens);
    await bridge.bridge.revocations.idle();
    assert.deepEqual(liveAtGithub(member), []);
  });

  it('that was over before is told of no second time', async () => {
    const { client, tokens } = await joins();
    await revoke(client, tokens);
    const told = bridge.eventsOf('grant.ended').length;
    assert.equal((await revoke(client, tokens)).status, 200);
    assert.equal(bridge.eventsOf('grant.ended').length, told);
  });

  it('of one client leaves the other sessions and other people alone', async () => {
    const [member, bystander] = [await joins(), await joins()];
    const other = await logIn(bridge.url, await register(bridge.url), { login: member.login });
    const { sessionEnding } = bridge.bridge.services;
    const [session] = (await bridge.bridge.directory.search(member.client.client_id)).sessions;
    const { person = '' } = session?.grant.ref ?? {};
    assert.equal(await sessionEnding.endAll(person, 'client_removed', 'client', member.client.client_id), 1);
    assert.equal(await isAlive(member), false);
    assert.equal(await isAlive({ tokens: other }), true);
    assert.equal(await isAlive(bystander), true);
  });
});
