// Names at GitHub change hands, ids do not: whoever takes an old name is nobody here.
import assert from 'node:assert/strict';
import { it } from 'node:test';
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

  it('#23 that every JavaScript object has a member of is a login like any other', async (t) => {
    const bridge = await bridgeFor(t, { store, env: { ALLOWED_GITHUB_USERS: 'constructor' } });
    assert.equal(await isRefused(bridge, 'octocat'), true);
    bridge.github.renameAccount('monalisa', 'constructor');
    assert.equal(await isRefused(bridge, 'constructor'), false);
  });
});
