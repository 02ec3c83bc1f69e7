// A session whose calls go to other resource servers brings GitHub no call by which it would be noticed that the person
// revoked the bridge there. A refresh asks, once an hour for each credential.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bridgeFor, CLIENT_ID, onBothStores, type TestBridge } from '../support/bridge.ts';
import { connect, refreshing, tokenRequest, tokensOf } from '../support/oauth.ts';

const RESOURCE = 'https://api.example.com/mcp';
const HOUR = 3600; // seconds
const USER = '/api/v3/user';

onBothStores('a session for another resource', (store) => {
  const start = async (t: Parameters<typeof bridgeFor>[0]) => {
    const bridge = await bridgeFor(t, { store, env: { RESOURCES: RESOURCE } });
    const session = async () => {
      const { client, tokens } = await connect(bridge.url, { parameters: { resource: RESOURCE } });
      let refreshToken = tokens.refresh_token;
      return async () => {
        const answer = await tokenRequest(bridge.url, refreshing(client, refreshToken));
        if (answer.status === 200) refreshToken = tokensOf(answer).refresh_token;
        return answer;
      };
    };
    return { bridge, session };
  };
  const asked = (bridge: TestBridge) => bridge.github.callsTo('GET', USER).length;

  it('#35 ends at a refresh when its person has revoked the bridge at GitHub', async (t) => {
    const { bridge, session } = await start(t);
    const refresh = await session();
    await bridge.github.revokeAuthorization('octocat', CLIENT_ID);
    bridge.advance(HOUR);
    const refused = await refresh();
    assert.equal(refused.status, 400);
    assert.equal(refused.body.error, 'invalid_grant');
    assert.equal(refused.body.error_description, 'GitHub does not accept the access any more');
    assert.deepEqual(
      bridge.eventsOf('grant.ended').map(({ reason }) => reason),
      ['upstream_revoked'],
    );
  });

  it('#35 costs one call of GitHub an hour and credential, however many sessions refresh at once', async (t) => {
    const { bridge, session } = await start(t);
    const sessions = [await session(), await session(), await session()];
    const refreshAll = async () =>
      (await Promise.all(sessions.map((refresh) => refresh()))).map(({ status }) => status);
    bridge.github.clearCalls();
    assert.deepEqual(await refreshAll(), [200, 200, 200]);
    assert.equal(asked(bridge), 0, 'the login has just shown it');
    bridge.advance(HOUR);
    assert.deepEqual(await refreshAll(), [200, 200, 200]);
    assert.equal(asked(bridge), 1);
    bridge.advance(HOUR - 10);
    assert.deepEqual(await refreshAll(), [200, 200, 200]);
    assert.equal(asked(bridge), 1);
    bridge.advance(10);
    assert.deepEqual(await refreshAll(), [200, 200, 200]);
    assert.equal(asked(bridge), 2);
  });

  it('#35 goes on when GitHub is down, limits the rate, or does not know', async (t) => {
    const { bridge, session } = await start(t);
    const refresh = await session();
    bridge.github.clearCalls();
    const faults = [
      { kind: 'status', status: 502 },
      { kind: 'primary-rate-limit' },
      { kind: 'status', status: 403, body: { message: 'Sorry. Your account was suspended.' } },
      { kind: 'malformed', content: 'html' },
    ] as const;
    for (const fault of faults) {
      bridge.github.fault({ ...fault, path: USER, times: Number.POSITIVE_INFINITY });
      bridge.advance(HOUR);
      assert.equal((await refresh()).status, 200, fault.kind);
      bridge.github.clearFaults();
    }
    assert.ok(asked(bridge) >= faults.length);
    assert.deepEqual(bridge.eventsOf('grant.ended'), []);
  });
});
