/**
 * The resets of a store: when a grant ends whose recipient got the GitHub token, and other grants keep the credential, what
 * that recipient may hold becomes a pending revocation (superseded pairs), or is marked to be reset (the current pair).
 */
import assert from 'node:assert/strict';
import type { Recipient } from '../records.ts';
import { MAX_SESSIONS_PER_PERSON, type Store } from '../store.ts';
import { credential, grant, HOUR, liveSession, newSession, presentation, rotation } from './fixtures.ts';
import { type DefineTest, race, sealedTokensOf } from './stores.ts';

const SENDER = 'client-that-sends';
const recipient: Recipient = { address: 'https://mcp.example/mcp', credential: 'github' };
const pair = (sealedTokens: string) => ({ ...credential, sealedTokens });
const sender = (sealedTokens: string) => ({
  grant: { ...grant, clientId: SENDER, recipient },
  credential: pair(sealedTokens),
});

/** Two sessions with one credential, which has a superseded pair: `stays`, and `sends`, whose recipient gets the token. */
async function twoSessions(store: Store) {
  await liveSession(store, 'p', 'stays', { credential: pair('old') });
  const { grant: sends } = await liveSession(store, 'p', 'sends', sender('current'));
  return { sends: sends.ref };
}

/** The token pairs that are to be revoked, the credentials that are to be reset, and whether a session says so. */
async function due(store: Store) {
  const session = await store.sessions.read({ person: 'p', grant: 'stays' });
  return {
    revoked: sealedTokensOf(await store.revocations.pending('p')),
    reset: await store.revocations.resets('p'),
    current: session?.credential.sealedTokens,
    resetDue: session?.credential.resetDue ?? false,
  };
}

const RESET = { revoked: ['old'], reset: ['cred-1'], current: 'current', resetDue: true };
const NOTHING = { revoked: [], reset: [], current: 'current', resetDue: false };

/** Every way in which a grant ends while its credential lives on. */
const WAYS: Record<string, (store: Store, advance: (seconds: number) => void) => Promise<unknown>> = {
  end: (store) => store.sessions.end({ person: 'p', grant: 'sends' }),
  endAll: (store) => store.sessions.endAll('p', SENDER),
  'a replayed code': (store) =>
    store.sessions.redeem(
      { person: 'p', grant: 'sends' },
      presentation('sends', { clientId: SENDER }),
      HOUR,
      'hash-of-r1',
    ),
  async 'a reused refresh token'(store) {
    const ref = { person: 'p', grant: 'sends' };
    await store.sessions.rotate(ref, rotation(1, { clientId: SENDER }));
    await store.sessions.rotate(ref, rotation(2, { clientId: SENDER }));
    await store.sessions.rotate(ref, rotation(1, { clientId: SENDER }));
  },
  async 'a sweep after its expiry'(store, advance) {
    advance(HOUR - 60);
    await store.sessions.rotate({ person: 'p', grant: 'stays' }, rotation(1));
    advance(60);
    await store.revocations.sweep('p', HOUR);
  },
  async 'a login of a person with too many sessions'(store, advance) {
    advance(60);
    await store.sessions.read({ person: 'p', grant: 'stays' });
    const more = Array.from({ length: MAX_SESSIONS_PER_PERSON - 1 }, (_, index) => `more-${index}`);
    for (const id of more) await store.sessions.begin(newSession('p', id, { credential: pair('current') }));
  },
};

