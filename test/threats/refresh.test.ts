// Threats 3 and 4: a refresh token that gives two families of tokens, works on after its theft was detected, logs an honest
// person out, or lets a stranger end a session.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { onBothStores, useBridge } from '../support/bridge.ts';
import {
  connect,
  type JsonAnswer,
  postForm,
  refreshing,
  register,
  type TestClient,
  type Tokens,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { assertOver, assertRefused, atOnce, newPerson, sidOf, works } from './attack.ts';

onBothStores('refresh tokens', (store) => {
  const bridge = useBridge({ store });

  const refresh = (client: TestClient, token: string | undefined): Promise<JsonAnswer> =>
    tokenRequest(bridge.url, refreshing(client, token));

  async function session(): Promise<{ client: TestClient; tokens: Tokens; person: string }> {
    const person = newPerson(bridge);
    return { ...(await connect(bridge.url, { login: person })), person };
  }

  it('#3 one token refreshed 20 times at once gives one family: the same successor to all', async () => {
    const { client, tokens } = await session();
    const rotatedBefore = bridge.eventsOf('refresh_token.rotated').length;
    const answers = (await atOnce(20, () => refresh(client, tokens.refresh_token))).map(tokensOf);
    assert.equal(bridge.eventsOf('refresh_token.rotated').length, rotatedBefore + 1);
    assert.equal(new Set(answers.map((answer) => answer.refresh_token)).size, 1);
    for (const answer of answers) assert.equal(await works(bridge, answer), true);
    tokensOf(await refresh(client, answers[0]?.refresh_token));
  });

  it('#3 an honest retry within the minute logs nobody out', async () => {
    const { client, tokens } = await session();
    const lost = tokensOf(await refresh(client, tokens.refresh_token));
    bridge.advance(50);
    const retried = tokensOf(await refresh(client, tokens.refresh_token));
    assert.equal(retried.refresh_token, lost.refresh_token);
    assert.equal(await works(bridge, retried), true);
    tokensOf(await refresh(client, retried.refresh_token));
  });

  it('#3 a spent token that comes back after its minute ends all that the session has', async () => {
    const { client, tokens, person } = await session();
    const stolen = tokensOf(await refresh(client, tokens.refresh_token));
    bridge.advance(61);
    assertRefused(await refresh(client, tokens.refresh_token), 'invalid_grant');
    await assertOver(bridge, client, tokens, person);
    await assertOver(bridge, client, stolen, person);
    assert.ok(bridge.eventsOf('refresh_token.reused').some(({ grant }) => grant === sidOf(tokens).grant));
  });

  it('#3 a token two turns old ends the session at once, also within the minute', async () => {
    const { client, tokens, person } = await session();
    const second = tokensOf(await refresh(client, tokens.refresh_token));
    const third = tokensOf(await refresh(client, second.refresh_token));
    assertRefused(await refresh(client, tokens.refresh_token), 'invalid_grant');
    await assertOver(bridge, client, third, person);
  });

  it('#3 when thief and owner race with one token, neither gets a second family, and whoever comes late ends both', async () => {
    const { client, tokens, person } = await session();
    const raced = (await atOnce(2, () => refresh(client, tokens.refresh_token))).map(tokensOf);
    const turned = tokensOf(await refresh(client, raced[0]?.refresh_token));
    bridge.advance(61);
    assertRefused(await refresh(client, raced[1]?.refresh_token), 'invalid_grant');
    await assertOver(bridge, client, turned, person);
  });

  it('#3 another client cannot use a stolen refresh token, and ends nothing by trying', async () => {
    const { client, tokens } = await session();
    const thief = await register(bridge.url);
    for (const answer of await atOnce(5, () => refresh(thief, tokens.refresh_token)))
      assertRefused(answer, 'invalid_grant');
    bridge.advance(61);
    const renewed = tokensOf(await refresh(client, tokens.refresh_token));
    bridge.advance(61);
    assertRefused(await refresh(thief, tokens.refresh_token), 'invalid_grant');
    assert.equal(await works(bridge, renewed), true);
  });

  it('#3 a session that nobody refreshed ends after REFRESH_TOKEN_TTL', async () => {
    const { client, tokens, person } = await session();
    bridge.advance(30 * 86400 + 1);
    assertRefused(await refresh(client, tokens.refresh_token), 'invalid_grant');
    await bridge.bridge.maintain();
    await assertOver(bridge, client, tokens, person);
  });

  /** Refresh tokens that a stranger can make: from a `sid` in a log, or by changing parts of an old token. */
  function forgeries(tokens: Tokens): string[] {
    const { person, grant } = sidOf(tokens);
    const ref = Buffer.concat([Buffer.from(person, 'base64url'), Buffer.from(grant, 'base64url')]);
    const genuine = Buffer.from((tokens.refresh_token ?? '').slice(4), 'base64url');
    const made = [0, 1, 2, 0xffffffff].flatMap((generation) => {
      const counter = Buffer.alloc(4);
      counter.writeUInt32BE(generation);
      const older = Buffer.from(genuine);
      counter.copy(older, ref.length);
      return [Buffer.concat([ref, counter, randomBytes(48)]), ...(older.equals(genuine) ? [] : [older])];
    });
    const flipped = Buffer.from(genuine);
    flipped[ref.length + 4] = (flipped[ref.length + 4] ?? 0) ^ 1;
    const encoded = [...made, flipped, genuine.subarray(0, -1), Buffer.concat([genuine, Buffer.alloc(1)])];
    return [
      ...encoded.map((bytes) => `mgr_${bytes.toString('base64url')}`),
      `mgr_${person}.${grant}`,
      `${person}.${grant}`,
      `${tokens.refresh_token}=`,
      tokens.access_token,
      `mgc_${genuine.toString('base64url')}`,
    ];
  }

  it('#4 a stranger who knows a session id cannot end it with made-up refresh tokens', async () => {
    const { client, tokens } = await session();
    const reusedBefore = bridge.eventsOf('refresh_token.reused').length;
    for (const forged of forgeries(tokens)) assertRefused(await refresh(client, forged), 'invalid_grant');
    assert.equal(bridge.eventsOf('refresh_token.reused').length, reusedBefore);
    assert.equal(await works(bridge, tokens), true);
    tokensOf(await refresh(client, tokens.refresh_token));
  });

  it('#4 a stranger cannot end a session by revoking made-up refresh tokens', async () => {
    const { client, tokens } = await session();
    for (const token of forgeries(tokens).filter((forged) => forged !== tokens.access_token)) {
      const answer = await postForm(`${bridge.url}/revoke`, { token, client_id: client.client_id });
      assert.equal(answer.status, 200);
    }
    assert.equal(await works(bridge, tokens), true);
    tokensOf(await refresh(client, tokens.refresh_token));
  });
});
