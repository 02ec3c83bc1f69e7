// New token pairs: one request to GitHub at a time for a credential, and the pair is stored before it is used, whatever
// else happens meanwhile. (credentials-replicas.test.ts has the same for two processes, token-reset.test.ts for resets.)
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { TIMEOUTS } from '../../src/github/timeouts.ts';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import { bridgeFor, onBothStores, type TestBridge, type TestBridgeOptions } from '../support/bridge.ts';
import { until } from '../support/until.ts';
import { overriding } from '../threats/attack.ts';
import {
  connect,
  GITHUB_APP,
  GITHUB_TOKEN_TTL,
  loginIn,
  refreshes,
  SHORT,
  TOKEN_ENDPOINT,
  troubleIn,
  withLongTokens,
} from './fixtures.ts';

/** Seconds after a login at which GitHub's token is due to be refreshed but has not expired. */
const DUE = GITHUB_TOKEN_TTL - 200;
/** Seconds after a login at which GitHub's token has expired. */
const EXPIRED = GITHUB_TOKEN_TTL + 1;

onBothStores('new pairs of expiring GitHub tokens', (store) => {
  const start = (t: TestContext, options: Omit<TestBridgeOptions, 'store'> = {}) =>
    bridgeFor(t, withLongTokens({ store, app: GITHUB_APP, timeouts: SHORT, ...options }));

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
    credentials: overriding(store.credentials, {
      replaceTokens: async (...args) => act(() => store.credentials.replaceTokens(...args)),
    }),
  });
}
