// The refresh token grant: the token rotates, a retry within a minute gets the same successor, the scope may be narrowed
// and never widened (OAuth 2.1 section 4.3, RFC 9700 section 4.14, design decision 6). Races and thieves are in
// test/threats/refresh.test.ts, the operator's policy in test/github/policy.test.ts.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decodeJwt } from 'jose';
import { bridgeFor, onBothStores, useBridge } from '../../support/bridge.ts';
import {
  callTool,
  connect,
  refreshing,
  register,
  type TestClient,
  tokenRequest,
  tokensOf,
} from '../../support/oauth.ts';
import { assertError } from '../assert-error.ts';

const MORE_THAN_THE_TOKEN_LIVES = 3601; // seconds
const MORE_THAN_THE_GRACE = 61; // seconds

const DAY = 86_400;

onBothStores('the refresh token grant', (store) => {
  const bridge = useBridge({ store });
  const refresh = (client: TestClient, token: string | undefined, more: Record<string, string> = {}) =>
    tokenRequest(bridge.url, { ...refreshing(client, token), ...more });

  it('gives new tokens, with a new refresh token each time', async () => {
    const { client, tokens } = await connect(bridge.url);
    bridge.advance(MORE_THAN_THE_TOKEN_LIVES);
    assert.equal((await callTool(bridge.url, tokens.access_token, 'get_user_profile')).status, 401);
    const renewed = tokensOf(await refresh(client, tokens.refresh_token));
    assert.notEqual(renewed.refresh_token, tokens.refresh_token);
    assert.notEqual(decodeJwt(renewed.access_token).jti, decodeJwt(tokens.access_token).jti);
    assert.equal((await callTool(bridge.url, renewed.access_token, 'get_user_profile')).status, 200);
    assert.equal(bridge.eventsOf('refresh_token.rotated').at(-1)?.clientId, client.client_id);
  });

  it('gives a retry within a minute the same successor', async () => {
    const { client, tokens } = await connect(bridge.url);
    const first = tokensOf(await refresh(client, tokens.refresh_token));
    bridge.advance(MORE_THAN_THE_GRACE - 2);
    const again = tokensOf(await refresh(client, tokens.refresh_token));
    assert.equal(again.refresh_token, first.refresh_token);
    assert.equal(bridge.eventsOf('refresh_token.repeated').at(-1)?.clientId, client.client_id);
  });

  it('ends the session when a spent token comes back after its minute', async () => {
    const { client, tokens } = await connect(bridge.url);
    const first = tokensOf(await refresh(client, tokens.refresh_token));
    bridge.advance(MORE_THAN_THE_GRACE);
    const reused = await refresh(client, tokens.refresh_token);
    assertError(reused, 'invalid_grant');
    assert.match(String(reused.body.error_description), /used before/);
    assertError(await refresh(client, first.refresh_token), 'invalid_grant');
    const [event, ended] = bridge.events.filter(({ name }) => /^(?:refresh_token.reused|grant.ended)$/.test(name));
    assert.equal(event?.name, 'refresh_token.reused');
    assert.ok(ended?.name === 'grant.ended' && ended.event.reason === 'reused' && ended.event.by === 'client');
  });

  it('narrows the scope of one access token, and not that of the session', async () => {
    const { client, tokens } = await connect(bridge.url, { parameters: { scope: 'repo gist' } });
    const narrow = tokensOf(await refresh(client, tokens.refresh_token, { scope: 'public_repo' }));
    assert.equal(narrow.scope, 'public_repo');
    assert.equal(decodeJwt(narrow.access_token).scope, 'public_repo');
    assert.equal(tokensOf(await refresh(client, narrow.refresh_token)).scope, 'repo gist');
  });

  it('is refused for more than was granted, and for what is not of this client; nothing is spent', async () => {
    const { client, tokens } = await connect(bridge.url, { parameters: { scope: 'public_repo' } });
    const other = await register(bridge.url);
    const token = tokens.refresh_token;
    assertError(await refresh(client, token, { scope: 'repo' }), 'invalid_scope');
    assertError(await refresh(client, token, { scope: 'public_repo nonsense' }), 'invalid_scope');
    assertError(await refresh(client, token, { resource: 'https://elsewhere.example' }), 'invalid_target');
    assertError(await refresh(client, undefined), 'invalid_request');
    assertError(await refresh(client, 'mgr_forged'), 'invalid_grant');
    assertError(await refresh(client, tokens.access_token), 'invalid_grant');
    assertError(await refresh(other, token), 'invalid_grant');
    tokensOf(await refresh(client, token, { resource: `${bridge.url}/mcp`, scope: '' }));
    assert.equal(bridge.eventsOf('refresh_token.repeated').filter((e) => e.clientId === client.client_id).length, 0);
  });

  it('keeps the registration of the client for 90 days after each use, and writes that at most once a day', async (t) => {
    let touched = 0;
    const lasting = await bridgeFor(t, {
      store,
      env: { REFRESH_TOKEN_TTL: '100d' },
      wrapStore: (inner) => ({
        ...inner,
        clients: {
          ...inner.clients,
          touch(...args) {
            touched += 1;
            return inner.clients.touch(...args);
          },
        },
      }),
    });
    const { client, tokens } = await connect(lasting.url);
    let token = tokens.refresh_token;
    const use = async () => {
      const before = touched;
      const answer = await tokenRequest(lasting.url, refreshing(client, token));
      token = answer.status === 200 ? tokensOf(answer).refresh_token : undefined;
      return { status: answer.status, touched: touched - before };
    };
    lasting.advance(DAY - 600);
    assert.deepEqual(await use(), { status: 200, touched: 0 }, 'the login was less than a day ago');
    lasting.advance(90 * DAY - 600);
    assert.deepEqual(await use(), { status: 200, touched: 1 }, 'less than 90 days after a use that was not recorded');
    assert.deepEqual(await use(), { status: 200, touched: 0 });
    for (let i = 0; i < 3; i++) {
      lasting.advance(80 * DAY);
      assert.deepEqual(await use(), { status: 200, touched: 1 });
    }
    lasting.advance(91 * DAY);
    assert.deepEqual(await use(), { status: 401, touched: 0 }, 'and is forgotten when it is not used');
  });

  it('lets a session live on with each use, and no longer than REFRESH_TOKEN_TTL without', async () => {
    const { client, tokens } = await connect(bridge.url);
    bridge.advance(29 * 86_400);
    const renewed = tokensOf(await refresh(client, tokens.refresh_token));
    bridge.advance(29 * 86_400);
    const last = tokensOf(await refresh(client, renewed.refresh_token));
    bridge.advance(31 * 86_400);
    assertError(await refresh(client, last.refresh_token), 'invalid_grant');
  });
});
