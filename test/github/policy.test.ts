// Who may use the bridge: checked at each login and at each refresh, by the numeric id of the account. Nobody is admitted, and
// no session ends, because GitHub could not be asked.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { SimulatedMembership } from '../../demo/github/index.ts';
import { bridgeFor, onBothStores, type TestBridge, type TestBridgeOptions } from '../support/bridge.ts';
import { authorizeInBrowser, callTool, register } from '../support/oauth.ts';
import { connect, loginIn, SHORT, USER, withLongTokens } from './fixtures.ts';

const ORGANIZATION: SimulatedMembership = { login: 'octo-org', id: 9_919_001, private: true, teams: ['core'] };

onBothStores('the policy', (store) => {
  const start = (t: TestContext, env: Record<string, string>, options: Partial<TestBridgeOptions> = {}) =>
    bridgeFor(t, withLongTokens({ store, timeouts: SHORT, env, ...options }));

  /** Fails unless a login ends on the page that says why, and with access_denied for the client. */
  async function isRefused(bridge: TestBridge, login: string): Promise<void> {
    const { answer, response } = await authorizeInBrowser(bridge.url, await register(bridge.url), { login });
    assert.equal(answer.status, 403, login);
    assert.match(answer.text, /This account may not sign in here/);
    assert.ok(answer.text.includes(login), 'the page names the account');
    assert.equal(response.get('error'), 'access_denied');
    assert.equal(response.get('state'), 'state-of-the-client');
    assert.equal(response.get('iss'), bridge.url);
    await bridge.bridge.revocations.idle();
    assert.deepEqual(bridge.github.liveTokens({ account: login }), []);
  }

  describe('of ALLOWED_GITHUB_USERS', () => {
    it('admits those named by login, in whatever case, or by id', async (t) => {
      const bridge = await start(t, { ALLOWED_GITHUB_USERS: 'OctoCat, id:2345101' });
      for (const login of ['octocat', 'monalisa'])
        assert.equal(loginIn(await (await connect(bridge, { login })).profile()), login);
      await isRefused(bridge, 'hubot');
    });

    it('names people, not logins: a renamed person stays admitted, and whoever takes over the login is refused', async (t) => {
      const bridge = await start(t, { ALLOWED_GITHUB_USERS: 'octocat' });
      const person = await connect(bridge);
      bridge.github.renameAccount('octocat', 'octocat-renamed');
      bridge.github.renameAccount('hubot', 'octocat');
      assert.equal((await person.refresh()).status, 200);
      await person.logInAgain({ login: 'octocat-renamed' });
      assert.equal(loginIn(await person.profile()), 'octocat-renamed');
      const { id } = bridge.github.account('octocat-renamed');
      assert.equal((await bridge.store.sessions.list(bridge.bridge.personTag(id))).length, 2, 'one person all along');
      await isRefused(bridge, 'octocat');
    });

    it('asks GitHub nothing at a refresh when the person is named', async (t) => {
      const bridge = await start(t, { ALLOWED_GITHUB_USERS: 'octocat' });
      const person = await connect(bridge);
      bridge.github.clearCalls();
      assert.equal((await person.refresh()).status, 200);
      assert.deepEqual(bridge.github.calls, []);
    });
  });

  describe('of ALLOWED_GITHUB_ORGS', () => {
    it('admits members, private ones too; read:org is asked of GitHub and not put into the token', async (t) => {
      const bridge = await start(t, { ALLOWED_GITHUB_ORGS: 'octo-org' });
      const person = await connect(bridge, { login: 'monalisa' });
      assert.equal(person.tokens.scope, 'read:user');
      assert.equal(bridge.github.callsTo('GET', '/login/oauth/authorize')[0]?.scope, 'read:user read:org');
      assert.equal(loginIn(await person.profile()), 'monalisa');
      await isRefused(bridge, 'hubot'); // invited, and has not accepted
    });

    it('admits members of any of the organisations', async (t) => {
      const bridge = await start(t, { ALLOWED_GITHUB_ORGS: 'hidden-lab,octo-org' });
      assert.equal(loginIn(await (await connect(bridge)).profile()), 'octocat');
    });

    it('admits only members of the team where one is named', async (t) => {
      const bridge = await start(t, { ALLOWED_GITHUB_ORGS: 'hidden-lab/research' });
      assert.equal(loginIn(await (await connect(bridge, { login: 'monalisa' })).profile()), 'monalisa');
      await isRefused(bridge, 'octocat');
    });

    it('refuses a member whose organisation does not show its members to the app', async (t) => {
      const bridge = await start(t, { ALLOWED_GITHUB_ORGS: 'octo-org' });
      bridge.github.addToOrganization('octocat', { ...ORGANIZATION, restrictsApps: true });
      await isRefused(bridge, 'octocat');
    });

    it('refuses a member who did not grant read:org', async (t) => {
      const bridge = await start(t, { ALLOWED_GITHUB_ORGS: 'octo-org' });
      bridge.github.grantNext({ scopes: ['read:user'], account: 'monalisa' });
      await isRefused(bridge, 'monalisa');
    });

    it('admits members whom a GitHub App with the permission sees', async (t) => {
      const bridge = await start(
        t,
        { ALLOWED_GITHUB_ORGS: 'octo-org/core' },
        { app: { kind: 'github-app', permissions: ['profile', 'members'] } },
      );
      assert.equal(loginIn(await (await connect(bridge, { login: 'monalisa' })).profile()), 'monalisa');
      await isRefused(bridge, 'hubot');
    });

    it('admits also those whom ALLOWED_GITHUB_USERS names', async (t) => {
      const bridge = await start(t, { ALLOWED_GITHUB_ORGS: 'hidden-lab', ALLOWED_GITHUB_USERS: 'hubot' });
      assert.equal(loginIn(await (await connect(bridge, { login: 'hubot' })).profile()), 'hubot');
    });
  });

  describe('at each refresh', () => {
    it('refuses a person who left the organisation, and ends each of their sessions', async (t) => {
      const bridge = await start(t, { ALLOWED_GITHUB_ORGS: 'octo-org' });
      const [person, other] = [
        await connect(bridge, { login: 'monalisa' }),
        await connect(bridge, { login: 'monalisa' }),
      ];
      assert.equal((await person.refresh()).status, 200);
      bridge.github.removeFromOrganization('monalisa', 'octo-org');
      const refused = await person.refresh();
      assert.equal(refused.status, 400);
      assert.equal(refused.body.error, 'invalid_grant');
      assert.equal((await person.profile()).status, 401, 'the access token is dead too');
      assert.deepEqual(
        bridge.eventsOf('grant.ended').map(({ clientId, reason }) => [clientId, reason]),
        [[person.client.client_id, 'not_allowed']],
      );
      assert.equal((await other.refresh()).body.error, 'invalid_grant');
      await bridge.bridge.revocations.idle();
      assert.deepEqual(bridge.github.liveTokens(), []);
      await isRefused(bridge, 'monalisa');
    });

    it('asks for the present login: a renamed team member stays, and a new owner of an old login does not keep anybody in', async (t) => {
      const bridge = await start(t, { ALLOWED_GITHUB_ORGS: 'octo-org/core' });
      const [octocat, monalisa] = [await connect(bridge), await connect(bridge, { login: 'monalisa' })];
      bridge.github.renameAccount('octocat', 'octocat-renamed');
      assert.equal((await octocat.refresh()).status, 200);
      // monalisa leaves the organisation, and a member of the team takes over her login.
      bridge.github.renameAccount('monalisa', 'monalisa-renamed');
      bridge.github.removeFromOrganization('monalisa-renamed', 'octo-org');
      bridge.github.addToOrganization('monalisa-renamed', { ...ORGANIZATION, teams: [] });
      bridge.github.renameAccount('octocat-renamed', 'monalisa');
      assert.equal((await monalisa.refresh()).body.error, 'invalid_grant');
      assert.equal((await octocat.refresh()).status, 200);
    });

    for (const fault of [
      { kind: 'status', status: 500 },
      { kind: 'primary-rate-limit' },
      { kind: 'secondary-rate-limit' },
      { kind: 'drop' },
      { kind: 'hang' },
      { kind: 'malformed' },
    ] as const) {
      it(`rotates nothing when GitHub cannot be asked: ${fault.kind}`, async (t) => {
        const bridge = await start(t, { ALLOWED_GITHUB_ORGS: 'octo-org' });
        const person = await connect(bridge);
        const path = `${USER}/memberships/orgs/octo-org`;
        const before = person.tokens.refresh_token;
        bridge.github.fault({ ...fault, path, times: Number.POSITIVE_INFINITY });
        const undecided = await person.refresh();
        assert.equal(undecided.status, 503);
        assert.equal(undecided.body.error, 'temporarily_unavailable');
        assert.ok(Number(undecided.headers.get('retry-after')) > 0);
        assert.equal(loginIn(await person.profile()), 'octocat', 'the session goes on');
        bridge.github.clearFaults();
        assert.equal(person.tokens.refresh_token, before);
        bridge.advance(120); // longer than a refresh token may be repeated
        assert.equal((await person.refresh()).status, 200, 'the same refresh token is still good');
        assert.deepEqual(bridge.eventsOf('refresh_token.repeated'), []);
      });
    }

    it('ends no session of a team member when GitHub cannot be asked for the present login', async (t) => {
      const bridge = await start(t, { ALLOWED_GITHUB_ORGS: 'octo-org/core' });
      const person = await connect(bridge);
      bridge.github.fault({ kind: 'secondary-rate-limit', path: USER });
      assert.equal((await person.refresh()).status, 503);
      assert.equal((await person.refresh()).status, 200);
    });

    it('needs no answer of one organisation when another one says yes', async (t) => {
      const bridge = await start(t, { ALLOWED_GITHUB_ORGS: 'hidden-lab,octo-org' });
      const person = await connect(bridge, { login: 'monalisa' });
      bridge.github.fault({ kind: 'malformed', path: `${USER}/memberships/orgs/hidden-lab` });
      assert.equal((await person.refresh()).status, 200);
    });

    it('ends the session as revoked when its token is dead at GitHub', async (t) => {
      const bridge = await start(t, { ALLOWED_GITHUB_ORGS: 'octo-org' });
      const person = await connect(bridge);
      await bridge.github.revokeAuthorization('octocat', 'Ov23liTestApp');
      assert.equal((await person.refresh()).body.error, 'invalid_grant');
      assert.deepEqual(
        bridge.eventsOf('grant.ended').map(({ reason }) => reason),
        ['upstream_revoked'],
      );
    });
  });

  it('of ADMIN_GITHUB_USERS names people, not logins: the administrator is the first person who used the login', async (t) => {
    const bridge = await start(t, { ADMIN_GITHUB_USERS: 'octocat' });
    const octocat = await connect(bridge, { scope: 'read:user bridge:admin' });
    bridge.github.renameAccount('octocat', 'octocat-renamed');
    bridge.github.renameAccount('hubot', 'octocat');
    const impostor = await connect(bridge, { login: 'octocat' });
    const count = (token: string) => callTool(bridge.url, token, 'get_session_stats');
    assert.equal((await count(octocat.tokens.access_token)).result?.structuredContent?.sessions, 2);
    assert.equal((await count(impostor.tokens.access_token)).result?.structuredContent, undefined);
  });
});
