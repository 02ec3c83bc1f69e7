// Revocation at GitHub: the tokens of what ends here are revoked there, at once or as soon as GitHub answers.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createTokenSeal } from '../../src/github/token-seal.ts';
import { createSecrets } from '../../src/security/secrets.ts';
import { liveSession } from '../../src/store/conformance/fixtures.ts';
import { StoreUnavailable } from '../../src/store/store.ts';
import { createAgent } from '../support/agent.ts';
import { bridgeFor, CLIENT_ID, onBothStores, type TestBridgeOptions } from '../support/bridge.ts';
import { authorizeInBrowser, login, passGithub, register } from '../support/oauth.ts';
import { until } from '../support/until.ts';
import { overriding } from '../threats/attack.ts';
import {
  connect,
  DAY,
  GITHUB_APP,
  GITHUB_TOKEN_TTL,
  HOUR,
  loginIn,
  SHORT,
  TOKEN_ENDPOINT,
  USER,
  withLongTokens,
} from './fixtures.ts';

const TOKEN_MANAGEMENT = `/api/v3/applications/${CLIENT_ID}/token`;

onBothStores('the revocation at GitHub', (store) => {
  const start = (t: TestContext, options: Omit<TestBridgeOptions, 'store'> = {}) =>
    bridgeFor(t, withLongTokens({ store, timeouts: SHORT, ...options }));

  it('comes with the end of the last grant, not before', async (t) => {
    const bridge = await start(t);
    const [first, second] = [await connect(bridge), await connect(bridge)];
    const wider = await connect(bridge, { scope: 'repo' });
    await first.revoke();
    assert.equal((await first.profile()).status, 401);
    assert.equal(loginIn(await second.profile()), 'octocat');
    assert.deepEqual(bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT), []);
    await second.revoke();
    assert.deepEqual(
      bridge.github.liveTokens().map(({ scopes }) => scopes),
      [['read:user', 'repo']],
      'both tokens of the first scope set are gone, the one of the other lives',
    );
    assert.equal(loginIn(await wider.profile()), 'octocat');
    await wider.revoke();
    assert.deepEqual(bridge.github.liveTokens(), []);
    assert.ok(bridge.github.authorizedScopes('octocat', CLIENT_ID), 'the authorization is the person’s to end');
  });

  it("of one person's token leaves another person's alone", async (t) => {
    const bridge = await start(t);
    const [octocat, hubot] = [await connect(bridge), await connect(bridge, { login: 'hubot' })];
    await octocat.revoke();
    assert.equal(loginIn(await hubot.profile()), 'hubot');
    assert.equal(bridge.github.liveTokens().length, 1);
  });

  it('is tried again later, from the store, when GitHub was down', async (t) => {
    for (const fault of [{ kind: 'status', status: 503 }, { kind: 'drop' }, { kind: 'hang' }] as const) {
      const bridge = await start(t);
      const person = await connect(bridge);
      bridge.github.fault({ ...fault, path: TOKEN_MANAGEMENT });
      await person.revoke();
      assert.equal((await person.profile()).status, 401, 'here it has ended all the same');
      if (fault.kind !== 'hang') assert.equal(bridge.github.liveTokens().length, 1);
      bridge.github.clearFaults();
      await bridge.bridge.maintain();
      assert.equal(bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT).length, 1, 'not at once again');
      bridge.advance(61);
      await bridge.bridge.maintain();
      assert.deepEqual(bridge.github.liveTokens(), []);
      assert.equal(bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT).length, 2);
      bridge.advance(2 * HOUR);
      await bridge.bridge.maintain();
      assert.equal(bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT).length, 2, 'and then it is done');
    }
  });

  it('is not tried for one token after the other while GitHub is down', async (t) => {
    const bridge = await start(t);
    const people = await Promise.all(['octocat', 'monalisa', 'hubot'].map((login) => connect(bridge, { login })));
    bridge.advance(61 * DAY);
    bridge.github.fault({ kind: 'drop', path: TOKEN_MANAGEMENT, times: Number.POSITIVE_INFINITY });
    await bridge.bridge.maintain();
    assert.equal(bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT).length, 1);
    assert.equal(bridge.eventsOf('grant.ended').length, people.length);
    bridge.github.clearFaults();
    bridge.advance(61);
    await bridge.bridge.maintain();
    assert.deepEqual(bridge.github.liveTokens(), []);
  });

  it('reaches everybody who is due in one round of the sweeper, also after a person whose tokens cannot be read', async (t) => {
    const bridge = await start(t);
    const seal = createTokenSeal(createSecrets(bridge.config.secrets), bridge.now);
    const people = Array.from({ length: 60 }, (_, index) => `person-${String(index).padStart(9, '0')}`);
    for (const [index, person] of people.entries()) {
      const { token } = bridge.github.issueToken({ account: 'octocat', clientId: CLIENT_ID, scopes: [] });
      const sealed = seal.seal(person, 'none', { accessToken: token }).sealedTokens;
      await bridge.store.revocations.add({
        person,
        id: 'pair',
        credential: 'none',
        appClientId: index === 1 ? 'another app, whose secret nobody has' : CLIENT_ID,
        sealedTokens: index === 0 ? sealed.replace(/.$/, '!') : sealed,
      });
    }
    await bridge.bridge.maintain();
    assert.equal(bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT).length, people.length - 2);
    bridge.advance(2 * HOUR);
    await bridge.bridge.maintain();
    assert.equal(
      bridge.github.callsTo('DELETE', TOKEN_MANAGEMENT).length,
      people.length - 2,
      'nothing is left to tell',
    );
  });

  it('asks the store together for the people that a sweep has claimed, and lets other work get its turns', async (t) => {
    const people = Array.from({ length: 120 }, (_, index) => `person-${String(index).padStart(9, '0')}`);
    let running = 0;
    let together = 0;
    const bridge = await start(t, {
      wrapStore: ({ revocations, ...rest }) => ({
        ...rest,
        revocations: overriding(revocations, {
          async sweep(...of) {
            if (of[0] === people[0]) throw new Error('the records of this person are broken');
            running += 1;
            together = Math.max(together, running);
            return revocations.sweep(...of).finally(() => {
              running -= 1;
            });
          },
        }),
      }),
    });
    await Promise.all(people.map((person) => liveSession(bridge.store, person, 'g')));
    bridge.advance(HOUR);
    let turns = 0;
    let sweeping = true;
    const others = (async () => {
      for (; sweeping; turns += 1) await turn();
    })();
    assert.equal(await bridge.bridge.revocations.sweep(), people.length);
    sweeping = false;
    await others;
    assert.equal(together, 50);
    assert.equal(bridge.eventsOf('store.error').length, 1);
    assert.equal(bridge.eventsOf('grant.ended').length, people.length - 1);
    assert.equal(bridge.eventsOf('credential.revoked').length, people.length - 1);
    assert.ok(turns >= 6, `${turns} turns: two for each claim`);
  });

  it('comes soon, not with the next regular visit, when the store fails in the middle of a sweep', async (t) => {
    let failures = 1;
    const bridge = await start(t, {
      wrapStore: ({ revocations, ...rest }) => ({
        ...rest,
        revocations: overriding(revocations, {
          async done(...of) {
            if (failures-- > 0) throw new StoreUnavailable('the store is down');
            return revocations.done(...of);
          },
        }),
      }),
    });
    const seal = createTokenSeal(createSecrets(bridge.config.secrets), bridge.now);
    for (const person of ['person-1', 'person-2', 'person-3']) {
      const { token } = bridge.github.issueToken({ account: 'octocat', clientId: CLIENT_ID, scopes: [] });
      const { sealedTokens } = seal.seal(person, 'none', { accessToken: token });
      await bridge.store.revocations.add({
        person,
        id: 'pair',
        credential: 'none',
        appClientId: CLIENT_ID,
        sealedTokens,
      });
    }
    await bridge.bridge.maintain();
    assert.equal(bridge.github.liveTokens().length, 2);
    bridge.advance(180);
    await bridge.bridge.maintain();
    assert.deepEqual(bridge.github.liveTokens(), []);
  });

  it('comes with the expiry of a session: the sweeper ends what nobody renewed, here and at GitHub', async (t) => {
    const bridge = await start(t);
    const [person, other] = [await connect(bridge), await connect(bridge)];
    bridge.advance(50 * DAY);
    assert.equal((await other.refresh()).status, 200);
    bridge.advance(11 * DAY);
    await bridge.bridge.maintain();
    assert.deepEqual(
      bridge.eventsOf('grant.ended').map(({ clientId, reason }) => [clientId, reason]),
      [[person.client.client_id, 'expired']],
    );
    assert.equal(loginIn(await other.profile()), 'octocat', 'the credential lives while a grant does');
    bridge.advance(50 * DAY);
    await bridge.bridge.maintain();
    assert.deepEqual(bridge.github.liveTokens(), []);
    assert.equal(bridge.eventsOf('grant.ended').length, 2);
  });

  it('comes for a login whose code nobody redeemed', async (t) => {
    const bridge = await start(t);
    await login(bridge.url, await register(bridge.url));
    assert.equal(bridge.github.liveTokens().length, 1);
    bridge.advance(361);
    await bridge.bridge.maintain();
    assert.deepEqual(bridge.github.liveTokens(), []);
  });

  it('ends the refresh token too when the access token has expired before', async (t) => {
    const bridge = await start(t, { app: GITHUB_APP });
    const person = await connect(bridge);
    const refreshToken = bridge.github.liveTokens()[0]?.refreshToken ?? '';
    bridge.advance(GITHUB_TOKEN_TTL + 1);
    await person.revoke();
    assert.deepEqual(bridge.github.liveTokens(), []);
    const answer = await fetch(`${bridge.github.url}${TOKEN_ENDPOINT}`, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: CLIENT_ID,
        client_secret: bridge.config.github.clientSecret,
      }),
    });
    assert.match(await answer.text(), /bad_refresh_token/);
  });

  it('comes for every login that failed after GitHub gave a token', async (t) => {
    const bridge = await start(t, { env: { ALLOWED_GITHUB_USERS: 'monalisa' } });
    const client = await register(bridge.url);
    const refused = await authorizeInBrowser(bridge.url, client, { login: 'hubot' });
    assert.equal(refused.answer.status, 403);
    await bridge.bridge.revocations.idle();
    assert.deepEqual(bridge.github.liveTokens(), [], 'of somebody who may not in');
    bridge.github.fault({ kind: 'status', status: 500, path: USER, times: 3 });
    const failed = await authorizeInBrowser(bridge.url, client, { login: 'monalisa' });
    assert.equal(failed.answer.status, 503);
    await bridge.bridge.revocations.idle();
    assert.deepEqual(bridge.github.liveTokens(), [], 'of somebody whom GitHub would not name');
    assert.equal(bridge.github.callsTo('POST', TOKEN_ENDPOINT).length, 2, 'both had got a token');
  });

  it('comes for a login that the store could not store, as soon as the store answers', async (t) => {
    let isDown = false;
    const down = async () => {
      throw new StoreUnavailable('broken by the test');
    };
    const bridge = await start(t, {
      wrapStore: ({ sessions, credentials, ...rest }) => ({
        ...rest,
        sessions: overriding(sessions, { begin: (begin) => (isDown ? down() : sessions.begin(begin)) }),
        credentials: overriding(credentials, { read: (...of) => (isDown ? down() : credentials.read(...of)) }),
      }),
    });
    const client = await register(bridge.url);
    isDown = true;
    const failed = await authorizeInBrowser(bridge.url, client);
    assert.equal(failed.answer.status, 503);
    assert.equal(bridge.github.liveTokens().length, 1);
    isDown = false;
    await until(() => bridge.github.liveTokens().length === 0, { what: 'the revocation' });
  });

  it('spares the token of a login that the store stored without an answer, because other sessions use it', async (t) => {
    let answers = true;
    let asked = 0;
    const bridge = await start(t, {
      wrapStore: ({ sessions, credentials, ...rest }) => ({
        ...rest,
        sessions: overriding(sessions, {
          async begin(begin) {
            const displaced = await sessions.begin(begin);
            if (!answers) throw new StoreUnavailable('the answer was lost');
            return displaced;
          },
        }),
        credentials: overriding(credentials, {
          read(...of) {
            asked += 1;
            return credentials.read(...of);
          },
        }),
      }),
    });
    const person = await connect(bridge);
    answers = false;
    assert.equal((await authorizeInBrowser(bridge.url, await register(bridge.url))).answer.status, 503);
    await until(() => asked > 0, { what: 'the question whether it is stored' });
    await bridge.bridge.revocations.idle();
    assert.equal(loginIn(await person.profile()), 'octocat');
    assert.equal(bridge.github.liveTokens().length, 2, 'the superseded token is kept with its credential');
  });

  it('comes at once for a sign-in to the account page, and for every other token when the person disconnects all there', async (t) => {
    const bridge = await start(t);
    const person = await connect(bridge);
    const browser = createAgent();
    const toGithub = await browser.submit((await browser.get(`${bridge.url}/account`)).form('/account/sign-in'));
    const page = await browser.followAll(await passGithub(browser, toGithub, 'octocat'));
    await bridge.bridge.revocations.idle();
    assert.equal(bridge.github.liveTokens().length, 1);
    assert.equal(loginIn(await person.profile()), 'octocat');
    await browser.submit(page.form('/account/disconnect-all'));
    await bridge.bridge.revocations.idle();
    assert.equal((await person.profile()).status, 401);
    assert.deepEqual(bridge.github.liveTokens(), []);
  });
});
