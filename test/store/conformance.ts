// What every store must do. Each test gets a store with nothing in it, a second instance over the same records (another
// replica, or the admin command), and a clock that it moves.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PendingRevocation } from '../../src/store/records.ts';
import type { Store } from '../../src/store/store.ts';
import {
  aClient,
  approval,
  credential,
  DAY,
  grant,
  HOUR,
  liveSession,
  login,
  newSession,
  presentation,
  rotation,
} from './fixtures.ts';

/** Opens two instances over one empty store. */
export type OpenStores = (now: () => number) => Promise<{ store: Store; second: Store; close(): Promise<void> }>;

interface Bench {
  readonly store: Store;
  readonly second: Store;
  /** The instant it is. */
  readonly time: () => number;
  /** Lets seconds pass. */
  readonly pass: (seconds: number) => void;
}

/** Defines the suite for one kind of store. */
export function storeConformance(name: string, open: OpenStores): void {
  const test = (sentence: string, body: (bench: Bench) => Promise<void>) =>
    it(sentence, async () => {
      let instant = 1_800_000_000;
      const time = () => instant;
      const { store, second, close } = await open(time);
      try {
        await body({ store, second, time, pass: (seconds) => (instant += seconds) });
      } finally {
        await close();
      }
    });

  describe(name, () => {
    it('answers a ping', async () => {
      const { store, close } = await open(() => 1_800_000_000);
      await store.ping();
      await close();
    });
    describe('clients', () => clientTests(test));
    describe('logins', () => loginTests(test));
    describe('codes', () => codeTests(test));
    describe('refresh tokens', () => refreshTests(test));
    describe('sessions', () => sessionTests(test));
    describe('credentials', () => credentialTests(test));
    describe('revocations', () => revocationTests(test));
    describe('consents', () => consentTests(test));
    describe('what replicas share', () => sharedTests(test));
  });
}

type Define = (sentence: string, body: (bench: Bench) => Promise<void>) => void;

/** Runs `count` calls at once, alternating between the two instances. */
function race<T>(
  count: number,
  { store, second }: Bench,
  call: (store: Store, index: number) => Promise<T>,
): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index % 2 === 0 ? store : second, index)));
}

function count<T>(all: readonly T[], wanted: (one: T) => boolean): number {
  return all.filter(wanted).length;
}

const sealed = (revocations: readonly PendingRevocation[]) => revocations.map((one) => one.sealedTokens).sort();

function clientTests(test: Define): void {
  test('a registration is read back as it was written', async ({ store, second }) => {
    const client = aClient();
    await store.clients.add(client, DAY, 10);
    assert.deepEqual(await second.clients.get(client.clientId), client);
    assert.equal(await store.clients.get('nobody'), undefined);
  });

  test('a registration that nobody uses is dropped when its time is up, and use prolongs it', async ({
    store,
    pass,
  }) => {
    await store.clients.add(aClient('idle'), DAY, 10);
    await store.clients.add(aClient('busy'), DAY, 10);
    pass(DAY - 1);
    await store.clients.touch('busy', DAY, 'person-of-busy');
    assert.ok(await store.clients.get('idle'));
    pass(1);
    assert.equal(await store.clients.get('idle'), undefined);
    assert.ok(await store.clients.get('busy'));
    await store.clients.touch('idle', DAY, 'person-of-idle');
    assert.equal(await store.clients.get('idle'), undefined, 'use does not bring back what was dropped');
    pass(DAY);
    assert.equal(await store.clients.get('busy'), undefined);
  });

  test('at the limit the oldest registration that never saw a login makes room', async ({ store, pass }) => {
    for (const id of ['used', 'b', 'a', 'c']) {
      await store.clients.add(aClient(id), DAY, 10);
      if (id === 'used') await store.clients.touch('used', DAY, 'person-of-used');
    }
    pass(1);
    await store.clients.add(aClient('d'), DAY, 3);
    const left = async (...ids: string[]) => {
      const found = await Promise.all(ids.map((id) => store.clients.get(id)));
      return found.flatMap((client) => (client === undefined ? [] : [client.clientId]));
    };
    assert.deepEqual(await left('used', 'b', 'a', 'c', 'd'), ['used', 'a', 'c', 'd']);
    await store.clients.add(aClient('e'), DAY, 3);
    assert.deepEqual(await left('used', 'a', 'c', 'd', 'e'), ['used', 'c', 'd', 'e']);
  });

  test('registrations that were removed, used or dropped leave room for others', async ({ store, pass }) => {
    await store.clients.add(aClient('a'), DAY, 2);
    await store.clients.add(aClient('b'), DAY, 2);
    assert.deepEqual(await store.clients.remove('a', 'hash-of-registration-token'), []);
    await store.clients.add(aClient('c'), DAY, 2);
    assert.ok(await store.clients.get('b'));
    assert.equal(await store.clients.remove('b', 'another hash'), undefined);
    await store.clients.add(aClient('d'), DAY, 2);
    assert.equal(await store.clients.get('b'), undefined, 'a refused removal frees nothing');
    pass(DAY);
    await store.clients.add(aClient('e'), DAY, 2);
    await store.clients.add(aClient('f'), DAY, 2);
    assert.ok(await store.clients.get('e'));
  });

  test('a registration that is removed names the people whose grants it leaves behind', async ({ store }) => {
    const client = aClient('client-1');
    await store.clients.add(client, DAY, 10);
    await liveSession(store, 'p', 'g');
    await store.clients.touch(client.clientId, DAY, 'p');
    assert.deepEqual(await store.clients.remove(client.clientId, client.registrationTokenHash), ['p']);
    assert.equal(await store.clients.remove(client.clientId, client.registrationTokenHash), undefined);
  });

  test('only the holder of the registration token replaces or removes', async ({ store }) => {
    const client = aClient();
    await store.clients.add(client, DAY, 10);
    const changed = { ...client, metadata: { client_name: 'Other' }, registrationTokenHash: 'second-hash' };
    assert.equal(await store.clients.replace(changed, 'another hash'), false);
    assert.deepEqual(await store.clients.get(client.clientId), client);
    assert.equal(await store.clients.replace(changed, 'hash-of-registration-token'), true);
    assert.deepEqual(await store.clients.get(client.clientId), changed);
    assert.equal(await store.clients.remove(client.clientId, 'hash-of-registration-token'), undefined);
    assert.deepEqual(await store.clients.remove(client.clientId, 'second-hash'), []);
    assert.equal(await store.clients.get(client.clientId), undefined);
    assert.equal(await store.clients.replace(changed, 'second-hash'), false);
  });
}

