// The audit trail says of each session that ends who ended it, by which way, and from where: the person, an administrator by
// page or by tool, the client. What the operator does by command is in test/admin/main.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useBridge } from '../support/bridge.ts';
import { callTool, connect, logIn, register } from '../support/oauth.ts';
import { signIn } from './sign-in.ts';

describe('the audit trail', () => {
  const bridge = useBridge({ store: 'sqlite', env: { ADMIN_GITHUB_USERS: 'monalisa' } });

  /** The lines of an event that come while something is done, as far as they say who did it. */
  async function linesOf(event: string, work: () => Promise<unknown>): Promise<unknown[]> {
    const from = bridge.log().length;
    await work();
    return bridge
      .log()
      .slice(from)
      .split('\n')
      .filter((line) => line.includes(`"event":"${event}"`))
      .map((line): Record<string, unknown> => JSON.parse(line))
      .map(({ audit, by, via, actor, address }) => ({ audit, by, via, actor, address }));
  }
  const nameOf = (clientId: string) => {
    const { person, grant } = bridge.eventsOf('code.redeemed').find((event) => event.clientId === clientId) ?? {};
    return `${person}.${grant}`;
  };
  const account = (kind: 'person' | 'administrator', login: string) => {
    const found = bridge.eventsOf('login.completed').find(({ githubLogin }) => githubLogin === login);
    return { kind, person: found?.person, githubId: found?.githubId, githubLogin: login };
  };
  const line = { audit: true, address: '127.0.0.1', actor: undefined };

  it('names the person who disconnects an app', async () => {
    await connect(bridge.url, { login: 'hubot' });
    const { browser, page } = await signIn(bridge, 'hubot');
    const ended = await linesOf('grant.ended', () => browser.submit(page.form('/account/disconnect-all')));
    assert.deepEqual(ended, [{ ...line, by: 'person', via: 'page', actor: account('person', 'hubot') }]);
  });

  it('names the administrator who ends a session by page or by tool', async () => {
    await logIn(bridge.url, await register(bridge.url), { login: 'monalisa' });
    const [one, other] = [await connect(bridge.url, { login: 'hubot' }), await connect(bridge.url, { login: 'hubot' })];
    const administrator = account('administrator', 'monalisa');
    const { browser } = await signIn(bridge, 'monalisa');
    const page = await browser.get(`${bridge.url}/account/sessions?query=hubot`);
    const session = nameOf(one.client.client_id);
    const byPage = await linesOf('grant.ended', () =>
      browser.submit(page.form('/account/sessions/revoke'), { fields: { session } }),
    );
    assert.deepEqual(byPage, [{ ...line, by: 'administrator', via: 'page', actor: administrator }]);

    const parameters = { scope: 'read:user bridge:admin' };
    const { access_token } = await logIn(bridge.url, await register(bridge.url), { login: 'monalisa', parameters });
    const byTool = await linesOf('grant.ended', () =>
      callTool(bridge.url, access_token, 'revoke_session', { session: nameOf(other.client.client_id) }),
    );
    assert.deepEqual(byTool, [{ ...line, by: 'administrator', via: 'tool', actor: administrator }]);
  });

  it('names no person where a client ends its sessions, or removes itself', async () => {
    const { client } = await connect(bridge.url, { login: 'hubot' });
    const { registration_client_uri: url, registration_access_token: token } = client as Record<string, unknown>;
    const remove = () => fetch(String(url), { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
    const ended = await linesOf('grant.ended', remove);
    assert.deepEqual(ended, [{ ...line, by: 'client', via: 'client' }]);
    const other = await register(bridge.url);
    const again = other as Record<string, unknown>;
    const removed = await linesOf('client.removed', () =>
      fetch(String(again.registration_client_uri), {
        method: 'DELETE',
        headers: { authorization: `Bearer ${again.registration_access_token}` },
      }),
    );
    assert.deepEqual(removed, [{ ...line, by: undefined, via: 'client' }]);
  });

  it('says so where the clock makes new keys', async () => {
    const made = await linesOf('keys.rotated', () => bridge.bridge.services.keys.rotate(false));
    assert.ok(made.length > 0);
    for (const each of made) assert.deepEqual(each, { ...line, address: undefined, by: undefined, via: 'clock' });
  });
});
