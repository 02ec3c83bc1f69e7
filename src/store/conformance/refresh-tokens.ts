/** The refresh tokens of `sessions`: rotation, repeat and reuse. */
import assert from 'node:assert/strict';
import { DAY, HOUR, liveSession, newSession, presentation, rotation } from './fixtures.ts';
import { type DefineTest, race } from './stores.ts';

export function describeRefreshTokens(test: DefineTest): void {
  const ref = { person: 'p', grant: 'g' };

  test('each rotation extends the grant and increments its generation', async ({ store, second, time, advance }) => {
    const session = await liveSession(store, 'p', 'g');
    advance(HOUR - 1);
    assert.deepEqual(await second.sessions.rotate(ref, rotation(1, { ttl: DAY })), { outcome: 'rotated' });
    const extended = { ...session.grant, generation: 2, lastUsedAt: time(), expiresAt: time() + DAY };
    assert.deepEqual((await store.sessions.read(ref))?.grant, extended);
    advance(DAY - 1);
    assert.equal((await store.sessions.rotate(ref, rotation(2))).outcome, 'rotated');
    assert.ok(await store.sessions.read(ref));
  });

  test('within the grace, the last second included, the same token gets the same successor', async ({
    store,
    advance,
  }) => {
    await liveSession(store, 'p', 'g');
    await store.sessions.rotate(ref, rotation(1));
    advance(60);
    const repeat = await store.sessions.rotate(ref, rotation(1, { successorHash: 'x', sealedSuccessor: 'y' }));
    assert.ok(repeat.outcome === 'repeated');
    assert.equal(repeat.sealedSuccessor, 'sealed-r2');
    assert.equal((await store.sessions.read(ref))?.grant.generation, 2);
    assert.equal((await store.sessions.rotate(ref, rotation(2))).outcome, 'rotated');
  });

  test('after the grace the rotated token ends the grant, whether the session was read in between or not', async ({
    store,
    advance,
  }) => {
    for (const id of ['read', 'unread']) {
      const spent = { person: 'p', grant: id };
      await liveSession(store, 'p', id, { credentialId: `cred-of-${id}` });
      await store.sessions.rotate(spent, rotation(1));
      advance(61);
      if (id === 'read') assert.ok(await store.sessions.read(spent));
      assert.deepEqual(await store.sessions.rotate(spent, rotation(1)), {
        outcome: 'reused',
        ended: { ref: spent, clientId: 'client-1' },
      });
      assert.equal(await store.sessions.read(spent), undefined);
      assert.deepEqual(await store.sessions.rotate(spent, rotation(2)), { outcome: 'unknown' });
    }
    assert.equal((await store.revocations.pending('p')).length, 2, 'both credentials must be revoked');
  });

  test('a token rotated before the last one ends the grant, even within the grace', async ({ store }) => {
    await liveSession(store, 'p', 'g');
    await store.sessions.rotate(ref, rotation(1));
    await store.sessions.rotate(ref, rotation(2));
    assert.equal((await store.sessions.rotate(ref, rotation(1))).outcome, 'reused');
    assert.equal(await store.sessions.read(ref), undefined);
  });

  test('a wrong token, client, person or grant changes nothing', async ({ store }) => {
    await liveSession(store, 'p', 'g');
    await store.sessions.begin(newSession('p', 'waiting'));
    const tries = [
      [ref, rotation(1, { presentedHash: 'guess' })],
      [ref, rotation(7)],
      [ref, rotation(1, { clientId: 'other' })],
      [ref, rotation(0, { clientId: 'other', presentedHash: 'guess' })],
      [{ person: 'p', grant: 'waiting' }, rotation(0)],
      [{ person: 'q', grant: 'g' }, rotation(1)],
    ] as const;
    for (const [where, asked] of tries) {
      assert.deepEqual(await store.sessions.rotate(where, asked), { outcome: 'unknown' });
    }
    assert.equal((await store.sessions.rotate(ref, rotation(1))).outcome, 'rotated');
    assert.equal(
      (await store.sessions.redeem({ person: 'p', grant: 'waiting' }, presentation('waiting'), 9)).outcome,
      'redeemed',
    );
  });

  test('a grant without a refresh token cannot be rotated', async ({ store }) => {
    await store.sessions.begin(newSession('p', 'g'));
    await store.sessions.redeem(ref, presentation('g'), HOUR);
    assert.deepEqual(await store.sessions.rotate(ref, rotation(1)), { outcome: 'unknown' });
    assert.ok(await store.sessions.read(ref));
  });

  test('an expired grant cannot be rotated', async ({ store, advance }) => {
    await liveSession(store, 'p', 'g');
    advance(HOUR);
    assert.deepEqual(await store.sessions.rotate(ref, rotation(1)), { outcome: 'unknown' });
  });

  test('of twenty simultaneous rotations one succeeds, and the others get its successor', async (stores) => {
    await liveSession(stores.store, 'p', 'g');
    const turns = await race(20, stores, (store, index) =>
      store.sessions.rotate(ref, rotation(1, { successorHash: `h${index}`, sealedSuccessor: `s${index}` })),
    );
    const winner = turns.findIndex((turn) => turn.outcome === 'rotated');
    const repeats = turns.flatMap((turn) => (turn.outcome === 'repeated' ? [turn.sealedSuccessor] : []));
    assert.deepEqual(repeats, new Array(19).fill(`s${winner}`));
    const next = rotation(2, { presentedHash: `h${winner}` });
    assert.equal((await stores.store.sessions.rotate(ref, next)).outcome, 'rotated');
  });
}
