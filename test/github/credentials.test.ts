// GitHub tokens that expire: they are refreshed before they do, once, and stored before they are used. A session ends only
// when GitHub says that its token is dead.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { TIMEOUTS } from '../../src/github/timeouts.ts';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import { bridgeFor, CLIENT_ID, onBothStores, type TestBridge, type TestBridgeOptions } from '../support/bridge.ts';
import { until } from '../support/until.ts';
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

  it('are refreshed once under fifty parallel calls', async (t) => {
    const bridge = await start(t, { timeouts: TIMEOUTS, app: { ...GITHUB_APP, permissions: ['contents'] } });
    const person = await connect(bridge, { scope: 'repo' });
    bridge.advance(EXPIRED);
    const refresh = bridge.github.nextCall('POST', TOKEN_ENDPOINT);
    bridge.github.fault({ kind: 'hang', path: TOKEN_ENDPOINT });
    const calls = Array.from({ length: 50 }, (_, index) => person.call('list_repositories', { page: index + 1 }));
    await refresh;
    bridge.github.clearFaults();
    for (const answer of await Promise.all(calls)) assert.equal(troubleIn(answer), undefined);
    assert.equal(refreshes(bridge), 1);
    assert.equal(bridge.github.callsTo('GET', '/api/v3/user/repos').length, 50);
  });

  it('are stored before they are used', async (t) => {
    const gate = Promise.withResolvers<void>();
    const atTheGate = Promise.withResolvers<void>();
    const bridge = await start(t, {
      wrapStore: onReplacing(async (replace) => {
        atTheGate.resolve();
        await gate.promise;
        return replace();
      }),
    });
    const person = await connect(bridge);
    bridge.advance(DUE);
    bridge.github.clearCalls();
    const call = person.profile();
    await atTheGate.promise;
    assert.deepEqual(
      bridge.github.calls.map(({ path }) => path),
      [TOKEN_ENDPOINT],
    );
    gate.resolve();
    assert.equal(loginIn(await call), 'octocat');
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

  describe('when the store fails after GitHub has answered', () => {
    it('are stored as soon as it is back, and nobody is logged out', async (t) => {
      let failures = 3;
      const bridge = await start(t, {
        wrapStore: onReplacing((replace) => {
          if (failures-- > 0) throw new StoreUnavailable('down for a moment');
          return replace();
        }),
      });
      const person = await connect(bridge);
      bridge.advance(EXPIRED);
      assert.equal(loginIn(await person.profile()), 'octocat');
      assert.equal(refreshes(bridge), 1);
    });

    it('are kept when the store had written them and its answer was lost', async (t) => {
      let lost = false;
      const bridge = await start(t, {
        wrapStore: onReplacing(async (replace) => {
          const written = await replace();
          if (lost) return written;
          lost = true;
          throw new StoreUnavailable('written, but the answer is lost');
        }),
      });
      const person = await connect(bridge);
      bridge.advance(EXPIRED);
      assert.equal(loginIn(await person.profile()), 'octocat');
      await bridge.bridge.revocations.idle();
      assert.equal(loginIn(await person.profile()), 'octocat');
      assert.equal(refreshes(bridge), 1);
    });
  });

  describe('that are being refreshed', () => {
    async function refreshUnderWay(
      bridge: TestBridge,
      meanwhile: () => Promise<unknown>,
      call: () => Promise<unknown>,
    ) {
      const arrived = bridge.github.nextCall('POST', TOKEN_ENDPOINT);
      bridge.github.fault({ kind: 'hang', when: 'after', path: TOKEN_ENDPOINT });
      const answered = call();
      await arrived;
      await meanwhile();
      bridge.github.clearFaults();
      const answer = await answered;
      await bridge.bridge.revocations.idle();
      return answer;
    }

    it('leave nothing alive at GitHub when the last grant ends meanwhile', async (t) => {
      const bridge = await start(t, { timeouts: { ...SHORT, oauth: 5000 } });
      const person = await connect(bridge);
      bridge.advance(DUE);
      await refreshUnderWay(
        bridge,
        () => person.revoke(),
        () => person.profile(),
      );
      // The call ended with its session; the refresh that it began goes on to its end.
      await until(() => bridge.github.liveTokens().length === 0, { what: 'the end of the new tokens' });
      assert.equal((await person.profile()).status, 401);
    });

    it('are replaced by those of a login meanwhile, the only ones that stay alive at GitHub', async (t) => {
      const bridge = await start(t, { timeouts: { ...SHORT, oauth: 5000 } });
      const person = await connect(bridge);
      bridge.advance(DUE);
      let other: Awaited<ReturnType<typeof connect>> | undefined;
      await refreshUnderWay(
        bridge,
        async () => {
          other = await connect(bridge);
        },
        () => person.profile(),
      );
      assert.equal(loginIn(await person.profile()), 'octocat');
      assert.ok(other !== undefined);
      assert.equal(loginIn(await other.profile()), 'octocat');
      assert.equal(bridge.github.liveTokens().length, 1);
    });
  });
});

/** Wraps `credentials.replaceTokens` of a store. */
function onReplacing(act: (replace: () => Promise<boolean>) => Promise<boolean>): (store: Store) => Store {
  return (store) => ({
    ...store,
    credentials: {
      read: (...args) => store.credentials.read(...args),
      end: (...args) => store.credentials.end(...args),
      replaceTokens: async (...args) => act(() => store.credentials.replaceTokens(...args)),
    },
  });
}

/** The live token of an account at this index, the oldest first. */
function tokenOf(bridge: TestBridge, account: string, index: number): string {
  return bridge.github.liveTokens({ account })[index]?.token ?? '';
}
