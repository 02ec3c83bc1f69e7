// Requests to routes of a program: their access token is checked as at /mcp, and the answer to a wrong one is a challenge (RFC
// 6750 section 3) from which MCP clients learn where to log in.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { it } from 'node:test';
import type { Authentication } from '../../src/mcp/authentication.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { listen } from '../support/listen.ts';
import { connect, postForm } from '../support/oauth.ts';

onBothStores('a route of a program', (store) => {
  const bridge = useBridge({ store });
  const request = (token?: string) =>
    new Request(`${bridge.url}/mine`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  const authenticate = (token?: string, scopes: string[] = []): Promise<Authentication> =>
    bridge.bridge.mcp.authenticate(request(token), { scopes });

  it('knows the caller of a valid token, with a client for GitHub', async () => {
    const { tokens } = await connect(bridge.url, { parameters: { scope: 'repo' } });
    const { caller, challenge } = await authenticate(tokens.access_token, ['public_repo']);
    assert.equal(challenge, undefined);
    assert.equal(caller?.account.login, 'octocat');
    assert.equal((await caller?.github.rest.users.getAuthenticated())?.data.login, 'octocat');
  });

  it('challenges without a token, with a wrong one, and after the end of the session', async () => {
    const { tokens, client } = await connect(bridge.url);
    const none = (await authenticate()).challenge;
    assert.equal(none?.status, 401);
    assert.doesNotMatch(none.headers['www-authenticate'] ?? '', /error=/);
    assert.match(
      none.headers['www-authenticate'] ?? '',
      new RegExp(`resource_metadata="${bridge.url}/.well-known/oauth-protected-resource/mcp"`),
    );
    assert.equal(none.headers['cache-control'], 'no-store');
    assert.match(
      (await authenticate('nonsense')).challenge?.headers['www-authenticate'] ?? '',
      /error="invalid_token"/,
    );
    assert.equal((await authenticate(tokens.access_token)).challenge, undefined);
    await postForm(`${bridge.url}/revoke`, { token: tokens.refresh_token, client_id: client.client_id });
    assert.equal((await authenticate(tokens.access_token)).challenge?.status, 401);
  });

  it('challenges for all the scopes that are needed when one is missing', async () => {
    const { tokens } = await connect(bridge.url, { parameters: { scope: 'public_repo' } });
    const { challenge } = await authenticate(tokens.access_token, ['public_repo', 'read:org']);
    assert.equal(challenge?.status, 403);
    assert.match(
      challenge.headers['www-authenticate'] ?? '',
      /error="insufficient_scope".*scope="public_repo read:org"/,
    );
    assert.equal(challenge.toResponse().status, 403);
    assert.deepEqual(await challenge.toResponse().json(), JSON.parse(challenge.body));
  });

  it('is served by Node as well', async (t) => {
    const { tokens } = await connect(bridge.url);
    const server = await listen(async (incoming: IncomingMessage, response: ServerResponse) => {
      const { caller, challenge } = await bridge.bridge.mcp.authenticate(incoming);
      if (challenge) return challenge.send(response);
      response.end(caller.account.login);
    });
    t.after(() => server.close());
    const authorization = `Bearer ${tokens.access_token}`;
    assert.equal(await (await fetch(server.url, { headers: { authorization } })).text(), 'octocat');
    const refused = await fetch(server.url);
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get('www-authenticate') ?? '', /^Bearer /);
  });

  it('has one listener for all the requests of a connection that is kept', async (t) => {
    const { tokens } = await connect(bridge.url);
    const listeners: number[] = [];
    const server = await listen(async (incoming: IncomingMessage, response: ServerResponse) => {
      await bridge.bridge.mcp.authenticate(incoming);
      listeners.push(incoming.socket.listenerCount('close'));
      response.end();
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => {
      agent.destroy();
      return server.close();
    });
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    for (let request = 0; request < 3; request++) {
      const [answer] = await once(get(server.url, { agent, headers }), 'response');
      await buffer(answer);
    }
    assert.equal(new Set(listeners).size, 1, String(listeners));
  });
});
