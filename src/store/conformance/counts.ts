/** The counts of a store: each case sweeps before it counts, because a count may lag behind until then. */
import assert from 'node:assert/strict';
import { HOUR, liveSession } from './fixtures.ts';
import type { DefineTest } from './stores.ts';

export function describeCounts(test: DefineTest): void {
  test('an empty store has nothing', async ({ store }) => {
    assert.deepEqual(await store.counts(), { people: 0, sessions: 0, revocations: 0, oldestRevocation: 0 });
  });

  test('people and unexpired sessions are counted, however often a person is swept', async ({ store, second }) => {
    await liveSession(store, 'p', 'a');
    await liveSession(store, 'p', 'b');
    await liveSession(store, 'q', 'c');
    for (const person of ['p', 'q', 'p']) await store.revocations.sweep(person, 600);
    assert.deepEqual(await second.counts(), { people: 2, sessions: 3, revocations: 0, oldestRevocation: 0 });
    await store.sessions.end({ person: 'p', grant: 'a' });
    await second.revocations.sweep('p', 600);
    assert.equal((await store.counts()).sessions, 2);
  });

  test('an expired session does not count', async ({ store, advance }) => {
    await liveSession(store, 'p', 'g');
    await store.revocations.sweep('p', 600);
    assert.equal((await store.counts()).sessions, 1);
    advance(HOUR);
    await store.revocations.sweep('p', 600);
    assert.equal((await store.counts()).sessions, 0);
  });

  test('revocations count, and the oldest ages, until all are done', async ({ store, advance }) => {
    for (const person of ['p', 'q']) {
      await liveSession(store, person, 'g');
      await store.sessions.endAll(person);
      await store.revocations.sweep(person, 600);
      advance(100);
    }
    await store.revocations.sweep('p', 600);
    assert.deepEqual(await store.counts(), { people: 2, sessions: 0, revocations: 2, oldestRevocation: 200 });
    for (const [person, left] of [
      ['p', { revocations: 1, oldestRevocation: 100 }],
      ['q', { revocations: 0, oldestRevocation: 0 }],
    ] as const) {
      for (const { id } of await store.revocations.pending(person)) await store.revocations.done(person, id);
      await store.revocations.sweep(person, 600);
      assert.partialDeepStrictEqual(await store.counts(), left);
    }
    assert.deepEqual(await store.counts(), { people: 0, sessions: 0, revocations: 0, oldestRevocation: 0 });
  });

  test('a revocation that is added again does not become younger', async ({ store, advance }) => {
    const revocation = { person: 'p', id: 'r', credential: 'c', appClientId: 'a', sealedTokens: 's' };
    await store.revocations.add(revocation);
    await store.revocations.sweep('p', 600);
    advance(100);
    await store.revocations.add({ ...revocation, sealedTokens: 'newer' });
    await store.revocations.sweep('p', 600);
    assert.partialDeepStrictEqual(await store.counts(), { revocations: 1, oldestRevocation: 100 });
    await store.revocations.add({ ...revocation, id: 'another' });
    await store.revocations.sweep('p', 600);
    assert.partialDeepStrictEqual(await store.counts(), { revocations: 2, oldestRevocation: 100 });
  });
}
