/** The stories of a store. */
import assert from 'node:assert/strict';
import { DAY } from './fixtures.ts';
import { type DefineTest, race } from './stores.ts';

const LIMIT = 6;

export function describeStories(test: DefineTest): void {
  test('a story grows at its end, and is one login’s alone', async ({ store, second }) => {
    assert.deepEqual(await store.stories.read('a'), []);
    await store.stories.append('a', ['1', '["2","\u00e9\\ud800"]'], LIMIT, DAY);
    await second.stories.append('a', ['3'], LIMIT);
    await store.stories.append('b', ['other'], LIMIT, DAY);
    assert.deepEqual(await store.stories.read('a'), ['1', '["2","\u00e9\\ud800"]', '3']);
    assert.deepEqual(await second.stories.read('b'), ['other']);
  });

  test('nothing is added where no story began, or where it is over; it is kept from its beginning on', async (stores) => {
    const { store, advance } = stores;
    await store.stories.append('a', ['1'], LIMIT);
    assert.deepEqual(await store.stories.read('a'), []);
    await store.stories.append('a', ['1'], LIMIT, DAY);
    advance(DAY - 1);
    await store.stories.append('a', ['2'], LIMIT);
    assert.deepEqual(await store.stories.read('a'), ['1', '2']);
    advance(1);
    assert.deepEqual(await store.stories.read('a'), []);
    await store.stories.append('a', ['3'], LIMIT);
    assert.deepEqual(await store.stories.read('a'), []);
    await store.stories.append('a', ['4'], LIMIT, DAY);
    assert.deepEqual(await store.stories.read('a'), ['4']);
  });

  test('of a long story the beginning and the end are kept', async ({ store }) => {
    await store.stories.append('a', ['1', '2', '3', '4'], LIMIT, DAY);
    for (const entry of ['5', '6', '7', '8']) await store.stories.append('a', [entry], LIMIT);
    assert.deepEqual(await store.stories.read('a'), ['1', '2', '3', '6', '7', '8']);
    await store.stories.append('a', ['9', '10', '11', '12', '13'], LIMIT);
    assert.deepEqual(await store.stories.read('a'), ['1', '2', '3', '11', '12', '13']);
  });

  test('a story is kept longer when more happens that says so, and never shorter', async ({ store, advance }) => {
    await store.stories.append('a', ['begun'], 50, DAY);
    await store.stories.append('a', ['returned'], 50, 7 * DAY);
    await store.stories.append('a', ['again'], 50, DAY);
    advance(6 * DAY);
    assert.deepEqual(await store.stories.read('a'), ['begun', 'returned', 'again']);
    advance(2 * DAY);
    assert.deepEqual(await store.stories.read('a'), []);
  });

  test('what is added at the same moment is all kept', async (stores) => {
    await stores.store.stories.append('a', ['first'], 50, DAY);
    await race(20, stores, (store, index) => store.stories.append('a', [`${index}`], 50));
    const [first, ...others] = await stores.store.stories.read('a');
    assert.equal(first, 'first');
    assert.deepEqual(
      others.map(Number).sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, index) => index),
    );
  });
}