function loginTests(test: Define): void {
  test('a login passes consent and comes back from GitHub with all that was kept', async ({ store, second }) => {
    await store.logins.open('l', login, 600);
    assert.deepEqual(await second.logins.decide('l', login.consentHash, { approval, ttl: 600 }), login);
    assert.deepEqual(await store.logins.finish('l', approval.stateHash, approval.browserHash), { login, approval });
    assert.equal(await store.logins.finish('l', approval.stateHash, approval.browserHash), 'unknown');
  });

  test('another browser decides nothing and takes nothing', async ({ store }) => {
    await store.logins.open('l', login, 600);
    assert.equal(await store.logins.decide('l', 'foreign', { approval, ttl: 600 }), 'other_browser');
    assert.equal(await store.logins.decide('l', 'foreign', 'deny'), 'other_browser');
    assert.equal(await store.logins.finish('l', approval.stateHash, approval.browserHash), 'unknown');
    assert.deepEqual(await store.logins.decide('l', login.consentHash, { approval, ttl: 600 }), login);
    assert.equal(await store.logins.finish('l', 'foreign', approval.browserHash), 'unknown');
    assert.equal(await store.logins.finish('l', approval.stateHash, 'foreign'), 'other_browser');
    assert.deepEqual(await store.logins.finish('l', approval.stateHash, approval.browserHash), { login, approval });
  });

  test('the same approval may come again, until the login comes back, and lengthens nothing', async ({
    store,
    pass,
  }) => {
    await store.logins.open('l', login, 600);
    const again = { approval: { ...approval, sealedVerifier: 'sealed anew' }, ttl: 600 };
    assert.deepEqual(await store.logins.decide('l', login.consentHash, { approval, ttl: 600 }), login);
    pass(300);
    assert.deepEqual(await store.logins.decide('l', login.consentHash, again), login);
    assert.equal(await store.logins.decide('l', 'foreign', again), 'other_browser');
    const other = { approval: { ...approval, stateHash: 'another state' }, ttl: 600 };
    assert.equal(await store.logins.decide('l', login.consentHash, other), 'unknown');
    assert.equal(await store.logins.decide('l', login.consentHash, 'deny'), 'unknown');
    pass(299);
    assert.deepEqual(await store.logins.finish('l', approval.stateHash, approval.browserHash), { login, approval });
    assert.equal(await store.logins.decide('l', login.consentHash, again), 'unknown');
  });

  test('a denied login is gone', async ({ store }) => {
    await store.logins.open('l', login, 600);
    assert.deepEqual(await store.logins.decide('l', login.consentHash, 'deny'), login);
    assert.equal(await store.logins.decide('l', login.consentHash, { approval, ttl: 600 }), 'unknown');
    assert.equal(await store.logins.finish('l', approval.stateHash, approval.browserHash), 'unknown');
  });

  test('a login whose consent is remembered opens behind the page', async ({ store }) => {
    await store.logins.open('l', login, 600, approval);
    assert.equal(await store.logins.decide('l', login.consentHash, 'deny'), 'unknown');
    assert.deepEqual(await store.logins.finish('l', approval.stateHash, approval.browserHash), { login, approval });
  });

  test('each step must be taken in its time', async ({ store, pass }) => {
    await store.logins.open('slow', login, 600);
    await store.logins.open('l', login, 600);
    pass(599);
    assert.deepEqual(await store.logins.decide('l', login.consentHash, { approval, ttl: 300 }), login);
    pass(1);
    assert.equal(await store.logins.decide('slow', login.consentHash, { approval, ttl: 300 }), 'unknown');
    pass(299);
    assert.equal(await store.logins.finish('l', approval.stateHash, approval.browserHash), 'unknown');
  });

  test('of many decisions at once one is taken, and of many returns one', async (bench) => {
    await bench.store.logins.open('l', login, 600);
    const decided = await race(20, bench, (store, index) =>
      store.logins.decide('l', login.consentHash, {
        approval: { ...approval, stateHash: `state-hash-${index}` },
        ttl: 600,
      }),
    );
    assert.equal(
      count(decided, (one) => one !== 'unknown'),
      1,
    );
    const taken = decided.findIndex((one) => one !== 'unknown');
    const finished = await race(20, bench, (store) =>
      store.logins.finish('l', `state-hash-${taken}`, approval.browserHash),
    );
    assert.equal(
      count(finished, (one) => one !== 'unknown'),
      1,
    );
  });
}

