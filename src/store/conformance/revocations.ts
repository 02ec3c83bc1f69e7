/** The revocations of a store: due visits, the sweep of expired grants, and pending revocations. */
import assert from 'node:assert/strict';
import { credential, DAY, HOUR, liveSession, newSession } from './fixtures.ts';
import { type DefineTest, race, sealedTokensOf } from './stores.ts';

export function describeRevocations(test: DefineTest): void {
  test('a sweep ends an expired grant and returns its tokens until the revocation is done', async ({
    store,
    advance,
  }) => {
    const { grant: begun } = await liveSession(store, 'p', 'g');
    advance(HOUR);
    assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
    const swept = await store.revocations.sweep('p', HOUR);
    assert.deepEqual(swept.ended, [{ ref: begun.ref, clientId: 'client-1' }]);
    assert.deepEqual(sealedTokensOf(swept.revocations), ['sealed-tokens-1']);
    const again = await store.revocations.sweep('p', HOUR);
    assert.deepEqual(again, { ended: [], revocations: swept.revocations, resets: [] });
    assert.deepEqual(await store.revocations.pending('p'), swept.revocations);
    for (const { id } of swept.revocations) await store.revocations.done('p', id);
    assert.deepEqual(await store.revocations.pending('p'), []);
    await store.revocations.done('p', 'nothing');
  });

  test('a sweep ends a grant whose code was never redeemed and returns its tokens', async ({ store, advance }) => {
    await store.sessions.begin(newSession('p', 'g'));
    assert.deepEqual(await store.revocations.duePeople(10, 300), []);
    advance(60);
    assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
    const { ended, revocations } = await store.revocations.sweep('p', HOUR);
    assert.equal(ended.length, 1);
    assert.equal(revocations.length, 1);
  });

  test('a sweep leaves unexpired sessions as they are and sets the next visit', async ({ store, advance }) => {
    const { grant: begun } = await liveSession(store, 'p', 'g');
    advance(60);
    await store.revocations.duePeople(10, 300);
    assert.deepEqual(await store.revocations.sweep('p', 600), { ended: [], revocations: [], resets: [] });
    assert.ok(await store.sessions.read(begun.ref));
    advance(599);
    assert.deepEqual(await store.revocations.duePeople(10, 300), []);
    advance(1);
    assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
  });

  test('a person is visited as long as a revocation is pending', async ({ store, advance }) => {
    await liveSession(store, 'p', 'g');
    await store.sessions.endAll('p');
    for (let visits = 0; visits < 3; visits++) {
      advance(600);
      assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
      assert.equal((await store.revocations.sweep('p', 600)).revocations.length, 1);
    }
  });

  test('a person of whom nothing is left is neither visited nor listed', async ({ store, advance }) => {
    await liveSession(store, 'p', 'g');
    await store.sessions.endAll('p');
    for (const { id } of await store.revocations.pending('p')) await store.revocations.done('p', id);
    advance(60);
    assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
    await store.revocations.sweep('p', 600);
    advance(DAY);
    assert.deepEqual(await store.revocations.duePeople(10, 300), []);
    assert.deepEqual(await store.sessions.people('', 10), []);
  });

  test('a person who logs in during a sweep is visited again', async ({ store, advance }) => {
    await liveSession(store, 'p', 'g');
    await store.sessions.endAll('p');
    for (const { id } of await store.revocations.pending('p')) await store.revocations.done('p', id);
    advance(60);
    await store.revocations.duePeople(10, 300);
    await Promise.all([store.revocations.sweep('p', 600), store.sessions.begin(newSession('p', 'new'))]);
    advance(600);
    assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
  });

  test('a due visit is claimed by one sweeper, until the lease ends', async (stores) => {
    const people = Array.from({ length: 30 }, (_, index) => `p${index}`);
    for (const person of people) await stores.store.sessions.begin(newSession(person, 'g'));
    stores.advance(60);
    const claimed = await race(10, stores, (store) => store.revocations.duePeople(5, 300));
    assert.ok(claimed.every((some) => some.length <= 5));
    assert.deepEqual(claimed.flat().sort(), people.sort());
    stores.advance(300);
    assert.equal((await stores.store.revocations.duePeople(100, 300)).length, 30);
  });

  test('retry sets an earlier visit', async ({ store, advance }) => {
    await store.sessions.begin(newSession('p', 'g'));
    advance(60);
    await store.revocations.duePeople(10, 300);
    await store.revocations.sweep('p', HOUR);
    await store.revocations.retry('p', 30);
    advance(29);
    assert.deepEqual(await store.revocations.duePeople(10, 300), []);
    advance(1);
    assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
    assert.equal((await store.revocations.pending('p')).length, 1);
  });

  test('an added revocation is pending, and makes a visit due', async ({ store, second, advance }) => {
    const revocation = { person: 'p', id: 'r', credential: 'c', appClientId: 'a', sealedTokens: 's' };
    await store.revocations.add(revocation);
    assert.deepEqual(await second.revocations.pending('p'), [revocation]);
    assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
    assert.deepEqual((await store.revocations.sweep('p', 600)).revocations, [revocation]);
    await store.revocations.done('p', 'r');
    advance(600);
    assert.deepEqual(await store.revocations.sweep('p', 600), { ended: [], revocations: [], resets: [] });
  });

  test('a new login leaves pending revocations as they are', async ({ store }) => {
    await liveSession(store, 'p', 'a');
    await store.sessions.endAll('p');
    await liveSession(store, 'p', 'b', { credential: { ...credential, sealedTokens: 'second' } });
    assert.deepEqual(sealedTokensOf(await store.revocations.pending('p')), ['sealed-tokens-1']);
    await store.sessions.endAll('p');
    assert.deepEqual(sealedTokensOf(await store.revocations.pending('p')), ['sealed-tokens-1', 'second']);
  });
}
