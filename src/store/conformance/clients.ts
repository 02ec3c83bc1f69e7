/** The client registrations of a store. */
import assert from 'node:assert/strict';
import { aClient, DAY, HOUR, liveSession } from './fixtures.ts';
import type { DefineTest } from './stores.ts';

export function describeClients(test: DefineTest): void {
  test('a registration is read back as it was written', async ({ store, second }) => {
    const client = aClient();
    await store.clients.add(client, DAY, 10);
    assert.deepEqual((await second.clients.get(client.clientId))?.client, client);
    assert.equal(await store.clients.get('nobody'), undefined);
  });

  test('a registration is read with the instant at which it expires, which a use moves', async ({
    store,
    time,
    advance,
  }) => {
    const { clientId } = aClient('dated');
    await store.clients.add(aClient(clientId), DAY, 10);
    assert.equal((await store.clients.get(clientId))?.expiresAt, time() + DAY);
    advance(HOUR);
    await store.clients.touch(clientId, 2 * DAY, 'person');
    assert.equal((await store.clients.get(clientId))?.expiresAt, time() + 2 * DAY);
  });

  test('an unused registration expires after its ttl, and use renews it', async ({ store, advance }) => {
    await store.clients.add(aClient('idle'), DAY, 10);
    await store.clients.add(aClient('busy'), DAY, 10);
    advance(DAY - 1);
    await store.clients.touch('busy', DAY, 'person-of-busy');
    assert.ok(await store.clients.get('idle'));
    advance(1);
    assert.equal(await store.clients.get('idle'), undefined);
    assert.ok(await store.clients.get('busy'));
    await store.clients.touch('idle', DAY, 'person-of-idle');
    assert.equal(await store.clients.get('idle'), undefined, 'use does not restore an expired registration');
    advance(DAY);
    assert.equal(await store.clients.get('busy'), undefined);
  });

  test('at the limit, the oldest registration that no login has used is deleted', async ({ store, advance }) => {
    for (const id of ['used', 'b', 'a', 'c']) {
      await store.clients.add(aClient(id), DAY, 10);
      if (id === 'used') await store.clients.touch('used', DAY, 'person-of-used');
    }
    advance(1);
    await store.clients.add(aClient('d'), DAY, 3);
    const left = async (...ids: string[]) => {
      const found = await Promise.all(ids.map((id) => store.clients.get(id)));
      return found.flatMap((one) => (one === undefined ? [] : [one.client.clientId]));
    };
    assert.deepEqual(await left('used', 'b', 'a', 'c', 'd'), ['used', 'a', 'c', 'd']);
    await store.clients.add(aClient('e'), DAY, 3);
    assert.deepEqual(await left('used', 'a', 'c', 'd', 'e'), ['used', 'c', 'd', 'e']);
  });

  test('registrations that were removed or expired do not count against the limit', async ({ store, advance }) => {
    await store.clients.add(aClient('a'), DAY, 2);
    await store.clients.add(aClient('b'), DAY, 2);
    assert.deepEqual(await store.clients.remove('a', 'hash-of-registration-token'), []);
    await store.clients.add(aClient('c'), DAY, 2);
    assert.ok(await store.clients.get('b'));
    assert.equal(await store.clients.remove('b', 'another hash'), undefined);
    await store.clients.add(aClient('d'), DAY, 2);
    assert.equal(await store.clients.get('b'), undefined, 'a removal with the wrong token does not count');
    advance(DAY);
    await store.clients.add(aClient('e'), DAY, 2);
    await store.clients.add(aClient('f'), DAY, 2);
    assert.ok(await store.clients.get('e'));
  });

  test('removing a registration returns the people who logged in to it', async ({ store }) => {
    const client = aClient('client-1');
    await store.clients.add(client, DAY, 10);
    await liveSession(store, 'p', 'g');
    await store.clients.touch(client.clientId, DAY, 'p');
    assert.deepEqual(await store.clients.remove(client.clientId, client.registrationTokenHash), ['p']);
    assert.equal(await store.clients.remove(client.clientId, client.registrationTokenHash), undefined);
  });

  test('a registration is replaced or removed only with its registration token', async ({ store }) => {
    const client = aClient();
    await store.clients.add(client, DAY, 10);
    const changed = { ...client, metadata: { client_name: 'Other' }, registrationTokenHash: 'second-hash' };
    assert.equal(await store.clients.replace(changed, 'another hash'), false);
    assert.deepEqual((await store.clients.get(client.clientId))?.client, client);
    assert.equal(await store.clients.replace(changed, 'hash-of-registration-token'), true);
    assert.deepEqual((await store.clients.get(client.clientId))?.client, changed);
    assert.equal(await store.clients.remove(client.clientId, 'hash-of-registration-token'), undefined);
    assert.deepEqual(await store.clients.remove(client.clientId, 'second-hash'), []);
    assert.equal(await store.clients.get(client.clientId), undefined);
    assert.equal(await store.clients.replace(changed, 'second-hash'), false);
  });
}
