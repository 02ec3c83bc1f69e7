/** The logins of a store. */
import assert from 'node:assert/strict';
import { accountLogin, approval, login } from './fixtures.ts';
import { count, type DefineTest, race } from './stores.ts';

export function describeLogins(test: DefineTest): void {
  test('decide and finish return the login as it was opened', async ({ store, second }) => {
    await store.logins.open('l', login, 600);
    assert.deepEqual(await second.logins.decide('l', login.consentHash, { approval, ttl: 600 }), login);
    assert.deepEqual(await store.logins.finish('l', approval.stateHash, approval.browserHash), { login, approval });
    assert.equal(await store.logins.finish('l', approval.stateHash, approval.browserHash), 'unknown');
  });

  test('a wrong cookie or state changes nothing', async ({ store }) => {
    await store.logins.open('l', login, 600);
    assert.equal(await store.logins.decide('l', 'foreign', { approval, ttl: 600 }), 'other_browser');
    assert.equal(await store.logins.decide('l', 'foreign', 'deny'), 'other_browser');
    assert.equal(await store.logins.finish('l', approval.stateHash, approval.browserHash), 'unknown');
    assert.deepEqual(await store.logins.decide('l', login.consentHash, { approval, ttl: 600 }), login);
    assert.equal(await store.logins.finish('l', 'foreign', approval.browserHash), 'unknown');
    assert.equal(await store.logins.finish('l', approval.stateHash, 'foreign'), 'other_browser');
    assert.deepEqual(await store.logins.finish('l', approval.stateHash, approval.browserHash), { login, approval });
  });

  test('the same approval is answered again until the login is finished, and does not extend it', async ({
    store,
    advance,
  }) => {
    await store.logins.open('l', login, 600);
    const again = { approval: { ...approval, sealedVerifier: 'sealed anew' }, ttl: 600 };
    assert.deepEqual(await store.logins.decide('l', login.consentHash, { approval, ttl: 600 }), login);
    advance(300);
    assert.deepEqual(await store.logins.decide('l', login.consentHash, again), login);
    assert.equal(await store.logins.decide('l', 'foreign', again), 'other_browser');
    const other = { approval: { ...approval, stateHash: 'another state' }, ttl: 600 };
    assert.equal(await store.logins.decide('l', login.consentHash, other), 'unknown');
    assert.equal(await store.logins.decide('l', login.consentHash, 'deny'), 'unknown');
    advance(299);
    assert.deepEqual(await store.logins.finish('l', approval.stateHash, approval.browserHash), { login, approval });
    assert.equal(await store.logins.decide('l', login.consentHash, again), 'unknown');
  });

  test('a denied login is deleted', async ({ store }) => {
    await store.logins.open('l', login, 600);
    assert.deepEqual(await store.logins.decide('l', login.consentHash, 'deny'), login);
    assert.equal(await store.logins.decide('l', login.consentHash, { approval, ttl: 600 }), 'unknown');
    assert.equal(await store.logins.finish('l', approval.stateHash, approval.browserHash), 'unknown');
  });

  test('a login opened with an approval cannot be denied, and can be finished', async ({ store }) => {
    await store.logins.open('l', login, 600, approval);
    assert.equal(await store.logins.decide('l', login.consentHash, 'deny'), 'unknown');
    assert.deepEqual(await store.logins.finish('l', approval.stateHash, approval.browserHash), { login, approval });
  });

  test('a login without a consent hash cannot be decided, and can be finished', async ({ store }) => {
    const { consentHash: _, ...skipping } = login;
    await store.logins.open('l', skipping, 600, approval);
    for (const presented of ['', 'undefined', 'foreign']) {
      assert.equal(await store.logins.decide('l', presented, { approval, ttl: 600 }), 'unknown');
      assert.equal(await store.logins.decide('l', presented, 'deny'), 'unknown');
    }
    const finished = await store.logins.finish('l', approval.stateHash, approval.browserHash);
    assert.deepEqual(finished, { login: skipping, approval });
  });

  test('an account login is finished once and returned with its purpose', async ({ store, second }) => {
    await store.logins.open('l', accountLogin, 600, approval);
    assert.equal(await store.logins.finish('l', 'foreign', approval.browserHash), 'unknown');
    assert.equal(await store.logins.finish('l', approval.stateHash, 'foreign'), 'other_browser');
    const finished = await second.logins.finish('l', approval.stateHash, approval.browserHash);
    assert.deepEqual(finished, { login: accountLogin, approval });
    assert.equal(await store.logins.finish('l', approval.stateHash, approval.browserHash), 'unknown');
  });

  test('an account login cannot be decided', async ({ store }) => {
    await store.logins.open('l', accountLogin, 600, approval);
    for (const presented of ['', 'undefined', login.consentHash]) {
      assert.equal(await store.logins.decide('l', presented, { approval, ttl: 600 }), 'unknown');
      assert.equal(await store.logins.decide('l', presented, 'deny'), 'unknown');
    }
    const finished = await store.logins.finish('l', approval.stateHash, approval.browserHash);
    assert.deepEqual(finished, { login: accountLogin, approval });
  });

  test('a login expires before each step', async ({ store, advance }) => {
    await store.logins.open('slow', login, 600);
    await store.logins.open('l', login, 600);
    advance(599);
    assert.deepEqual(await store.logins.decide('l', login.consentHash, { approval, ttl: 300 }), login);
    advance(1);
    assert.equal(await store.logins.decide('slow', login.consentHash, { approval, ttl: 300 }), 'unknown');
    advance(299);
    assert.equal(await store.logins.finish('l', approval.stateHash, approval.browserHash), 'unknown');
  });

  test('of many simultaneous decisions one succeeds, and of many simultaneous finishes one', async (stores) => {
    await stores.store.logins.open('l', login, 600);
    const decided = await race(20, stores, (store, index) =>
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
    const finished = await race(20, stores, (store) =>
      store.logins.finish('l', `state-hash-${taken}`, approval.browserHash),
    );
    assert.equal(
      count(finished, (one) => one !== 'unknown'),
      1,
    );
  });
}
