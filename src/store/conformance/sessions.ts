/** The redeemed sessions of a store: reading, listing and ending them. */
import assert from 'node:assert/strict';
import type { EndedGrant } from '../records.ts';
import { MAX_SESSIONS_PER_PERSON } from '../store.ts';
import { begin, credential, grant, HOUR, liveSession, newSession, presentation } from './fixtures.ts';
import type { DefineTest } from './stores.ts';

export function describeSessions(test: DefineTest): void {
  test('read notes the last use, to the minute', async ({ store, advance, time }) => {
    const { grant: begun } = await liveSession(store, 'p', 'g');
    advance(59);
    assert.equal((await store.sessions.read(begun.ref))?.grant.lastUsedAt, begun.lastUsedAt);
    advance(1);
    assert.equal((await store.sessions.read(begun.ref))?.grant.lastUsedAt, time());
    advance(30);
    assert.equal((await store.sessions.read(begun.ref))?.grant.lastUsedAt, time() - 30);
  });

  test('an expired session is absent from every method at once', async ({ store, advance }) => {
    const { grant: begun } = await liveSession(store, 'p', 'g');
    advance(HOUR);
    assert.equal(await store.sessions.read(begun.ref), undefined);
    assert.deepEqual(await store.sessions.list('p'), []);
    assert.equal(await store.sessions.end(begun.ref), undefined);
    assert.deepEqual(await store.sessions.endAll('p'), []);
    assert.deepEqual(await store.sessions.redeem(begun.ref, presentation('g'), HOUR), { outcome: 'unknown' });
  });

  test('the list has the redeemed sessions of one person, newest first', async ({ store, advance }) => {
    await liveSession(store, 'p', 'old');
    advance(1);
    await liveSession(store, 'p', 'new', { credentialId: 'cred-2' });
    await liveSession(store, 'q', 'foreign');
    await store.sessions.begin(newSession('p', 'waiting'));
    const list = await store.sessions.list('p');
    assert.deepEqual(
      list.map((session) => [session.grant.ref.grant, session.credential.id]),
      [
        ['new', 'cred-2'],
        ['old', 'cred-1'],
      ],
    );
    assert.deepEqual(list[1], await store.sessions.read({ person: 'p', grant: 'old' }));
  });

  test('end ends one session only, and none of another client', async ({ store }) => {
    await liveSession(store, 'p', 'a');
    await liveSession(store, 'p', 'b');
    const ref = { person: 'p', grant: 'a' };
    assert.equal(await store.sessions.end(ref, 'other'), undefined);
    assert.deepEqual(await store.sessions.end(ref, 'client-1'), { ref, clientId: 'client-1' });
    assert.equal(await store.sessions.read(ref), undefined);
    assert.equal(await store.sessions.end(ref), undefined);
    assert.ok(await store.sessions.read({ person: 'p', grant: 'b' }));
  });

  test('a session can be ended before its code is redeemed', async ({ store }) => {
    await store.sessions.begin(newSession('p', 'g'));
    assert.ok(await store.sessions.end({ person: 'p', grant: 'g' }));
    assert.deepEqual(await store.sessions.redeem({ person: 'p', grant: 'g' }, presentation('g'), HOUR), {
      outcome: 'unknown',
    });
    assert.equal((await store.revocations.pending('p')).length, 1);
  });

  test('endAll ends all sessions of a person, or those of one client', async ({ store }) => {
    await liveSession(store, 'p', 'a');
    await liveSession(store, 'p', 'b', { grant: { ...grant, clientId: 'client-2' } });
    await liveSession(store, 'p', 'c');
    await liveSession(store, 'q', 'd');
    const grants = (ended: { ref: { grant: string } }[]) => ended.map((one) => one.ref.grant).sort();
    assert.deepEqual(grants(await store.sessions.endAll('p', 'client-1')), ['a', 'c']);
    assert.deepEqual(await store.revocations.pending('p'), [], 'client-2 still uses the credential');
    assert.deepEqual(grants(await store.sessions.endAll('p')), ['b']);
    assert.deepEqual(await store.sessions.endAll('p'), []);
    assert.equal((await store.revocations.pending('p')).length, 1);
    assert.ok(await store.sessions.read({ person: 'q', grant: 'd' }));
  });

  test('at the limit, the session of a person whose last use is oldest is ended, and told', async ({
    store,
    advance,
  }) => {
    await liveSession(store, 'p', 'oldest', { credentialId: 'other' });
    advance(1);
    const begun: EndedGrant[][] = [];
    for (let count = 1; count <= MAX_SESSIONS_PER_PERSON; count++)
      begun.push(await begin(store, newSession('p', `g${count}`)));
    const ended = begun.pop();
    assert.deepEqual(begun.flat(), []);
    assert.deepEqual(ended, [{ ref: { person: 'p', grant: 'oldest' }, clientId: grant.clientId }]);
    assert.equal(await store.sessions.read({ person: 'p', grant: 'oldest' }), undefined);
    assert.equal((await store.revocations.pending('p')).length, 1);
  });

  test('people with sessions are listed in byte order, in pages', async ({ store }) => {
    for (const person of ['b', 'A', 'a', 'é', 'Z']) await liveSession(store, person, 'g');
    assert.deepEqual(await store.sessions.people('', 3), ['A', 'Z', 'a']);
    assert.deepEqual(await store.sessions.people('a', 10), ['b', 'é']);
    assert.deepEqual(await store.sessions.people('é', 10), []);
  });

  test('sessions of two people with equal ids are separate', async ({ store }) => {
    await liveSession(store, 'p', 'g');
    await liveSession(store, 'q', 'g', { credential: { ...credential, sealedTokens: 'of-q' } });
    await store.sessions.endAll('p');
    assert.equal((await store.sessions.read({ person: 'q', grant: 'g' }))?.credential.sealedTokens, 'of-q');
    assert.deepEqual(await store.revocations.pending('q'), []);
  });

  test('strings with lone surrogates are accepted', async ({ store }) => {
    const odd = {
      ...grant,
      clientName: 'lone \ud800 surrogate',
      nonce: '\udc00',
      resource: 'https://r.example/\ud800',
    };
    await store.sessions.begin(newSession('p', 'g', { grant: odd }));
    const presented = presentation('g', { resource: odd.resource });
    assert.equal((await store.sessions.redeem({ person: 'p', grant: 'g' }, presented, HOUR, 'h')).outcome, 'redeemed');
    assert.equal((await store.sessions.list('p')).length, 1);
    assert.equal((await store.sessions.endAll('p')).length, 1);
  });
}
