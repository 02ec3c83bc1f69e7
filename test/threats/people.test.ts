// Threat 11: a session answers with another person's account.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothStores, useBridge } from '../support/bridge.ts';
import {
  callTool,
  logIn,
  postForm,
  refreshing,
  register,
  type Tokens,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { atOnce, newPerson } from './attack.ts';

onBothStores('people', (store) => {
  const bridge = useBridge({ store });

  it("#11 each session answers with its own person's account, for any interleaving of people, clients and calls", async () => {
    const people = ['octocat', 'monalisa', 'hubot', newPerson(bridge), newPerson(bridge)];
    const clients = await atOnce(2, () => register(bridge.url));
    // Every person with every client, all logins at once.
    const sessions = await Promise.all(
      people.flatMap((person) =>
        clients.map(async (client) => ({ person, client, tokens: await logIn(bridge.url, client, { login: person }) })),
      ),
    );
    const ask = async ({ person, tokens }: { person: string; tokens: Tokens }) => {
      const { result } = await callTool(bridge.url, tokens.access_token, 'get_user_profile');
      assert.equal(result?.structuredContent?.login, person);
      assert.equal(result?.structuredContent?.id, bridge.github.account(person).id);
      const status = await callTool(bridge.url, tokens.access_token, 'get_auth_status');
      assert.equal(status.result?.structuredContent?.login, person);
    };
    await Promise.all([...sessions, ...sessions.toReversed()].map(ask));
    // All sessions are refreshed, and used again while others log in with the same clients.
    const renewed = await Promise.all(
      sessions.map(async (session) => ({
        ...session,
        tokens: tokensOf(await tokenRequest(bridge.url, refreshing(session.client, session.tokens.refresh_token))),
      })),
    );
    await Promise.all([
      ...renewed.map(ask),
      ...sessions.map(ask),
      ...people.map((person) => clients[0] && logIn(bridge.url, clients[0], { login: person })),
    ]);
    // One session ends: the others still belong to their persons.
    const [gone, ...left] = renewed;
    await postForm(`${bridge.url}/revoke`, {
      token: gone?.tokens.access_token,
      client_id: gone?.client.client_id,
    });
    await Promise.all(left.map(ask));
  });
});
