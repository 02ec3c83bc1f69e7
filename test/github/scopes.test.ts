// GitHub's scopes: which contain which others, and which are asked of GitHub.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { covers, githubScopes } from '../../src/github/scopes.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { connect, withLongTokens } from './fixtures.ts';

onBothStores('the scopes of a login', (store) => {
  const bridge = useBridge(withLongTokens({ store }));

  it('are granted when a wider scope contains them, in the spelling asked for', async () => {
    bridge.github.grantNext({ scopes: ['repo', 'user'] });
    const person = await connect(bridge, { scope: 'public_repo user:email read:user' });
    assert.equal(person.tokens.scope, 'public_repo user:email read:user');
    assert.equal((await person.call('list_repositories')).result?.isError, undefined);
    assert.equal((await person.call('list_user_emails')).result?.isError, undefined);
  });

  it('are asked of GitHub as the client asked, and never none', async () => {
    for (const [scope, asked] of [
      ['repo gist', 'repo gist read:user'],
      ['user', 'user'],
      ['openid profile', 'read:user'],
      ['openid email', 'user:email read:user'],
      ['nonsense', 'read:user'],
      ['', 'read:user'],
    ] as const) {
      bridge.github.clearCalls();
      await connect(bridge, { scope });
      assert.equal(bridge.github.callsTo('GET', '/login/oauth/authorize')[0]?.scope, asked, `asked for "${scope}"`);
    }
  });
});

describe("GitHub's scopes", () => {
  it('cover themselves and what they contain, at any depth, and nothing wider', () => {
    assert.ok(covers(['repo'], 'repo'));
    assert.ok(covers(['gist', 'repo'], 'public_repo'));
    assert.ok(covers(['admin:org'], 'read:org'), 'through write:org');
    assert.equal(covers(['public_repo', 'repo:status'], 'repo'), false);
    assert.equal(covers(['read:org'], 'write:org'), false);
    assert.equal(covers(['user'], 'repo'), false);
    assert.equal(covers([], 'gist'), false);
  });

  it('cover a scope that is not known only by itself', () => {
    assert.ok(covers(['write:new_thing'], 'write:new_thing'));
    assert.equal(covers(['write:new_thing', 'repo'], 'read:new_thing'), false);
  });

  it('are known from the list of GitHub and from the setting SCOPES', () => {
    const { isKnown } = githubScopes(['read:user', 'write:new_thing']);
    assert.deepEqual(['repo', 'write:new_thing', 'nonsense', 'toString'].map(isKnown), [true, true, false, false]);
  });
});
