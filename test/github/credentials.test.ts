// GitHub tokens that expire: they are refreshed before they do. A session ends only when GitHub says that its token is dead.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { bridgeFor, CLIENT_ID, onBothStores, type TestBridge, type TestBridgeOptions } from '../support/bridge.ts';
import {
  callStateless,
  connect,
  GITHUB_APP,
  GITHUB_TOKEN_TTL,
  HOUR,
  loginIn,
  refreshes,
  SHORT,
  TOKEN_ENDPOINT,
  troubleIn,
  USER,
  withLongTokens,
} from './fixtures.ts';

/** Seconds after a login at which GitHub's token is due to be refreshed but has not expired. */
const DUE = GITHUB_TOKEN_TTL - 200;
/** Seconds after a login at which GitHub's token has expired. */
const EXPIRED = GITHUB_TOKEN_TTL + 1;

onBothStores('expiring GitHub tokens', (store) => {
  const start = (t: TestContext, options: Omit<TestBridgeOptions, 'store'> = {}) =>
    bridgeFor(t, withLongTokens({ store, app: GITHUB_APP, timeouts: SHORT, ...options }));

  it('are refreshed before they expire, not after', async (t) => {
    const bridge = await start(t);
    const person = await connect(bridge);
    assert.equal(bridge.github.liveTokens()[0]?.token.slice(0, 4), 'ghu_');
    bridge.advance(GITHUB_TOKEN_TTL - 400);
    assert.equal(loginIn(await person.profile()), 'octocat');
    assert.equal(refreshes(bridge), 0);
    bridge.advance(200);
    assert.equal(loginIn(await person.profile()), 'octocat');
    assert.equal(refreshes(bridge), 1);
    assert.equal(bridge.github.callsTo('GET', USER).filter(({ status }) => status === 401).length, 0);
    assert.equal(loginIn(await person.profile()), 'octocat');
    assert.equal(refreshes(bridge), 1);
  });

  it('keep a session alive for months', async (t) => {
    const bridge = await start(t);
    const person = await connect(bridge);
    for (let week = 0; week < 12; week++) {
      bridge.advance(7 * 24 * HOUR);
      assert.equal((await person.refresh()).status, 200, `week ${week}`);
      await bridge.bridge.maintain();
      assert.equal(loginIn(await person.profile()), 'octocat', `week ${week}`);
    }
    assert.equal(refreshes(bridge), 12);
    assert.equal(bridge.github.liveTokens().length, 1);
  });

  it("are recognized by GitHub's answer: an OAuth App that opted in has them too", async (t) => {
    const bridge = await start(t, { app: { kind: 'oauth-app', expiringTokens: true } });
    const person = await connect(bridge);
    assert.equal(bridge.github.liveTokens()[0]?.token.slice(0, 4), 'gho_');
    bridge.advance(DUE);
    assert.equal(loginIn(await person.profile()), 'octocat');
    assert.equal(refreshes(bridge), 1);
  });

  it("are recognized by GitHub's answer: a GitHub App that opted out has none, and nothing is refreshed", async (t) => {
    const bridge = await start(t, { app: { ...GITHUB_APP, expiringTokens: false } });
    const person = await connect(bridge);
    bridge.advance(29 * 24 * HOUR);
    assert.equal(loginIn(await person.profile()), 'octocat');
    assert.equal(refreshes(bridge), 0);
  });

  it('that live shorter than usual are not refreshed at every call', async (t) => {
    const bridge = await start(t, { app: { ...GITHUB_APP, accessTokenSeconds: 120 } });
    const person = await connect(bridge);
    for (const seconds of [0, 30, 20]) {
      bridge.advance(seconds);
      assert.equal(loginIn(await person.profile()), 'octocat');
    }
    assert.equal(refreshes(bridge), 0);
    bridge.advance(11);
    assert.equal(loginIn(await person.profile()), 'octocat');
    assert.equal(loginIn(await person.profile()), 'octocat');
    assert.equal(refreshes(bridge), 1);
  });

  describe('when GitHub does not answer a refresh', () => {
    it('are used while they live, and GitHub is asked again after 30 seconds only', async (t) => {
      const bridge = await start(t);
      const person = await connect(bridge);
      bridge.advance(DUE);
      bridge.github.fault({ kind: 'status', status: 503, path: TOKEN_ENDPOINT, times: Number.POSITIVE_INFINITY });
      assert.equal(loginIn(await person.profile()), 'octocat');
      assert.equal(loginIn(await person.profile()), 'octocat');
      assert.equal(refreshes(bridge), 1);
      bridge.advance(31);
      assert.equal(loginIn(await person.profile()), 'octocat');
      assert.equal(refreshes(bridge), 2);
      bridge.github.clearFaults();
      bridge.advance(31);
      assert.equal(loginIn(await person.profile()), 'octocat');
      assert.equal(refreshes(bridge), 3);
      bridge.advance(GITHUB_TOKEN_TTL / 2);
      assert.equal(loginIn(await person.profile()), 'octocat');
      assert.equal(refreshes(bridge), 3);
    });

    for (const fault of [
      { kind: 'status', status: 502 },
      { kind: 'status', status: 429, headers: { 'retry-after': '17' } },
      { kind: 'drop' },
      { kind: 'malformed', content: 'html' },
      { kind: 'malformed', content: 'truncated-json' },
      { kind: 'malformed', content: 'empty' },
    ] as const) {
      const { kind, ...how } = fault;
      it(`keep the session even when they have expired: ${kind} ${Object.values(how)[0] ?? ''}`, async (t) => {
        const bridge = await start(t);
        const person = await connect(bridge);
        bridge.advance(EXPIRED);
        bridge.github.fault({ ...fault, path: TOKEN_ENDPOINT });
        const answer = await person.profile();
        assert.equal(answer.status, 200);
        const wait = 'headers' in fault ? '17' : '30';
        assert.equal(
          troubleIn(answer),
          `GitHub could not renew the access; the session is kept. Try again in ${wait} seconds.`,
        );
        bridge.github.clearFaults();
        assert.equal(loginIn(await person.profile()), 'octocat');
        assert.equal(bridge.eventsOf('grant.ended').length, 0);
      });
    }

    it('fail the call before the client gives it up, and keep the session', async (t) => {
      const bridge = await start(t);
      const person = await connect(bridge);
      bridge.advance(EXPIRED);
      bridge.github.fault({ kind: 'hang', path: TOKEN_ENDPOINT });
      assert.match(troubleIn(await person.profile()) ?? '', /the session is kept/);
      assert.equal(bridge.eventsOf('grant.ended').length, 0);
    });

    it('need a new login when GitHub had renewed them and the answer was lost', async (t) => {
      const bridge = await start(t);
      const person = await connect(bridge);
      bridge.advance(EXPIRED);
      bridge.github.fault({ kind: 'drop', when: 'after', path: TOKEN_ENDPOINT });
      assert.match(troubleIn(await person.profile()) ?? '', /the session is kept/);
      const after = await person.profile();
      assert.equal(after.status, 401);
      assert.match(after.headers.get('www-authenticate') ?? '', /error="invalid_token"/);
      assert.equal((await person.refresh()).body.error, 'invalid_grant');
      await person.logInAgain();
      assert.equal(loginIn(await person.profile()), 'octocat');
    });
  });

  describe('when GitHub refuses a refresh', () => {
    const refuse = (error: string) => ({ kind: 'status', status: 200, body: { error }, path: TOKEN_ENDPOINT }) as const;

    it('are used while they live, and no grant ends', async (t) => {
      const bridge = await start(t);
      const person = await connect(bridge);
      bridge.advance(DUE);
      bridge.github.fault(refuse('bad_refresh_token'));
      for (let call = 0; call < 3; call++) assert.equal(loginIn(await person.profile()), 'octocat');
      assert.equal(refreshes(bridge), 1, 'a refused refresh token is not sent again');
      assert.equal(bridge.eventsOf('grant.ended').length, 0);
      assert.equal((await person.refresh()).status, 200);
    });

    it('end their grants once they have expired, and the client gets 401', async (t) => {
      const bridge = await start(t);
      const [person, other] = [await connect(bridge), await connect(bridge)];
      const somebodyElse = await connect(bridge, { login: 'hubot' });
      bridge.github.revokeToken(tokenOf(bridge, 'octocat', 1));
      bridge.advance(EXPIRED);
      bridge.github.clearCalls();
      const answer = await person.profile();
      assert.equal(answer.status, 401);
      assert.match(answer.headers.get('www-authenticate') ?? '', /error="invalid_token"/);
      assert.equal(refreshes(bridge), 1);
      assert.equal((await callStateless(bridge, other.tokens.access_token, 'get_auth_status')).status, 401);
      assert.deepEqual(
        new Map(bridge.eventsOf('grant.ended').map(({ clientId, reason }) => [clientId, reason])),
        new Map([person, other].map(({ client }) => [client.client_id, 'upstream_revoked'])),
      );
      assert.equal(loginIn(await somebodyElse.profile()), 'hubot');
    });

    it('keep the session when the refusal is about the app, not about the token', async (t) => {
      const bridge = await start(t);
      const person = await connect(bridge);
      bridge.advance(EXPIRED);
      bridge.github.app(CLIENT_ID).clientSecret = 'rotated by the operator';
      assert.match(troubleIn(await person.profile()) ?? '', /the session is kept/);
      bridge.github.app(CLIENT_ID).clientSecret = 'simulated-client-secret';
      assert.equal(loginIn(await person.profile()), 'octocat');
    });
  });
});

/** The live token of an account at this index, the oldest first. */
function tokenOf(bridge: TestBridge, account: string, index: number): string {
  return bridge.github.liveTokens({ account })[index]?.token ?? '';
}
