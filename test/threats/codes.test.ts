// Threats 1 and 2: authorization codes redeemed twice, by somebody else, for something else, or without their verifier.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { createAgent } from '../support/agent.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import {
  authorizationUrl,
  type JsonAnswer,
  login,
  pkce,
  redemption,
  refreshing,
  register,
  type TestClient,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { assertOver, assertRefused, atOnce, newPerson, sidOf, works } from './attack.ts';

const OTHER_RESOURCE = 'https://other.example/mcp';

onBothStores('authorization codes', (store) => {
  const bridge = useBridge({ store, env: { RESOURCES: OTHER_RESOURCE } });
  let client: TestClient;
  before(async () => {
    client = await register(bridge.url);
  });

  const redeem = (parameters: Record<string, string | undefined>): Promise<JsonAnswer> =>
    tokenRequest(bridge.url, parameters);

  it('#1 one code redeemed 50 times at once gives tokens once, and those die by the replay', async () => {
    const person = newPerson(bridge);
    const { code, verifier } = await login(bridge.url, client, { login: person });
    const answers = await atOnce(50, () => redeem(redemption(client, code, verifier)));
    const [given, ...more] = answers.filter(({ status }) => status === 200);
    assert.equal(more.length, 0, `${more.length + 1} of 50 got tokens`);
    assert.ok(given !== undefined, 'nobody got tokens');
    for (const answer of answers) if (answer !== given) assertRefused(answer, 'invalid_grant');
    await assertOver(bridge, client, tokensOf(given), person);
  });

  it('#1 a code replayed later ends what it gave, and says so to the audit trail', async () => {
    const person = newPerson(bridge);
    const { code, verifier } = await login(bridge.url, client, { login: person });
    const tokens = tokensOf(await redeem(redemption(client, code, verifier)));
    bridge.advance(50 * 60);
    assert.equal(await works(bridge, tokens), true);
    const before = bridge.eventsOf('code.replayed').length;
    assertRefused(await redeem(redemption(client, code, verifier)), 'invalid_grant');
    assert.equal(bridge.eventsOf('code.replayed').length, before + 1);
    await assertOver(bridge, client, tokens, person);
  });

  it('#1 a replay ends its own session only, not the other sessions of the person', async () => {
    const person = newPerson(bridge);
    const [first, second] = [
      await login(bridge.url, client, { login: person }),
      await login(bridge.url, client, { login: person }),
    ];
    const [one, two] = [
      tokensOf(await redeem(redemption(client, first.code, first.verifier))),
      tokensOf(await redeem(redemption(client, second.code, second.verifier))),
    ];
    assertRefused(await redeem(redemption(client, first.code, first.verifier)), 'invalid_grant');
    assert.equal(await works(bridge, one), false);
    assert.equal(await works(bridge, two), true);
  });

  it('#1 a code expires after a minute', async () => {
    // On http the first code for a browser lives longer, because the person confirms it (threat 41).
    const person = newPerson(bridge);
    const { browser } = await login(bridge.url, client, { login: person });
    const { code, verifier } = await login(bridge.url, client, { login: person, browser });
    bridge.advance(61);
    assertRefused(await redeem(redemption(client, code, verifier)), 'invalid_grant');
  });

  /** Redeems a code wrongly, many times at once, then correctly: a failed try is refused and does not use up the code. */
  async function assertHarmless(
    error: string,
    change: Record<string, string | undefined>,
    authorization: Record<string, string> = {},
  ): Promise<void> {
    const { code, verifier } = await login(bridge.url, client, { parameters: authorization });
    const right = redemption(client, code, verifier);
    for (const answer of await atOnce(5, () => redeem({ ...right, ...change }))) assertRefused(answer, error);
    const tokens = tokensOf(await redeem(right));
    for (const answer of await atOnce(5, () => redeem({ ...right, ...change }))) assertRefused(answer, error);
    // The session is still alive, whatever resource its token is for: another client's try ended nothing.
    tokensOf(await redeem(refreshing(client, tokens.refresh_token)));
  }

  it("#2 another client's try with a stolen code fails, does not use up the code and ends nothing", async () => {
    const thief = await register(bridge.url);
    await assertHarmless('invalid_grant', { client_id: thief.client_id });
  });

  it('#2 a try at another redirect URI, or without one, fails and does not use up the code', async () => {
    const other = 'http://localhost:45001/other';
    client = await register(bridge.url, { redirect_uris: [client.redirectUri, other] });
    await assertHarmless('invalid_grant', { redirect_uri: other });
    await assertHarmless('invalid_grant', { redirect_uri: undefined });
    await assertHarmless('invalid_grant', { redirect_uri: 'http://localhost:45002/callback' });
    await assertHarmless('invalid_grant', { redirect_uri: `${client.redirectUri}/` });
  });

  it('#2 a try for another resource fails and does not use up the code', async () => {
    await assertHarmless('invalid_target', { resource: OTHER_RESOURCE });
    await assertHarmless('invalid_target', { resource: 'https://nobody.example/' });
    await assertHarmless('invalid_target', { resource: bridge.url }, { resource: OTHER_RESOURCE });
    await assertHarmless('invalid_target', { resource: `${OTHER_RESOURCE} ${bridge.url}/mcp` });
  });

  it('#2 a try without the verifier, or with another one, fails and does not use up the code', async () => {
    await assertHarmless('invalid_request', { code_verifier: undefined });
    await assertHarmless('invalid_request', { code_verifier: '' });
    await assertHarmless('invalid_grant', { code_verifier: 'abc' });
    await assertHarmless('invalid_grant', { code_verifier: pkce().verifier });
    await assertHarmless('invalid_grant', { code_verifier: 'a'.repeat(129) });
    await assertHarmless('invalid_grant', { code_verifier: `${'é'.repeat(43)}` });
  });

  it('#2 the challenge is not accepted as the verifier', async () => {
    const { verifier, challenge } = pkce();
    const { code } = await login(bridge.url, client, { parameters: { code_challenge: challenge } });
    const right = redemption(client, code, verifier);
    assertRefused(await redeem({ ...right, code_verifier: challenge }), 'invalid_grant');
    tokensOf(await redeem(right));
  });

  it('#2 no login begins without an S256 challenge', async () => {
    for (const parameters of [
      { code_challenge: undefined },
      { code_challenge: '' },
      { code_challenge_method: 'plain' },
      { code_challenge_method: undefined },
      { code_challenge: 'abc' },
      { code_challenge: `${pkce().challenge}=` },
    ]) {
      const page = await createAgent().get(authorizationUrl(bridge.url, client, pkce().challenge, parameters));
      assert.equal(page.location, undefined);
      assert.equal(page.buttonLink?.searchParams.get('error'), 'invalid_request', JSON.stringify(parameters));
      assert.equal(page.buttonLink?.searchParams.get('code'), null);
      assert.equal(page.formsOfItsOwn().length, 0);
    }
  });

  it('#2 a confidential client without its secret cannot redeem its code, and does not use it up', async () => {
    const confidential = await register(bridge.url, { token_endpoint_auth_method: 'client_secret_post' });
    const { code, verifier } = await login(bridge.url, confidential);
    const right = redemption(confidential, code, verifier);
    for (const client_secret of [undefined, '', 'wrong', `${confidential.client_secret} `])
      assertRefused(await redeem({ ...right, client_secret }), 'invalid_client');
    tokensOf(await redeem(right));
  });

  it('#2 a code in another spelling, or made up for a session that lives, gives and ends nothing', async () => {
    const { code, verifier } = await login(bridge.url, client);
    const right = redemption(client, code, verifier);
    const tokens = tokensOf(await redeem(right));
    const { person, grant } = sidOf(tokens);
    const madeUp = `mgc_${Buffer.concat([
      Buffer.from(person, 'base64url'),
      Buffer.from(grant, 'base64url'),
      Buffer.alloc(32),
    ]).toString('base64url')}`;
    for (const forged of [madeUp, `${code}=`, code.slice(0, -1), `${code}A`, code.toUpperCase(), code.slice(4)])
      assertRefused(await redeem({ ...right, code: forged }), 'invalid_grant');
    assert.equal(await works(bridge, tokens), true);
  });
});
