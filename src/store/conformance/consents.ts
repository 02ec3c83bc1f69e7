/** The remembered consents of a store. */
import assert from 'node:assert/strict';
import { DAY } from './fixtures.ts';
import type { DefineTest } from './stores.ts';

export function describeConsents(test: DefineTest): void {
  test('a consent is remembered until its ttl ends, for one person', async ({ store, second, advance }) => {
    await store.consents.remember('p', 'short', 60);
    await store.consents.remember('p', 'long', DAY);
    assert.equal(await second.consents.has('p', 'short'), true);
    assert.equal(await store.consents.has('q', 'short'), false);
    assert.equal(await store.consents.has('p', 'other'), false);
    advance(60);
    assert.equal(await store.consents.has('p', 'short'), false);
    assert.equal(await store.consents.has('p', 'long'), true);
    await store.consents.remember('p', 'short', 60);
    assert.equal(await store.consents.has('p', 'short'), true);
    assert.equal(await store.consents.has('p', 'long'), true);
  });

  test('forget deletes all consents of a person and no others', async ({ store }) => {
    for (const person of ['p', 'q']) await store.consents.remember(person, 'k', DAY);
    await store.consents.forget('p');
    assert.equal(await store.consents.has('p', 'k'), false);
    assert.equal(await store.consents.has('q', 'k'), true);
  });
}
