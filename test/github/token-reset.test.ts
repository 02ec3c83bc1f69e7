// The reset at GitHub: when a session ends that sent the GitHub token to another MCP server, and other sessions use the same
// token, that token ends, and the other sessions go on with a new one.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { SimulatedApp } from '../../demo/github/index.ts';
import { TIMEOUTS } from '../../src/github/timeouts.ts';
import { EventBus } from '../../src/observe/events.ts';
import { wire } from '../../src/wiring.ts';
import { bridgeFor, CLIENT_ID, onBothStores, type TestBridge, type TestBridgeOptions } from '../support/bridge.ts';
import { until } from '../support/until.ts';
import { sidOf } from '../threats/attack.ts';
import {
  type Connected,
  connect,
  connectToServerBehind,
  GITHUB_APP,
  GITHUB_TOKEN_TTL,
  HOUR,
  loginIn,
  refreshes,
  SERVER_BEHIND,
  SHORT,
  TOKEN_ENDPOINT,
  troubleIn,
  withLongTokens,
} from './fixtures.ts';

const TOKEN_MANAGEMENT = `/api/v3/applications/${CLIENT_ID}/token`;
const ALWAYS = Number.POSITIVE_INFINITY;

/** Apps by the kind of their tokens, and the address at GitHub that replaces a token. */
const APPS: readonly (readonly [string, Partial<SimulatedApp>, string])[] = [
  ['tokens of an OAuth App', {}, TOKEN_MANAGEMENT],
  ['tokens of a GitHub App that expire', { ...GITHUB_APP, permissions: ['profile', 'contents'] }, TOKEN_ENDPOINT],
];

