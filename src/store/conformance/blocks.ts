/** Blocked people: nothing begins after a block, and nothing that began before it stays. */
import assert from 'node:assert/strict';
import { HOUR, liveSession, newSession, presentation } from './fixtures.ts';
import { count, type DefineTest, race } from './stores.ts';

const BLOCK = { person: 'p', githubId: 583231, login: 'octocat', reason: 'Ünï "cödé"' };

export function describeBlocks(test: DefineTest): void {
  test('a block ends all grants of the person, redeemed or not, and no other person’s', async ({ store, second }) => {
    await liveSession(store, 'p', 'live');
    await store.sessions.begin(newSession('p', 'waiting'));
    await liveSession(store, 'q', 'other');
    const ended = await second.blocks.add(BLOCK);
    assert.deepEqual(ended.map(({ ref }) => ref.grant).sort(), ['live', 'waiting']);
    assert.deepEqual(await store.sessions.list('p'), []);
    assert.equal(
      (await store.sessions.redeem({ person: 'p', grant: 'waiting' }, presentation('waiting'), HOUR)).outcome,
      'unknown',
    );
    assert.equal((await store.revocations.pending('p')).length, 1, 'GitHub is told');
    assert.equal((await store.sessions.list('q')).length, 1);
  });

  test('no session of a blocked person begins, until the person is unblocked', async ({ store, second }) => {
    await store.blocks.add(BLOCK);
    assert.equal(await second.sessions.begin(newSession('p', 'g')), 'blocked');
    assert.equal(await store.credentials.read('p', 'cred-1'), undefined, 'nothing is stored');
    assert.equal(await second.blocks.remove('p'), true);
    assert.equal(await second.blocks.remove('p'), false);
    assert.ok(await liveSession(store, 'p', 'g'));
  });

  test('a login that races with the block leaves no session', async (stores) => {
    for (let round = 0; round < 20; round++) {
      const person = `p${round}`;
      const outcomes = await race(8, stores, (store, index) =>
        index === 3
          ? store.blocks.add({ ...BLOCK, person })
          : store.sessions.begin(newSession(person, `g${index}`, { codeTtl: HOUR })),
      );
      assert.ok(count(outcomes, (one) => one === 'blocked') < 8);
      for (let index = 0; index < 8; index++) {
        const redeemed = await stores.store.sessions.redeem(
          { person, grant: `g${index}` },
          presentation(`g${index}`),
          HOUR,
        );
        assert.equal(redeemed.outcome, 'unknown', `grant ${index} of round ${round}`);
      }
    }
  });

  test('a block is kept with who, why and when, and a second one says more, and forgets nothing', async ({
    store,
    second,
    time,
    advance,
  }) => {
    await store.blocks.add(BLOCK);
    assert.deepEqual(await second.blocks.read('p'), { ...BLOCK, blockedAt: time() });
    advance(10);
    await store.blocks.add({ person: 'p', githubId: 583231 });
    assert.deepEqual(await second.blocks.read('p'), { ...BLOCK, blockedAt: time() - 10 });
    await store.blocks.add({ person: 'p', githubId: 583231, reason: 'again' });
    assert.deepEqual(await second.blocks.read('p'), { ...BLOCK, reason: 'again', blockedAt: time() - 10 });
    assert.equal(await store.blocks.read('q'), undefined);
  });

  test('a sweep keeps the block, and forgets the person otherwise', async ({ store, advance }) => {
    await liveSession(store, 'p', 'g');
    await store.blocks.add(BLOCK);
    for (const { id } of await store.revocations.pending('p')) await store.revocations.done('p', id);
    advance(HOUR);
    await store.revocations.sweep('p', 600);
    assert.deepEqual(await store.sessions.people('', 10), []);
    assert.ok(await store.blocks.read('p'));
  });

  test('the blocked are listed in pages', async ({ store, second }) => {
    for (const person of ['b', 'a', 'c']) await store.blocks.add({ ...BLOCK, person });
    await store.blocks.remove('a');
    await store.blocks.add({ ...BLOCK, person: 'd' });
    const people = async (after: string) => (await second.blocks.list(after, 2)).map(({ person }) => person);
    assert.deepEqual(await people(''), ['b', 'c']);
    assert.deepEqual(await people('c'), ['d']);
  });
}