function codeTests(test: Define): void {
  test('a code is redeemed for the whole session', async ({ store, second, time }) => {
    await store.sessions.begin(newSession('p', 'g'));
    assert.equal(await store.sessions.read({ person: 'p', grant: 'g' }), undefined, 'not before it is redeemed');
    const redemption = await second.sessions.redeem({ person: 'p', grant: 'g' }, presentation('g'), HOUR, 'hash-of-r1');
    assert.ok(redemption.outcome === 'redeemed');
    const { generation, ...stored } = redemption.session.credential;
    assert.ok(Number.isSafeInteger(generation) && generation > 0);
    assert.deepEqual(stored, { ...credential, person: 'p', id: 'cred-1' });
    assert.deepEqual(redemption.session.grant, {
      ...grant,
      ref: { person: 'p', grant: 'g' },
      generation: 1,
      createdAt: time(),
      lastUsedAt: time(),
      expiresAt: time() + HOUR,
    });
    assert.deepEqual(await store.sessions.read({ person: 'p', grant: 'g' }), redemption.session);
  });

  test('members that were absent stay absent', async ({ store }) => {
    const { nonce: _nonce, ...bare } = grant;
    const { accessExpiresAt: _access, refreshExpiresAt: _refresh, ...lasting } = credential;
    const account = { id: 1, login: 'x' };
    const over = { grant: { ...bare, redirectUriSent: false }, credential: { ...lasting, account, scope: [] } };
    await store.sessions.begin(newSession('p', 'g', over));
    const redemption = await store.sessions.redeem({ person: 'p', grant: 'g' }, presentation('g'), HOUR);
    assert.ok(redemption.outcome === 'redeemed');
    const { session } = redemption;
    assert.equal(session.grant.generation, 0, 'no refresh token was given');
    assert.ok(!('nonce' in session.grant));
    assert.ok(!('accessExpiresAt' in session.credential) && !('refreshExpiresAt' in session.credential));
    assert.deepEqual(session.credential.account, account);
    assert.deepEqual(session.credential.scope, []);
  });

  test('whoever presents something else changes nothing', async ({ store }) => {
    const ref = { person: 'p', grant: 'g' };
    await store.sessions.begin(newSession('p', 'g'));
    const { redirectUri: _, ...withoutRedirect } = presentation('g');
    const tries = [
      [presentation('g', { codeHash: 'guess' }), { outcome: 'unknown' }],
      [presentation('g', { clientId: 'other', redirectUri: 'x' }), { outcome: 'mismatch', of: 'client' }],
      [presentation('g', { redirectUri: 'https://b.example/cb' }), { outcome: 'mismatch', of: 'redirect_uri' }],
      [withoutRedirect, { outcome: 'mismatch', of: 'redirect_uri' }],
      [presentation('g', { codeChallenge: 'other' }), { outcome: 'mismatch', of: 'code_verifier' }],
      [presentation('g', { resource: 'https://other.example/' }), { outcome: 'mismatch', of: 'resource' }],
    ] as const;
    for (const [presented, expected] of tries) {
      assert.deepEqual(await store.sessions.redeem(ref, presented, HOUR, 'h'), expected);
    }
    assert.deepEqual(await store.sessions.redeem({ person: 'q', grant: 'g' }, presentation('g'), HOUR), {
      outcome: 'unknown',
    });
    const { resource: _resource, ...withoutResource } = presentation('g');
    assert.equal((await store.sessions.redeem(ref, withoutResource, HOUR, 'h')).outcome, 'redeemed');
    for (const [presented, expected] of tries) {
      assert.deepEqual(await store.sessions.redeem(ref, presented, HOUR, 'h'), expected);
    }
    assert.ok(await store.sessions.read(ref), 'a stranger cannot end the session with a code that he saw');
  });

  test('a redirect URI that was not sent need not be repeated, but must be right when it is', async ({ store }) => {
    const over = { grant: { ...grant, redirectUriSent: false } };
    await store.sessions.begin(newSession('p', 'g', over));
    const ref = { person: 'p', grant: 'g' };
    const wrong = presentation('g', { redirectUri: 'https://b.example/' });
    assert.deepEqual(await store.sessions.redeem(ref, wrong, HOUR), { outcome: 'mismatch', of: 'redirect_uri' });
    const { redirectUri: _, ...without } = presentation('g');
    assert.equal((await store.sessions.redeem(ref, without, HOUR)).outcome, 'redeemed');
  });

  test('a replay ends what the code gave, however late, and tells GitHub', async ({ store, pass }) => {
    await liveSession(store, 'p', 'g');
    pass(HOUR - 1);
    const ref = { person: 'p', grant: 'g' };
    assert.deepEqual(await store.sessions.redeem(ref, presentation('g'), HOUR, 'h'), {
      outcome: 'replayed',
      ended: { ref, clientId: 'client-1' },
    });
    assert.equal(await store.sessions.read(ref), undefined);
    assert.deepEqual(sealed(await store.revocations.pending('p')), ['sealed-tokens-1']);
    assert.deepEqual(await store.sessions.redeem(ref, presentation('g'), HOUR, 'h'), { outcome: 'unknown' });
  });

  test('a code that is not redeemed in time is unknown', async ({ store, pass }) => {
    await store.sessions.begin(newSession('p', 'g'));
    pass(60);
    const ref = { person: 'p', grant: 'g' };
    assert.deepEqual(await store.sessions.redeem(ref, presentation('g'), HOUR, 'h'), { outcome: 'unknown' });
    assert.equal(await store.sessions.end(ref), undefined);
  });

  test('of fifty redemptions at once one succeeds, and the replays end what it gave', async (bench) => {
    await bench.store.sessions.begin(newSession('p', 'g'));
    const ref = { person: 'p', grant: 'g' };
    const outcomes = await race(50, bench, async (store, index) => {
      return (await store.sessions.redeem(ref, presentation('g'), HOUR, `hash-${index}`)).outcome;
    });
    assert.equal(
      count(outcomes, (one) => one === 'redeemed'),
      1,
    );
    assert.equal(
      count(outcomes, (one) => one === 'replayed'),
      1,
    );
    assert.equal(await bench.store.sessions.read(ref), undefined);
    assert.equal((await bench.store.revocations.pending('p')).length, 1);
  });
}

