/** The GitHub credentials of a store. */
import assert from 'node:assert/strict';
import { credential, HOUR, liveSession, newSession } from './fixtures.ts';
import { count, type DefineTest, race, sealedTokensOf } from './stores.ts';

export function describeCredentials(test: DefineTest): void {
  const renewed = (tokens: string) => ({ credential: { ...credential, sealedTokens: tokens } });

  test('a new login replaces the tokens for all grants, and keeps the old ones for revocation', async ({ store }) => {
    const first = await liveSession(store, 'p', 'a');
    await liveSession(store, 'p', 'b', renewed('sealed-tokens-2'));
    const read = await store.sessions.read(first.grant.ref);
    assert.equal(read?.credential.sealedTokens, 'sealed-tokens-2');
    assert.equal(read?.credential.generation, first.credential.generation + 1);
    assert.deepEqual(await store.credentials.read('p', 'cred-1'), read?.credential);
    await store.sessions.end({ person: 'p', grant: 'b' });
    assert.deepEqual(await store.revocations.pending('p'), []);
    await store.sessions.end({ person: 'p', grant: 'a' });
    const pending = await store.revocations.pending('p');
    assert.deepEqual(sealedTokensOf(pending), ['sealed-tokens-1', 'sealed-tokens-2']);
    assert.equal(new Set(pending.map((one) => one.id)).size, 2);
    for (const { id: _id, sealedTokens: _sealed, ...rest } of pending) {
      assert.deepEqual(rest, { person: 'p', credential: 'cred-1', appClientId: 'Iv1.app' });
    }
    assert.equal(await store.credentials.read('p', 'cred-1'), undefined);
  });

  test('the newest ten superseded token pairs are kept, and a pair that is stored again is not superseded', async ({
    store,
  }) => {
    for (let n = 1; n <= 13; n++) {
      await liveSession(store, 'p', `g${n}`, renewed(`t${String(n).padStart(2, '0')}`));
    }
    await liveSession(store, 'p', 'again', renewed('t13'));
    await store.sessions.endAll('p');
    const expected = Array.from({ length: 11 }, (_, index) => `t${String(index + 3).padStart(2, '0')}`);
    assert.deepEqual(sealedTokensOf(await store.revocations.pending('p')), expected);
  });

  test('tokens are replaced by compare-and-set, and the replaced pair is not revoked', async ({ store, second }) => {
    const { credential: begun } = await liveSession(store, 'p', 'g');
    const tokens = { sealedTokens: 'fresh', accessExpiresAt: 5 };
    assert.equal(await store.credentials.replaceTokens('p', 'cred-1', begun.generation + 1, tokens), false);
    assert.equal(await store.credentials.replaceTokens('p', 'none', begun.generation, tokens), false);
    assert.equal(await store.credentials.replaceTokens('p', 'cred-1', begun.generation, tokens), true);
    assert.equal(await store.credentials.replaceTokens('p', 'cred-1', begun.generation, tokens), false);
    const { refreshExpiresAt: _, ...lasting } = begun;
    assert.deepEqual(await second.credentials.read('p', 'cred-1'), {
      ...lasting,
      ...tokens,
      generation: begun.generation + 1,
    });
    await store.sessions.endAll('p');
    assert.deepEqual(sealedTokensOf(await store.revocations.pending('p')), ['fresh']);
  });

  test('of many simultaneous replacements one succeeds', async (stores) => {
    const { credential: begun } = await liveSession(stores.store, 'p', 'g');
    const made = await race(20, stores, (store, index) =>
      store.credentials.replaceTokens('p', 'cred-1', begun.generation, { sealedTokens: `t${index}` }),
    );
    assert.equal(count(made, Boolean), 1);
    const read = await stores.store.credentials.read('p', 'cred-1');
    assert.equal(read?.sealedTokens, `t${made.indexOf(true)}`);
  });

  test('a refresh that began before the credential was deleted cannot replace the tokens of a new one', async ({
    store,
  }) => {
    const before = await liveSession(store, 'p', 'a');
    await store.sessions.endAll('p');
    await liveSession(store, 'p', 'b', renewed('new login'));
    const late = { sealedTokens: 'late' };
    assert.equal(await store.credentials.replaceTokens('p', 'cred-1', before.credential.generation, late), false);
  });

  test('end deletes the credential and its grants; only superseded tokens become pending revocations', async ({
    store,
  }) => {
    await liveSession(store, 'p', 'a', renewed('old'));
    const { credential: begun } = await liveSession(store, 'p', 'b', renewed('dead'));
    await store.sessions.begin(newSession('p', 'waiting', renewed('dead')));
    await liveSession(store, 'p', 'other', { credentialId: 'cred-2' });
    assert.deepEqual(await store.credentials.end('p', 'cred-1', begun.generation), [], 'the generation has changed');
    const ended = await store.credentials.end('p', 'cred-1', begun.generation + 1);
    assert.deepEqual(ended.map((one) => one.ref.grant).sort(), ['a', 'b', 'waiting']);
    assert.deepEqual(sealedTokensOf(await store.revocations.pending('p')), ['old']);
    assert.equal(await store.credentials.read('p', 'cred-1'), undefined);
    assert.equal(await store.sessions.read({ person: 'p', grant: 'a' }), undefined);
    assert.ok(await store.sessions.read({ person: 'p', grant: 'other' }));
    assert.deepEqual(await store.credentials.end('p', 'cred-1', begun.generation + 1), []);
  });

  test('an expired grant that was not swept yet does not keep its credential', async ({ store, advance }) => {
    await store.sessions.begin(newSession('p', 'abandoned'));
    await liveSession(store, 'p', 'live');
    advance(61);
    await store.sessions.end({ person: 'p', grant: 'live' });
    assert.equal((await store.revocations.pending('p')).length, 1);
    await liveSession(store, 'p', 'later', renewed('later'));
    const { ended } = await store.revocations.sweep('p', HOUR);
    assert.deepEqual(
      ended.map((one) => one.ref.grant),
      ['abandoned'],
    );
    assert.ok(await store.sessions.read({ person: 'p', grant: 'later' }));
  });

  test('simultaneous logins and logouts leave no unused credential and no grant without one', async (stores) => {
    await race(30, stores, async (store, index) => {
      const { grant: begun } = await liveSession(store, 'p', `g${index}`, renewed(`t${index}`));
      if (index % 3 !== 0) await store.sessions.end(begun.ref);
    });
    assert.equal((await stores.store.sessions.list('p')).length, 10);
    await stores.store.sessions.endAll('p');
    assert.equal(await stores.store.credentials.read('p', 'cred-1'), undefined);
  });
}
