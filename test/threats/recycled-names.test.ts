// Names at GitHub change hands, ids do not: whoever takes an old name is nobody here.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decodeJwt } from 'jose';
import { EventBus } from '../../src/observe/events.ts';
import { wire } from '../../src/wiring.ts';
import { connect } from '../github/fixtures.ts';
import { bridgeFor, onBothStores, type TestBridge } from '../support/bridge.ts';
import { authorizeInBrowser, register } from '../support/oauth.ts';

onBothStores('a recycled name', (store) => {
  async function isRefused(bridge: TestBridge, login: string): Promise<boolean> {
    const { answer } = await authorizeInBrowser(bridge.url, await register(bridge.url), { login });
    return answer.status === 403;
  }

  for (const rule of ['octo-org', 'octo-org/core']) {
    it(`#23 of an organization lets nobody in, where ${rule} may`, async (t) => {
      const bridge = await bridgeFor(t, { store, env: { ALLOWED_GITHUB_ORGS: rule } });
      const member = await connect(bridge, { login: 'octocat' });
      // The organization was renamed, and a stranger founded another under its old name.
      const squatted = { login: 'octo-org', id: 66_000_001, role: 'admin', teams: ['core'] } as const;
      bridge.github.addToOrganization('hubot', { ...squatted, teams: [...squatted.teams] });
      assert.equal(await isRefused(bridge, 'hubot'), true);
      // After an hour the pins are read again: they are in the store, not in this process.
      bridge.advance(3600);
      assert.equal(await isRefused(bridge, 'hubot'), true);
      assert.equal((await member.refresh()).status, 200);
    });
  }

  it('#23 of an administrator stays free for who has it now, when who had it before refreshes', async (t) => {
    const bridge = await bridgeFor(t, { store, env: { ALLOWED_GITHUB_ORGS: 'octo-org' } });
    const { tokens } = await connect(bridge, { login: 'octocat' });
    const [person = ''] = String(decodeJwt(tokens.access_token).sid).split('.');
    const [session] = await bridge.store.sessions.list(person);
    assert.ok(session);
    bridge.github.renameAccount('octocat', 'octocat-renamed');
    const administrators = { ...bridge.config, adminUsers: [{ login: 'octocat' }] };
    const restarted = await wire(administrators, { store: bridge.store, events: new EventBus(), now: bridge.now });
    await restarted.services.upstream.recheck(session.credential, bridge.now());
    assert.equal(await restarted.policy.isAdministrator(session.credential.account), false);
    await restarted.close();
  });

  it('#23 that every JavaScript object has a member of is a login like any other', async (t) => {
    const bridge = await bridgeFor(t, { store, env: { ALLOWED_GITHUB_USERS: 'constructor' } });
    assert.equal(await isRefused(bridge, 'octocat'), true);
    bridge.github.renameAccount('monalisa', 'constructor');
    assert.equal(await isRefused(bridge, 'constructor'), false);
  });
});