onBothStores('the reset of a token that another server may hold', (store) => {
  /** Tests in which GitHub hangs until they say so have the time limits of production: a busy machine takes long, too. */
  const start = (t: TestContext, options: Omit<TestBridgeOptions, 'store'> = {}) =>
    bridgeFor(t, withLongTokens({ store, timeouts: SHORT, env: SERVER_BEHIND, ...options }));

  const alive = ({ github }: TestBridge) => github.liveTokens().map(({ token }) => token);
  const outcomes = (bridge: TestBridge) => bridge.eventsOf('credential.reset').map(({ outcome }) => outcome);
  const resets = ({ github }: TestBridge) => github.callsTo('PATCH', TOKEN_MANAGEMENT).length;
  /** How many token pairs GitHub replaced. */
  const renewals = ({ github }: TestBridge) =>
    [...github.callsTo('PATCH', TOKEN_MANAGEMENT), ...github.callsTo('POST', TOKEN_ENDPOINT)].filter(
      ({ status, grantType, error }) => status === 200 && grantType !== 'authorization_code' && error === undefined,
    ).length;
  const dueAt = (bridge: TestBridge, { tokens }: Connected) => bridge.store.revocations.resets(sidOf(tokens).person);

  /** Two sessions of one credential: one that stays, and one whose end makes a reset due. */
  async function twoSessions(bridge: TestBridge, scope?: string) {
    const options = scope === undefined ? {} : { scope };
    const stays = await connect(bridge, options);
    const sends = await connectToServerBehind(bridge, options);
    return { stays, sends, held: alive(bridge) };
  }

  /** Another replica, over the same store. */
  async function anotherReplica(t: TestContext, bridge: TestBridge, events = new EventBus()) {
    const replica = await wire(bridge.config, { store: bridge.store, events, now: bridge.now });
    t.after(() => replica.close());
    return replica;
  }

  /** The other session works, with a token that the server does not hold, and nothing is left to do. */
  async function assertReset(bridge: TestBridge, stays: Connected, held: readonly string[]) {
    assert.equal(loginIn(await stays.profile()), 'octocat');
    assert.equal(alive(bridge).length, 1);
    assert.deepEqual(
      alive(bridge).filter((token) => held.includes(token)),
      [],
    );
    assert.deepEqual(await dueAt(bridge, stays), []);
    assert.deepEqual(await bridge.store.revocations.pending(sidOf(stays.tokens).person), []);
  }

  for (const [what, app, address] of APPS)
    describe(`of ${what}`, () => {
      it('ends every token that the session may have sent, at once, and the other sessions go on', async (t) => {
        const bridge = await start(t, { app });
        const { stays, sends, held } = await twoSessions(bridge);
        assert.equal(held.length, 2);
        await sends.revoke();
        await assertReset(bridge, stays, held);
        assert.deepEqual(outcomes(bridge), ['reset']);
        assert.match(
          bridge.log(),
          /"audit":true[^\n]*"event":"credential.reset"|"event":"credential.reset"[^\n]*"audit":true/,
        );
        assert.equal(bridge.eventsOf('grant.ended').length, 1);
        assert.equal((await stays.refresh()).status, 200);
        await stays.revoke();
        assert.deepEqual(alive(bridge), []);
      });

      it('keeps calls waiting that come while the old token is dead and the new one not stored', async (t) => {
        const bridge = await start(t, { timeouts: TIMEOUTS, app: { ...app, permissions: ['profile', 'contents'] } });
        const { stays, sends, held } = await twoSessions(bridge, 'repo');
        const asked = bridge.github.nextCall('*', address);
        bridge.github.fault({
          kind: 'hang',
          when: 'after',
          path: address,
          method: address === TOKEN_ENDPOINT ? 'POST' : 'PATCH',
        });
        const ended = sends.revoke();
        await asked;
        const other = await anotherReplica(t, bridge);
        const { credential } = (await bridge.store.sessions.read(sidOf(stays.tokens))) ?? {};
        assert.ok(credential);
        const refused = () => bridge.github.calls.filter(({ status }) => status === 401).length;
        const calls = Array.from({ length: 20 }, (_, index) => stays.call('list_repositories', { page: index + 1 }));
        const elsewhere = Array.from({ length: 5 }, (_, index) =>
          other.github.get(credential, `/user/repos?page=${index + 50}`),
        );
        await until(() => refused() === 25, { what: 'GitHub to refuse the old token' });
        bridge.github.clearFaults();
        for (const answer of await Promise.all(calls)) assert.equal(troubleIn(answer), undefined);
        for (const { data } of await Promise.all(elsewhere)) assert.ok(Array.isArray(data));
        await ended;
        assert.equal(bridge.eventsOf('grant.ended').length, 1);
        await assertReset(bridge, stays, held);
      });

      it('is made later, by the sweeper, when GitHub is down', async (t) => {
        for (const fault of [{ kind: 'status', status: 503 }, { kind: 'drop' }, { kind: 'malformed' }] as const) {
          const bridge = await start(t, { app });
          const { stays, sends, held } = await twoSessions(bridge);
          bridge.github.fault({ ...fault, path: address, times: ALWAYS });
          await sends.revoke();
          assert.ok(held.includes(alive(bridge).at(-1) ?? ''), fault.kind);
          assert.equal(loginIn(await stays.profile()), 'octocat');
          bridge.advance(61);
          await bridge.bridge.maintain();
          assert.equal((await dueAt(bridge, stays)).length, 1, 'GitHub is still down');
          bridge.github.clearFaults();
          bridge.advance(61);
          await bridge.bridge.maintain();
          await assertReset(bridge, stays, held);
          assert.equal(outcomes(bridge).filter((outcome) => outcome === 'reset').length, 1);
          assert.equal(outcomes(bridge).length, 3, 'why it failed is audited, too');
        }
      });

      it('is made by another replica when the process ended before', async (t) => {
        const bridge = await start(t, { app });
        const { stays, sends, held } = await twoSessions(bridge);
        // The process ends after the store has ended the session.
        await bridge.store.sessions.end(sidOf(sends.tokens));
        assert.equal(alive(bridge).length, 2);
        const other = await anotherReplica(t, bridge);
        bridge.advance(HOUR);
        await other.maintain();
        await assertReset(bridge, stays, held);
      });

      it('is made once when replicas do it at once', async (t) => {
        const bridge = await start(t, { app });
        const { stays, sends, held } = await twoSessions(bridge);
        const other = await anotherReplica(t, bridge);
        const { person } = sidOf(stays.tokens);
        await bridge.store.sessions.end(sidOf(sends.tokens));
        for (const { revocations } of [bridge.bridge, other, bridge.bridge, other]) revocations.revokeUnused(person);
        await Promise.all([bridge.bridge.revocations.idle(), other.revocations.idle()]);
        await assertReset(bridge, stays, held);
        assert.equal(renewals(bridge), 1);
      });

      it('needs a new login, and nothing else ends, when the answer is lost after GitHub has done it', async (t) => {
        for (const noticedBy of ['a call', 'the sweeper']) {
          const bridge = await start(t, { app: { ...app, permissions: ['profile', 'contents'] } });
          const { stays, sends } = await twoSessions(bridge);
          const somebodyElse = await connect(bridge, { login: 'hubot' });
          bridge.github.fault({
            kind: 'drop',
            when: 'after',
            path: address,
            method: address === TOKEN_ENDPOINT ? 'POST' : 'PATCH',
          });
          await sends.revoke();
          assert.equal(bridge.eventsOf('grant.ended').length, 1, 'the lost answer itself ends nothing');
          bridge.advance(61);
          if (noticedBy === 'the sweeper') {
            await bridge.bridge.maintain();
            assert.equal(bridge.eventsOf('credential.dead').length, 1);
          }
          assert.equal((await stays.profile()).status, 401, noticedBy);
          assert.equal(bridge.eventsOf('credential.dead').length, 1);
          assert.equal(loginIn(await somebodyElse.profile()), 'hubot');
          await stays.logInAgain();
          assert.equal(loginIn(await stays.profile()), 'octocat');
          assert.deepEqual(await dueAt(bridge, stays), []);
        }
      });

      it('and logins at once leave no token alive that was sent', async (t) => {
        const bridge = await start(t, { app });
        const stays = await connect(bridge);
        for (let round = 0; round < 5; round++) {
          const sends = await connectToServerBehind(bridge);
          const held = alive(bridge);
          await Promise.all([sends.revoke(), connect(bridge)]);
          await bridge.bridge.revocations.idle();
          bridge.advance(HOUR);
          await bridge.bridge.maintain();
          assert.equal(loginIn(await stays.profile()), 'octocat');
          assert.deepEqual(
            alive(bridge).filter((token) => held.includes(token)),
            [],
            `round ${round}`,
          );
          assert.deepEqual(await dueAt(bridge, stays), []);
        }
      });

      it('is not needed after a login, whose tokens are new: the older ones are revoked', async (t) => {
        const bridge = await start(t, { app });
        const { stays, sends, held } = await twoSessions(bridge);
        bridge.github.fault({ kind: 'status', status: 503, path: address, times: 1 });
        await sends.revoke();
        await connect(bridge);
        bridge.advance(61);
        await bridge.bridge.maintain();
        await assertReset(bridge, stays, held);
        assert.equal(renewals(bridge), 0);
      });

      it('is not made when the last session ends: the tokens are revoked', async (t) => {
        const bridge = await start(t, { app });
        const { stays, sends } = await twoSessions(bridge);
        await stays.revoke();
        assert.equal(alive(bridge).length, 2, 'the end of a session without a recipient resets nothing');
        await sends.revoke();
        assert.deepEqual(alive(bridge), []);
        assert.deepEqual(outcomes(bridge), []);
      });
    });

  it('ends nothing when GitHub does not know the token and takes it all the same', async (t) => {
    for (const status of [404, 422]) {
      const bridge = await start(t);
      const { stays, sends, held } = await twoSessions(bridge);
      bridge.github.fault({ kind: 'status', status, path: TOKEN_MANAGEMENT, method: 'PATCH' });
      await sends.revoke();
      assert.equal(loginIn(await stays.profile()), 'octocat');
      assert.deepEqual(outcomes(bridge), ['unknown_token: GitHub does not know the token']);
      assert.equal(alive(bridge).length, 1, 'the superseded token is revoked');
      bridge.advance(HOUR);
      await bridge.bridge.maintain();
      await assertReset(bridge, stays, held);
    }
  });

  it('is given up when the token has died meanwhile, and calls that waited for it get 401', async (t) => {
    const bridge = await start(t, { timeouts: TIMEOUTS });
    const { stays, sends } = await twoSessions(bridge, 'repo');
    const asked = bridge.github.nextCall('PATCH', TOKEN_MANAGEMENT);
    bridge.github.fault({ kind: 'hang', path: TOKEN_MANAGEMENT, method: 'PATCH' });
    const ended = sends.revoke();
    await asked;
    await bridge.github.revokeAuthorization('octocat', CLIENT_ID);
    const calls = Array.from({ length: 10 }, (_, index) => stays.call('list_repositories', { page: index + 1 }));
    await until(() => bridge.github.calls.filter(({ status }) => status === 401).length === 10, { what: 'the 401s' });
    bridge.github.clearFaults();
    for (const { status, text } of await Promise.all(calls)) assert.equal(status, 401, text);
    await ended;
    assert.equal(bridge.eventsOf('credential.dead').length, 1);
    assert.equal(bridge.eventsOf('grant.ended').length, 2);
  });

  it('is not tried for one person after the other while GitHub is down, but for all when it is back', async (t) => {
    const bridge = await start(t);
    const both: Connected[] = [];
    const held: string[] = [];
    for (const login of ['octocat', 'hubot']) {
      both.push(await connect(bridge, { login }));
      const { tokens } = await connectToServerBehind(bridge, { login });
      held.push(bridge.github.liveTokens({ account: login }).at(-1)?.token ?? '');
      const { person, grant } = sidOf(tokens);
      await bridge.store.sessions.end({ person, grant });
      for (const { id } of await bridge.store.revocations.pending(person))
        await bridge.store.revocations.done(person, id);
    }
    bridge.github.fault({ kind: 'status', status: 503, path: TOKEN_MANAGEMENT, times: ALWAYS });
    bridge.advance(HOUR);
    await bridge.bridge.maintain();
    assert.equal(resets(bridge), 1);
    bridge.github.clearFaults();
    bridge.advance(61);
    await bridge.bridge.maintain();
    assert.equal(resets(bridge), 3);
    assert.deepEqual(
      alive(bridge).filter((token) => held.includes(token)),
      [],
    );
    for (const stays of both) assert.ok(loginIn(await stays.profile()));
  });

  it('ends nothing when GitHub refuses the app itself, and is tried again in an hour', async (t) => {
    const bridge = await start(t);
    const { stays, sends, held } = await twoSessions(bridge);
    bridge.github.app(CLIENT_ID).clientSecret = 'rotated by the operator';
    await sends.revoke();
    assert.equal(loginIn(await stays.profile()), 'octocat');
    bridge.github.app(CLIENT_ID).clientSecret = bridge.config.github.clientSecret;
    bridge.advance(61);
    await bridge.bridge.maintain();
    assert.equal(resets(bridge), 1);
    bridge.advance(HOUR);
    await bridge.bridge.maintain();
    await assertReset(bridge, stays, held);
  });

  it('leaves an expiring token alone whose refresh is refused, until it expires', async (t) => {
    const bridge = await start(t, { app: GITHUB_APP });
    const { stays, sends } = await twoSessions(bridge);
    const body = { error: 'bad_refresh_token' };
    bridge.github.fault({ kind: 'status', status: 200, body, path: TOKEN_ENDPOINT });
    await sends.revoke();
    assert.equal(loginIn(await stays.profile()), 'octocat');
    bridge.advance(HOUR);
    await bridge.bridge.maintain();
    assert.equal(refreshes(bridge), 1, 'a refused refresh token is not sent again');
    assert.equal(loginIn(await stays.profile()), 'octocat');
    bridge.advance(GITHUB_TOKEN_TTL);
    assert.equal((await stays.profile()).status, 401);
  });

  it('waits for a refresh that is under way, which does the same', async (t) => {
    const bridge = await start(t, { timeouts: TIMEOUTS, app: GITHUB_APP });
    const { stays, sends, held } = await twoSessions(bridge);
    bridge.advance(GITHUB_TOKEN_TTL - 200);
    const asked = bridge.github.nextCall('POST', TOKEN_ENDPOINT);
    bridge.github.fault({ kind: 'hang', path: TOKEN_ENDPOINT });
    const call = stays.profile();
    await asked;
    const events = new EventBus();
    let elsewhere = 0;
    events.on('credential.refreshed', () => elsewhere++);
    const other = await anotherReplica(t, bridge, events);
    const { person, grant } = sidOf(sends.tokens);
    assert.ok(await other.services.sessionEnding.end({ person, grant }, 'revoked', 'client'));
    bridge.bridge.revocations.revokeUnused(person);
    await until(async () => (await bridge.store.revocations.pending(person)).length === 1, { what: 'the mark' });
    bridge.github.clearFaults();
    assert.equal(loginIn(await call), 'octocat');
    await Promise.all([bridge.bridge.revocations.idle(), other.revocations.idle()]);
    await assertReset(bridge, stays, held);
    // Not the requests: both replicas revoke the superseded pair, and the second asks whether its refresh token is alive.
    assert.equal(bridge.eventsOf('credential.refreshed').length + elsewhere, 1);
  });

  it('leaves tokens alone that another app got, because only that app could reset them', async (t) => {
    const bridge = await start(t);
    const { stays, sends } = await twoSessions(bridge);
    const config = { ...bridge.config, github: { ...bridge.config.github, clientId: 'Iv1.another' } };
    const replica = await wire(config, { store: bridge.store, events: new EventBus(), now: bridge.now });
    t.after(() => replica.close());
    const { person, grant } = sidOf(sends.tokens);
    assert.ok(await replica.services.sessionEnding.end({ person, grant }, 'revoked', 'client'));
    await replica.revocations.idle();
    assert.deepEqual(bridge.github.callsTo('PATCH', /\/token$/), []);
    assert.equal((await dueAt(bridge, stays)).length, 1);
    assert.equal(loginIn(await stays.profile()), 'octocat');
  });

  it('comes with the expiry of the session, too', async (t) => {
    const bridge = await start(t);
    const { stays, held } = await twoSessions(bridge);
    bridge.advance(50 * 24 * HOUR);
    assert.equal((await stays.refresh()).status, 200);
    bridge.advance(11 * 24 * HOUR);
    await bridge.bridge.maintain();
    assert.deepEqual(
      bridge.eventsOf('grant.ended').map(({ reason }) => reason),
      ['expired'],
    );
    await assertReset(bridge, stays, held);
  });
});