export function describeResets(test: DefineTest): void {
  for (const [way, end] of Object.entries(WAYS))
    test(`the end by ${way} makes a reset due, and revokes superseded pairs`, async ({ store, second, advance }) => {
      const { sends } = await twoSessions(store);
      assert.deepEqual(await due(store), NOTHING);
      await end(store, advance);
      assert.equal(await store.sessions.read(sends), undefined);
      assert.deepEqual(await due(second), RESET);
      assert.deepEqual((await store.revocations.sweep('p', HOUR)).resets, ['cred-1']);
    });

  test('the end of a grant whose recipient gets no GitHub token makes no reset due', async ({ store }) => {
    await liveSession(store, 'p', 'stays', { credential: pair('current') });
    const { recipient: _, ...without } = grant;
    const others = (['identity', 'none'] as const).map((what) => ({
      ...grant,
      recipient: { ...recipient, credential: what },
    }));
    for (const other of [without, ...others]) {
      const over = { grant: other, credential: pair('current') };
      const { grant: begun } = await liveSession(store, 'p', 'other', over);
      await store.sessions.end(begun.ref);
    }
    assert.deepEqual(await due(store), NOTHING);
  });

  test('the end of a grant whose code was not redeemed makes no reset due', async ({ store }) => {
    await liveSession(store, 'p', 'stays', { credential: pair('current') });
    await store.sessions.begin(newSession('p', 'declined', sender('current')));
    await store.sessions.end({ person: 'p', grant: 'declined' });
    assert.deepEqual(await due(store), NOTHING);
  });

  test('the end of the last grant revokes all tokens, and leaves no reset', async ({ store }) => {
    await twoSessions(store);
    await store.sessions.endAll('p');
    assert.deepEqual(sealedTokensOf(await store.revocations.pending('p')), ['current', 'old']);
    assert.deepEqual(await store.revocations.resets('p'), []);
  });

  test('a credential that dies takes its reset along', async ({ store }) => {
    const { sends } = await twoSessions(store);
    await store.sessions.end(sends);
    const { generation = 0 } = (await store.credentials.read('p', 'cred-1')) ?? {};
    assert.equal((await store.credentials.end('p', 'cred-1', generation)).length, 1);
    assert.deepEqual(await store.revocations.resets('p'), []);
    assert.deepEqual(sealedTokensOf(await store.revocations.pending('p')), ['old']);
    await liveSession(store, 'p', 'stays', { credential: pair('new') });
    assert.deepEqual(await due(store), { ...NOTHING, revoked: ['old'], current: 'new' });
  });

  test('new tokens do a reset that is due; the same pair sealed anew does not', async ({ store }) => {
    const { sends } = await twoSessions(store);
    await store.sessions.end(sends);
    const { generation = 0 } = (await store.credentials.read('p', 'cred-1')) ?? {};
    assert.equal(await store.credentials.reseal('p', 'cred-1', generation + 1, 'resealed'), false);
    assert.equal(await store.credentials.reseal('p', 'none', generation, 'resealed'), false);
    assert.equal(await store.credentials.reseal('p', 'cred-1', generation, 'resealed'), true);
    assert.deepEqual(await due(store), { ...RESET, current: 'resealed' });
    assert.equal(await store.credentials.replaceTokens('p', 'cred-1', generation, { sealedTokens: 'fresh' }), true);
    assert.deepEqual(await due(store), { ...NOTHING, revoked: ['old'], current: 'fresh' });
    assert.equal(await store.credentials.reseal('p', 'cred-1', generation, 'late'), false);
    await store.sessions.endAll('p');
    assert.deepEqual(sealedTokensOf(await store.revocations.pending('p')), ['fresh', 'old']);
  });

  test('sealing a pair anew keeps its expiries', async ({ store }) => {
    const { credential: begun } = await liveSession(store, 'p', 'g');
    await store.credentials.reseal('p', 'cred-1', begun.generation, 'resealed');
    assert.deepEqual(await store.credentials.read('p', 'cred-1'), { ...begun, sealedTokens: 'resealed' });
  });

  test('a login while a reset is due revokes the old pair at once, and needs no reset of its own', async ({
    store,
  }) => {
    const { sends } = await twoSessions(store);
    await store.sessions.end(sends);
    await liveSession(store, 'p', 'again', sender('current'));
    assert.deepEqual(await due(store), RESET, 'the same pair is not superseded');
    await liveSession(store, 'p', 'new', { credential: pair('new') });
    assert.deepEqual(await due(store), { revoked: ['current', 'old'], reset: [], current: 'new', resetDue: false });
    await store.sessions.endAll('p');
    assert.deepEqual(sealedTokensOf(await store.revocations.pending('p')), ['current', 'new', 'old']);
  });

  test('a second end makes a second reset due', async ({ store }) => {
    const { sends } = await twoSessions(store);
    const again = await liveSession(store, 'p', 'again', sender('current'));
    await store.sessions.end(sends);
    const { generation = 0 } = (await store.credentials.read('p', 'cred-1')) ?? {};
    await store.credentials.replaceTokens('p', 'cred-1', generation, { sealedTokens: 'fresh' });
    await store.sessions.end(again.grant.ref);
    assert.deepEqual(await due(store), { ...RESET, current: 'fresh' });
  });

  test('when an end races with a refresh and a login, the sent pair is replaced, revoked or to be reset', async (stores) => {
    const { store } = stores;
    await liveSession(store, 'p', 'stays', { credential: pair('first') });
    for (let round = 0; round < 24; round++) {
      const sent = `sent-${round}`;
      const { grant: begun, credential: state } = await liveSession(store, 'p', `s${round}`, sender(sent));
      let refreshed = false;
      const rivals: ((one: Store) => Promise<unknown>)[] = [
        (one) => one.sessions.end(begun.ref),
        (one) => one.sessions.begin(newSession('p', `l${round}`, { credential: pair(`login-${round}`) })),
        async (one) => {
          const tokens = { sealedTokens: `fresh-${round}` };
          refreshed = await one.credentials.replaceTokens('p', 'cred-1', state.generation, tokens);
        },
      ];
      // Two or three of them, each of them first in some rounds.
      const running = rivals.map((_, index) => (index + round) % 3).slice(0, 2 + (round % 2));
      if (!running.includes(0)) running.push(0);
      await race(running.length, stores, async (one, index) => rivals[running[index] ?? 0]?.(one));
      const { revoked, current, resetDue } = await due(store);
      assert.ok(refreshed || revoked.includes(sent) || (current === sent && resetDue), `round ${round}`);
    }
  });
}