function refreshTests(test: Define): void {
  const ref = { person: 'p', grant: 'g' };

  test('each turn prolongs the grant and counts', async ({ store, second, time, pass }) => {
    const session = await liveSession(store, 'p', 'g');
    pass(HOUR - 1);
    const turn = await second.sessions.rotate(ref, rotation(1, { ttl: DAY }));
    assert.ok(turn.outcome === 'rotated');
    assert.deepEqual(turn.grant, { ...session.grant, generation: 2, lastUsedAt: time(), expiresAt: time() + DAY });
    pass(DAY - 1);
    assert.equal((await store.sessions.rotate(ref, rotation(2))).outcome, 'rotated');
    assert.ok(await store.sessions.read(ref));
  });

  test('a repeat within the grace gets the same successor, until the very last second', async ({ store, pass }) => {
    await liveSession(store, 'p', 'g');
    await store.sessions.rotate(ref, rotation(1));
    pass(60);
    const repeat = await store.sessions.rotate(ref, rotation(1, { successorHash: 'x', sealedSuccessor: 'y' }));
    assert.ok(repeat.outcome === 'repeated');
    assert.equal(repeat.sealedSuccessor, 'sealed-r2');
    assert.equal(repeat.grant.generation, 2);
    assert.equal((await store.sessions.rotate(ref, rotation(2))).outcome, 'rotated');
  });

  test('the spent token ends the grant after the grace, whether it was read meanwhile or not', async ({
    store,
    pass,
  }) => {
    for (const id of ['read', 'unread']) {
      const spent = { person: 'p', grant: id };
      await liveSession(store, 'p', id, { credentialId: `cred-of-${id}` });
      await store.sessions.rotate(spent, rotation(1));
      pass(61);
      if (id === 'read') assert.ok(await store.sessions.read(spent));
      assert.deepEqual(await store.sessions.rotate(spent, rotation(1)), {
        outcome: 'reused',
        ended: { ref: spent, clientId: 'client-1' },
      });
      assert.equal(await store.sessions.read(spent), undefined);
      assert.deepEqual(await store.sessions.rotate(spent, rotation(2)), { outcome: 'unknown' });
    }
    assert.equal((await store.revocations.pending('p')).length, 2, 'GitHub must be told of both');
  });

  test('an older token ends the grant even within the grace', async ({ store }) => {
    await liveSession(store, 'p', 'g');
    await store.sessions.rotate(ref, rotation(1));
    await store.sessions.rotate(ref, rotation(2));
    assert.equal((await store.sessions.rotate(ref, rotation(1))).outcome, 'reused');
    assert.equal(await store.sessions.read(ref), undefined);
  });

  test('a made-up token, a foreign client and a wrong grant change nothing', async ({ store }) => {
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

  test('a grant that was given no refresh token has none', async ({ store }) => {
    await store.sessions.begin(newSession('p', 'g'));
    await store.sessions.redeem(ref, presentation('g'), HOUR);
    assert.deepEqual(await store.sessions.rotate(ref, rotation(1)), { outcome: 'unknown' });
    assert.ok(await store.sessions.read(ref));
  });

  test('an expired grant is not refreshed', async ({ store, pass }) => {
    await liveSession(store, 'p', 'g');
    pass(HOUR);
    assert.deepEqual(await store.sessions.rotate(ref, rotation(1)), { outcome: 'unknown' });
  });

  test('of twenty turns at once one is made and the others repeat it', async (bench) => {
    await liveSession(bench.store, 'p', 'g');
    const turns = await race(20, bench, (store, index) =>
      store.sessions.rotate(ref, rotation(1, { successorHash: `h${index}`, sealedSuccessor: `s${index}` })),
    );
    const winner = turns.findIndex((turn) => turn.outcome === 'rotated');
    const repeats = turns.flatMap((turn) => (turn.outcome === 'repeated' ? [turn.sealedSuccessor] : []));
    assert.deepEqual(repeats, new Array(19).fill(`s${winner}`));
    const next = rotation(2, { presentedHash: `h${winner}` });
    assert.equal((await bench.store.sessions.rotate(ref, next)).outcome, 'rotated');
  });
}

function sessionTests(test: Define): void {
  test('reading notes the use to the minute', async ({ store, pass, time }) => {
    const { grant: begun } = await liveSession(store, 'p', 'g');
    pass(59);
    assert.equal((await store.sessions.read(begun.ref))?.grant.lastUsedAt, begun.lastUsedAt);
    pass(1);
    assert.equal((await store.sessions.read(begun.ref))?.grant.lastUsedAt, time());
    pass(30);
    assert.equal((await store.sessions.read(begun.ref))?.grant.lastUsedAt, time() - 30);
  });

  test('an expired session is absent everywhere at once', async ({ store, pass }) => {
    const { grant: begun } = await liveSession(store, 'p', 'g');
    pass(HOUR);
    assert.equal(await store.sessions.read(begun.ref), undefined);
    assert.deepEqual(await store.sessions.list('p'), []);
    assert.equal(await store.sessions.end(begun.ref), undefined);
    assert.deepEqual(await store.sessions.endAll('p'), []);
    assert.deepEqual(await store.sessions.redeem(begun.ref, presentation('g'), HOUR), { outcome: 'unknown' });
  });

  test('the list has the redeemed sessions of one person, newest first', async ({ store, pass }) => {
    await liveSession(store, 'p', 'old');
    pass(1);
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

  test('ending a session ends no other, and not that of another client', async ({ store }) => {
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

  test('all sessions of a person end, or those of one client', async ({ store }) => {
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

  test('people with sessions are paged in byte order', async ({ store }) => {
    for (const person of ['b', 'A', 'a', 'é', 'Z']) await liveSession(store, person, 'g');
    assert.deepEqual(await store.sessions.people('', 3), ['A', 'Z', 'a']);
    assert.deepEqual(await store.sessions.people('a', 10), ['b', 'é']);
    assert.deepEqual(await store.sessions.people('é', 10), []);
  });

  test('one person sees and ends nothing of another, whatever the ids', async ({ store }) => {
    await liveSession(store, 'p', 'g');
    await liveSession(store, 'q', 'g', { credential: { ...credential, sealedTokens: 'of-q' } });
    await store.sessions.endAll('p');
    assert.equal((await store.sessions.read({ person: 'q', grant: 'g' }))?.credential.sealedTokens, 'of-q');
    assert.deepEqual(await store.revocations.pending('q'), []);
  });

  test('strings that are not well-formed Unicode break nothing', async ({ store }) => {
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

function credentialTests(test: Define): void {
  const renewed = (tokens: string) => ({ credential: { ...credential, sealedTokens: tokens } });

  test('a new login renews the credential for all its grants and keeps the old tokens to be revoked', async ({
    store,
  }) => {
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
    assert.deepEqual(sealed(pending), ['sealed-tokens-1', 'sealed-tokens-2']);
    assert.equal(new Set(pending.map((one) => one.id)).size, 2);
    for (const { id: _id, sealedTokens: _sealed, ...rest } of pending) {
      assert.deepEqual(rest, { person: 'p', credential: 'cred-1', appClientId: 'Iv1.app' });
    }
    assert.equal(await store.credentials.read('p', 'cred-1'), undefined);
  });

  test('the newest ten superseded tokens are kept, and the same tokens once', async ({ store }) => {
    for (let n = 1; n <= 13; n++) {
      await liveSession(store, 'p', `g${n}`, renewed(`t${String(n).padStart(2, '0')}`));
    }
    await liveSession(store, 'p', 'again', renewed('t13'));
    await store.sessions.endAll('p');
    const expected = Array.from({ length: 11 }, (_, index) => `t${String(index + 3).padStart(2, '0')}`);
    assert.deepEqual(sealed(await store.revocations.pending('p')), expected);
  });

  test('tokens are replaced by compare-and-set, and what GitHub ended is not revoked', async ({ store, second }) => {
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
    assert.deepEqual(sealed(await store.revocations.pending('p')), ['fresh']);
  });

  test('of many replacements at once one is made', async (bench) => {
    const { credential: begun } = await liveSession(bench.store, 'p', 'g');
    const made = await race(20, bench, (store, index) =>
      store.credentials.replaceTokens('p', 'cred-1', begun.generation, { sealedTokens: `t${index}` }),
    );
    assert.equal(count(made, Boolean), 1);
    const read = await bench.store.credentials.read('p', 'cred-1');
    assert.equal(read?.sealedTokens, `t${made.indexOf(true)}`);
  });

  test('a refresh that was under way when the credential ended cannot overwrite its successor', async ({ store }) => {
    const before = await liveSession(store, 'p', 'a');
    await store.sessions.endAll('p');
    await liveSession(store, 'p', 'b', renewed('new login'));
    const late = { sealedTokens: 'late' };
    assert.equal(await store.credentials.replaceTokens('p', 'cred-1', before.credential.generation, late), false);
  });

  test('a credential that GitHub refuses ends with its grants; only older tokens are revoked', async ({ store }) => {
    await liveSession(store, 'p', 'a', renewed('old'));
    const { credential: begun } = await liveSession(store, 'p', 'b', renewed('dead'));
    await store.sessions.begin(newSession('p', 'waiting', renewed('dead')));
    await liveSession(store, 'p', 'other', { credentialId: 'cred-2' });
    assert.deepEqual(await store.credentials.end('p', 'cred-1', begun.generation), [], 'somebody renewed it meanwhile');
    const ended = await store.credentials.end('p', 'cred-1', begun.generation + 1);
    assert.deepEqual(ended.map((one) => one.ref.grant).sort(), ['a', 'b', 'waiting']);
    assert.deepEqual(sealed(await store.revocations.pending('p')), ['old']);
    assert.equal(await store.credentials.read('p', 'cred-1'), undefined);
    assert.equal(await store.sessions.read({ person: 'p', grant: 'a' }), undefined);
    assert.ok(await store.sessions.read({ person: 'p', grant: 'other' }));
    assert.deepEqual(await store.credentials.end('p', 'cred-1', begun.generation + 1), []);
  });

  test('an expired grant that was not swept yet does not keep a credential alive', async ({ store, pass }) => {
    await store.sessions.begin(newSession('p', 'abandoned'));
    await liveSession(store, 'p', 'live');
    pass(61);
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

  test('of logins and logouts at once none leaves a credential without grants, or a grant without credential', async (bench) => {
    await race(30, bench, async (store, index) => {
      const { grant: begun } = await liveSession(store, 'p', `g${index}`, renewed(`t${index}`));
      if (index % 3 !== 0) await store.sessions.end(begun.ref);
    });
    assert.equal((await bench.store.sessions.list('p')).length, 10);
    await bench.store.sessions.endAll('p');
    assert.equal(await bench.store.credentials.read('p', 'cred-1'), undefined);
  });
}

function revocationTests(test: Define): void {
  test('a grant that expired is ended by the sweep, which hands its tokens over until GitHub was told', async ({
    store,
    pass,
  }) => {
    const { grant: begun } = await liveSession(store, 'p', 'g');
    pass(HOUR);
    assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
    const swept = await store.revocations.sweep('p', HOUR);
    assert.deepEqual(swept.ended, [{ ref: begun.ref, clientId: 'client-1' }]);
    assert.deepEqual(sealed(swept.revocations), ['sealed-tokens-1']);
    const again = await store.revocations.sweep('p', HOUR);
    assert.deepEqual(again, { ended: [], revocations: swept.revocations });
    assert.deepEqual(await store.revocations.pending('p'), swept.revocations);
    for (const { id } of swept.revocations) await store.revocations.done('p', id);
    assert.deepEqual(await store.revocations.pending('p'), []);
    await store.revocations.done('p', 'nothing');
  });

  test('a code that nobody redeemed is swept, and its tokens revoked', async ({ store, pass }) => {
    await store.sessions.begin(newSession('p', 'g'));
    assert.deepEqual(await store.revocations.duePeople(10, 300), []);
    pass(60);
    assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
    const { ended, revocations } = await store.revocations.sweep('p', HOUR);
    assert.equal(ended.length, 1);
    assert.equal(revocations.length, 1);
  });

  test('a sweep leaves live sessions alone and comes again', async ({ store, pass }) => {
    const { grant: begun } = await liveSession(store, 'p', 'g');
    pass(60);
    await store.revocations.duePeople(10, 300);
    assert.deepEqual(await store.revocations.sweep('p', 600), { ended: [], revocations: [] });
    assert.ok(await store.sessions.read(begun.ref));
    pass(599);
    assert.deepEqual(await store.revocations.duePeople(10, 300), []);
    pass(1);
    assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
  });

  test('a person is visited until GitHub was told of all his tokens', async ({ store, pass }) => {
    await liveSession(store, 'p', 'g');
    await store.sessions.endAll('p');
    for (let visits = 0; visits < 3; visits++) {
      pass(600);
      assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
      assert.equal((await store.revocations.sweep('p', 600)).revocations.length, 1);
    }
  });

  test('a person of whom nothing is left is visited no more and named no more', async ({ store, pass }) => {
    await liveSession(store, 'p', 'g');
    await store.sessions.endAll('p');
    for (const { id } of await store.revocations.pending('p')) await store.revocations.done('p', id);
    pass(60);
    assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
    await store.revocations.sweep('p', 600);
    pass(DAY);
    assert.deepEqual(await store.revocations.duePeople(10, 300), []);
    assert.deepEqual(await store.sessions.people('', 10), []);
  });

  test('a person who logs in while he is being swept stays on the list', async ({ store, pass }) => {
    await liveSession(store, 'p', 'g');
    await store.sessions.endAll('p');
    for (const { id } of await store.revocations.pending('p')) await store.revocations.done('p', id);
    pass(60);
    await store.revocations.duePeople(10, 300);
    await Promise.all([store.revocations.sweep('p', 600), store.sessions.begin(newSession('p', 'new'))]);
    pass(600);
    assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
  });

  test('a visit is claimed by one sweeper, for the length of its lease', async (bench) => {
    const people = Array.from({ length: 30 }, (_, index) => `p${index}`);
    for (const person of people) await bench.store.sessions.begin(newSession(person, 'g'));
    bench.pass(60);
    const claimed = await race(10, bench, (store) => store.revocations.duePeople(5, 300));
    assert.ok(claimed.every((some) => some.length <= 5));
    assert.deepEqual(claimed.flat().sort(), people.sort());
    bench.pass(300);
    assert.equal((await bench.store.revocations.duePeople(100, 300)).length, 30);
  });

  test('a sweep that failed is retried when asked', async ({ store, pass }) => {
    await store.sessions.begin(newSession('p', 'g'));
    pass(60);
    await store.revocations.duePeople(10, 300);
    await store.revocations.sweep('p', HOUR);
    await store.revocations.retry('p', 30);
    pass(29);
    assert.deepEqual(await store.revocations.duePeople(10, 300), []);
    pass(1);
    assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
    assert.equal((await store.revocations.pending('p')).length, 1);
  });

  test('tokens that never became a credential are revoked too', async ({ store, second, pass }) => {
    const revocation = { person: 'p', id: 'r', credential: 'c', appClientId: 'a', sealedTokens: 's' };
    await store.revocations.add(revocation);
    assert.deepEqual(await second.revocations.pending('p'), [revocation]);
    assert.deepEqual(await store.revocations.duePeople(10, 300), ['p']);
    assert.deepEqual((await store.revocations.sweep('p', 600)).revocations, [revocation]);
    await store.revocations.done('p', 'r');
    pass(600);
    assert.deepEqual(await store.revocations.sweep('p', 600), { ended: [], revocations: [] });
  });

  test('a new login does not take back what is pending', async ({ store }) => {
    await liveSession(store, 'p', 'a');
    await store.sessions.endAll('p');
    await liveSession(store, 'p', 'b', { credential: { ...credential, sealedTokens: 'second' } });
    assert.deepEqual(sealed(await store.revocations.pending('p')), ['sealed-tokens-1']);
    await store.sessions.endAll('p');
    assert.deepEqual(sealed(await store.revocations.pending('p')), ['sealed-tokens-1', 'second']);
  });
}

function consentTests(test: Define): void {
  test('a consent is remembered for its time, for one person', async ({ store, second, pass }) => {
    await store.consents.remember('p', 'short', 60);
    await store.consents.remember('p', 'long', DAY);
    assert.equal(await second.consents.has('p', 'short'), true);
    assert.equal(await store.consents.has('q', 'short'), false);
    assert.equal(await store.consents.has('p', 'other'), false);
    pass(60);
    assert.equal(await store.consents.has('p', 'short'), false);
    assert.equal(await store.consents.has('p', 'long'), true);
    await store.consents.remember('p', 'short', 60);
    assert.equal(await store.consents.has('p', 'short'), true);
    assert.equal(await store.consents.has('p', 'long'), true);
  });

  test('all consents of a person are forgotten at once', async ({ store }) => {
    for (const person of ['p', 'q']) await store.consents.remember(person, 'k', DAY);
    await store.consents.forget('p');
    assert.equal(await store.consents.has('p', 'k'), false);
    assert.equal(await store.consents.has('q', 'k'), true);
  });
}

function sharedTests(test: Define): void {
  test('the first value under a name stands', async (bench) => {
    const answers = await race(20, bench, (store, index) => store.shared.putIfAbsent('canary', `value ${index}`));
    assert.equal(new Set(answers).size, 1);
    assert.equal(await bench.store.shared.putIfAbsent('canary', 'late'), answers[0]);
    assert.equal(await bench.store.shared.putIfAbsent('other', 'x'), 'x');
  });

  test('a document is written by compare-and-set', async (bench) => {
    const { store, second } = bench;
    assert.deepEqual(await store.shared.readDocument('keys'), { version: 0, value: '' });
    assert.equal(await store.shared.writeDocument('keys', 1, 'x'), false);
    assert.equal(await store.shared.writeDocument('keys', 0, 'one'), true);
    assert.equal(await store.shared.writeDocument('keys', 0, 'x'), false);
    assert.deepEqual(await second.shared.readDocument('keys'), { version: 1, value: 'one' });
    const written = await race(20, bench, (one, index) => one.shared.writeDocument('keys', 1, `v${index}`));
    assert.equal(count(written, Boolean), 1);
    const value = `v${written.indexOf(true)}`;
    assert.deepEqual(await store.shared.readDocument('keys'), { version: 2, value });
  });

  test('a lease has one owner, who may renew it and give it back', async (bench) => {
    const { store, second, pass } = bench;
    const taken = await race(20, bench, (one, index) => one.shared.acquireLease('l', `owner ${index}`, 30));
    assert.equal(count(taken, Boolean), 1);
    const owner = `owner ${taken.indexOf(true)}`;
    pass(29);
    assert.equal(await second.shared.acquireLease('l', owner, 30), true);
    pass(29);
    assert.equal(await store.shared.acquireLease('l', 'other', 30), false);
    await store.shared.releaseLease('l', 'other');
    assert.equal(await store.shared.acquireLease('l', 'other', 30), false);
    pass(1);
    assert.equal(await store.shared.acquireLease('l', 'other', 30), true);
    await store.shared.releaseLease('l', 'other');
    assert.equal(await store.shared.acquireLease('l', owner, 30), true);
  });

  test('an id is used once within its time', async (bench) => {
    const uses = await race(20, bench, (store) => store.shared.useOnce('jti', 60));
    assert.equal(count(uses, Boolean), 1);
    bench.pass(59);
    assert.equal(await bench.store.shared.useOnce('jti', 60), false);
    assert.equal(await bench.store.shared.useOnce('other', 60), true);
    bench.pass(1);
    assert.equal(await bench.store.shared.useOnce('jti', 60), true);
  });
}
