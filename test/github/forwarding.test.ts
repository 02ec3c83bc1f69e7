// A GitHub token that another MCP server refuses: GitHub is asked, once for all, and only GitHub's word ends the session.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { decodeJwt } from 'jose';
import type { TokenForwarding } from '../../src/github/forwarding.ts';
import { createGithub } from '../../src/github/github.ts';
import { CredentialDead, GithubTrouble } from '../../src/github/trouble.ts';
import { EventBus } from '../../src/observe/events.ts';
import { createSecrets } from '../../src/security/secrets.ts';
import type { Session } from '../../src/store/records.ts';
import { bridgeFor, CLIENT_ID, onBothStores, type TestBridge, type TestBridgeOptions } from '../support/bridge.ts';
import {
  connect,
  GITHUB_APP,
  GITHUB_TOKEN_TTL,
  loginIn,
  refreshes,
  SHORT,
  TOKEN_ENDPOINT,
  USER,
  withLongTokens,
} from './fixtures.ts';

const forever = { times: Number.POSITIVE_INFINITY };

onBothStores('a token that another server refuses', (store) => {
  /** A bridge with a login, and the forwarding of a replica of it. */
  async function start(t: TestContext, options: Omit<TestBridgeOptions, 'store'> = {}) {
    const bridge = await bridgeFor(t, withLongTokens({ store, timeouts: SHORT, ...options }));
    const person = await connect(bridge);
    const forwarding = await replica(bridge);
    const [owner = '', grant = ''] = String(decodeJwt(person.tokens.access_token).sid).split('.');
    const session = async (): Promise<Session> =>
      (await bridge.store.sessions.read({ person: owner, grant })) ?? assert.fail('the session has ended');
    bridge.github.clearCalls();
    return { bridge, person, forwarding, session };
  }
  async function replica(bridge: TestBridge): Promise<TokenForwarding> {
    const { config, now } = bridge;
    const secrets = createSecrets(config.secrets);
    const { forwarding } = await createGithub({
      config,
      store: bridge.store,
      secrets,
      events: new EventBus(),
      now,
      timeouts: SHORT,
    });
    return forwarding;
  }
  const asked = (bridge: TestBridge) => bridge.github.callsTo('GET', USER).length;
  const expiring = { app: GITHUB_APP };

  it('is alive: there is no other token, and the session goes on', async (t) => {
    const { bridge, person, forwarding, session } = await start(t);
    assert.equal(await forwarding.afterRefusal(await session()), undefined);
    assert.equal(asked(bridge), 1);
    assert.equal(loginIn(await person.profile()), 'octocat');
  });

  it('is asked about once for fifty at a time, and once in 30 seconds', async (t) => {
    const { bridge, forwarding, session } = await start(t);
    const current = await session();
    const answers = await Promise.all(Array.from({ length: 50 }, () => forwarding.afterRefusal({ ...current })));
    assert.deepEqual(new Set(answers), new Set([undefined]));
    assert.equal(asked(bridge), 1);
    bridge.advance(25);
    assert.equal(await forwarding.afterRefusal(current), undefined);
    assert.equal(asked(bridge), 1);
    bridge.advance(6);
    assert.equal(await forwarding.afterRefusal(current), undefined);
    assert.equal(asked(bridge), 2);
  });

  it('is asked about for each person', async (t) => {
    const { bridge, forwarding, session } = await start(t);
    await forwarding.afterRefusal(await session());
    const hubot = await connect(bridge, { login: 'hubot' });
    const [person = '', grant = ''] = String(decodeJwt(hubot.tokens.access_token).sid).split('.');
    const other = (await bridge.store.sessions.read({ person, grant })) ?? assert.fail();
    bridge.github.clearCalls();
    assert.equal(await forwarding.afterRefusal(other), undefined);
    assert.equal(asked(bridge), 1);
  });

  it('is dead: the session ends for all who ask at the same time, with one question', async (t) => {
    const { bridge, person, forwarding, session } = await start(t);
    const current = await session();
    await bridge.github.revokeAuthorization('octocat', CLIENT_ID);
    const answers = await Promise.allSettled(Array.from({ length: 50 }, () => forwarding.afterRefusal(current)));
    for (const answer of answers) assert.ok(answer.status === 'rejected' && answer.reason instanceof CredentialDead);
    assert.equal(asked(bridge), 1);
    await assert.rejects(session());
    assert.equal((await person.profile()).status, 401);
    await assert.rejects(forwarding.afterRefusal(current), CredentialDead);
  });

  it('that died after GitHub was asked ends the session when it is asked again', async (t) => {
    const { bridge, forwarding, session } = await start(t);
    const current = await session();
    assert.equal(await forwarding.afterRefusal(current), undefined);
    await bridge.github.revokeAuthorization('octocat', CLIENT_ID);
    assert.equal(await forwarding.afterRefusal(current), undefined, 'remembered');
    bridge.advance(31);
    await assert.rejects(forwarding.afterRefusal(current), CredentialDead);
  });

  for (const fault of [
    { kind: 'status', status: 503 },
    { kind: 'status', status: 429, headers: { 'retry-after': '60' } },
    { kind: 'status', status: 403, body: { message: 'Forbidden' } },
    { kind: 'malformed', content: 'html' },
    { kind: 'drop' },
  ] as const)
    it(`keeps its session when GitHub does not say: ${Object.values(fault).slice(0, 2).join(' ')}`, async (t) => {
      const { bridge, person, forwarding, session } = await start(t);
      const current = await session();
      bridge.github.fault({ ...fault, path: USER, ...forever });
      assert.equal(await forwarding.afterRefusal(current), undefined);
      const calls = asked(bridge);
      assert.ok(calls > 0);
      assert.equal(await forwarding.afterRefusal(current), undefined);
      assert.equal(asked(bridge), calls, 'GitHub is not asked again at once');
      bridge.github.clearFaults();
      assert.equal(bridge.eventsOf('grant.ended').length, 0);
      assert.equal(loginIn(await person.profile()), 'octocat');
    });

  it('and is dead is replaced by a refresh, once for all, and others get the new one', async (t) => {
    const { bridge, forwarding, session } = await start(t, expiring);
    const current = await session();
    const [{ token } = { token: '' }] = bridge.github.liveTokens();
    // Ended at GitHub, but not its refresh token.
    bridge.github.fault({ kind: 'status', status: 401, body: { message: 'Bad credentials' }, path: USER });
    const answers = await Promise.all(Array.from({ length: 50 }, () => forwarding.afterRefusal(current)));
    for (const answer of answers) assert.equal(answer?.credential.generation, current.credential.generation + 1);
    assert.equal(refreshes(bridge), 1);
    const [renewed] = answers;
    const live = bridge.github.liveTokens().map((one) => one.token);
    assert.ok(live.includes(forwarding.accessToken(renewed?.credential ?? assert.fail())));
    assert.notEqual(forwarding.accessToken(renewed?.credential ?? assert.fail()), token);
    assert.equal(
      (await forwarding.afterRefusal(current))?.credential.generation,
      current.credential.generation + 1,
      'remembered',
    );
    assert.equal(refreshes(bridge), 1);
    assert.equal(await forwarding.afterRefusal(await session()), undefined, 'the new one is alive');
  });

  it('was refreshed meanwhile by another replica: that token is the other one', async (t) => {
    const { bridge, person, forwarding, session } = await start(t, expiring);
    const old = await session();
    bridge.advance(GITHUB_TOKEN_TTL - 200);
    assert.equal(loginIn(await person.profile()), 'octocat');
    assert.equal(refreshes(bridge), 1);
    const answer = await forwarding.afterRefusal(old);
    assert.equal(answer?.credential.generation, old.credential.generation + 1);
    assert.ok(
      bridge.github
        .liveTokens()
        .some(({ token }) => token === forwarding.accessToken(answer?.credential ?? assert.fail())),
    );
    assert.equal(refreshes(bridge), 1);
  });

  it('whose session ended meanwhile has none', async (t) => {
    const { person, forwarding, session } = await start(t);
    const current = await session();
    await person.revoke();
    await assert.rejects(forwarding.afterRefusal(current), CredentialDead);
  });

  it('whose session ended meanwhile has none, also when GitHub does not say', async (t) => {
    const { bridge, person, forwarding, session } = await start(t);
    const current = await session();
    await person.revoke();
    bridge.github.fault({ kind: 'status', status: 403, body: { message: 'Forbidden' }, path: USER, ...forever });
    await assert.rejects(forwarding.afterRefusal(current), CredentialDead);
  });

  it('is refreshed before it is sent, when that is due', async (t) => {
    const { bridge, forwarding, session } = await start(t, expiring);
    const current = await session();
    assert.equal(await forwarding.fresh(current), current);
    bridge.advance(GITHUB_TOKEN_TTL - 200);
    const [first, second] = await Promise.all([forwarding.fresh(current), forwarding.fresh(current)]);
    assert.equal(first.credential.generation, current.credential.generation + 1);
    assert.equal(second.credential.generation, first.credential.generation);
    assert.equal(refreshes(bridge), 1);
  });

  it('and is renewed for other sessions is not sent for one that ended elsewhere meanwhile', async (t) => {
    const { bridge, forwarding, session } = await start(t, expiring);
    await connect(bridge);
    const ended = await session();
    assert.ok((await bridge.store.sessions.end(ended.grant.ref)) !== undefined);
    bridge.advance(GITHUB_TOKEN_TTL - 200);
    await assert.rejects(forwarding.fresh(ended), CredentialDead);
    assert.equal(refreshes(bridge), 1);
    await assert.rejects(forwarding.afterRefusal(ended), CredentialDead);
  });

  it('that was replaced within 30 seconds of the question is the other one', async (t) => {
    const { bridge, forwarding, session } = await start(t);
    const old = await session();
    assert.equal(await forwarding.afterRefusal(old), undefined);
    const { person, id, generation, sealedTokens } = old.credential;
    assert.ok(await bridge.store.credentials.replaceTokens(person, id, generation, { sealedTokens }));
    assert.equal((await forwarding.afterRefusal(old))?.credential.generation, generation + 1);
    assert.equal(asked(bridge), 1);
  });

  it('that has expired while GitHub is down is trouble with a time to try again, and the session goes on', async (t) => {
    const { bridge, forwarding, session } = await start(t, expiring);
    bridge.advance(GITHUB_TOKEN_TTL + 1);
    bridge.github.fault({
      kind: 'status',
      status: 503,
      headers: { 'retry-after': '17' },
      path: TOKEN_ENDPOINT,
      ...forever,
    });
    await assert.rejects(
      forwarding.fresh(await session()),
      (error) => error instanceof GithubTrouble && error.kind === 'unavailable' && error.retryAfter === 17,
    );
    bridge.github.clearFaults();
    assert.equal(
      (await forwarding.fresh(await session())).credential.generation,
      (await session()).credential.generation,
    );
    assert.equal(bridge.eventsOf('grant.ended').length, 0);
  });
});
