// GitHub keeps ten tokens for a person, an app and a set of scopes: the eleventh revokes the oldest without a message. After
// ten within an hour it asks the person again. Neither may end a session.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { credentialId } from '../../src/github/ten-tokens.ts';
import { bridgeFor, CLIENT_ID, onBothStores } from '../support/bridge.ts';
import { type Connected, connect, GITHUB_APP, HOUR, loginIn, withLongTokens } from './fixtures.ts';

const LOGINS = 12;
const GITHUB_KEEPS = 10;

onBothStores('twelve logins of one person from different clients', (store) => {
  for (const [name, seconds, app] of [
    ['within an hour', 60, {}],
    ['over twelve hours', HOUR, {}],
    ['over twelve hours, with tokens that expire', HOUR, GITHUB_APP],
  ] as const) {
    it(`${name} all keep working, and leave no token at GitHub when they end`, async (t) => {
      const bridge = await bridgeFor(t, withLongTokens({ store, app }));
      const sessions: Connected[] = [];
      for (let login = 0; login < LOGINS; login++) {
        sessions.push(await connect(bridge));
        bridge.advance(seconds);
      }
      const live = bridge.github.liveTokens().length;
      assert.ok(live <= GITHUB_KEEPS, `${live} tokens live at GitHub, which keeps ten`);
      for (const session of sessions) assert.equal(loginIn(await session.profile()), 'octocat');
      await bridge.bridge.maintain();
      for (const session of sessions) assert.equal((await session.refresh()).status, 200);
      for (const session of sessions) assert.equal(loginIn(await session.profile()), 'octocat');
      assert.deepEqual(bridge.eventsOf('grant.ended'), []);
      for (const session of sessions) await session.revoke();
      assert.deepEqual(bridge.github.liveTokens({ clientId: CLIENT_ID }), []);
    });
  }
});

describe('the id of a credential', () => {
  it('is one for each app and set of scopes', () => {
    assert.equal(credentialId('app', ['read:user', 'repo']), credentialId('app', ['read:user', 'repo']));
    const others = [
      credentialId('app', ['repo']),
      credentialId('app', []),
      credentialId('other', ['read:user', 'repo']),
    ];
    assert.equal(new Set([credentialId('app', ['read:user', 'repo']), ...others]).size, 4);
  });
});
