/** Whole records: read at one moment, written whole or not at all, and used afterwards as they were before. */
import assert from 'node:assert/strict';
import type { Store } from '../store.ts';
import type { PersonRecord } from '../transfer.ts';
import { aClient, credential, DAY, HOUR, liveSession, newSession, presentation, rotation } from './fixtures.ts';
import { type DefineTest, race } from './stores.ts';

/** All that several pages have. */
async function all<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
  const found: T[] = [];
  for await (const page of pages) found.push(...page);
  return found;
}

async function exported(store: Store, person: string): Promise<PersonRecord> {
  const record = await store.transfer.exportPerson(person);
  assert.ok(record, `${person} is stored`);
  return record;
}

/** A person of whom there is one of everything: `g1` was rotated, `g2` replaced the tokens of `g1`, `g3` waits for its code. */
async function fullPerson(store: Store, person: string): Promise<PersonRecord> {
  await liveSession(store, person, 'g1');
  const github = { address: 'https://mcp.example/mcp', credential: 'github' } as const;
  await liveSession(store, person, 'g2', {
    grant: { ...newSession(person, 'g2').grant, recipient: github },
    credential: { ...credential, sealedTokens: 'sealed-tokens-2' },
  });
  await store.sessions.begin(newSession(person, 'g3', { credentialId: 'cred-2' }));
  assert.equal((await store.sessions.rotate({ person, grant: 'g1' }, rotation(1))).outcome, 'rotated');
  await store.revocations.add({ person, id: 'r', credential: 'c', appClientId: 'a', sealedTokens: 's' });
  await store.consents.remember(person, 'consent', DAY);
  return exported(store, person);
}

export function describeTransfer(test: DefineTest): void {
  test('a person that is written elsewhere is read as it was', async ({ store, second }) => {
    const record = await fullPerson(store, 'p');
    assert.deepEqual(
      record.grants.map(({ id, redeemed, generation }) => [id, redeemed, generation]),
      [
        ['g1', true, 2],
        ['g2', true, 1],
        ['g3', false, 0],
      ],
    );
    assert.deepEqual(record.grants[0]?.spent?.sealedSuccessor, 'sealed-r2');
    assert.deepEqual(record.credentials[0]?.superseded, ['sealed-tokens-1']);
    const copy = { ...record, person: 'q' };
    await second.transfer.importPerson(copy);
    await second.transfer.importPerson(copy);
    assert.equal(JSON.stringify(await exported(store, 'q')), JSON.stringify(copy));
    assert.equal(JSON.stringify(await exported(store, 'p')), JSON.stringify(record), 'reading changed nothing');
  });

  test('the sessions of a person that was written are used as before', async ({ store, second, advance }) => {
    const record = await fullPerson(store, 'p');
    await second.transfer.importPerson({ ...record, person: 'q' });
    const isListed = async () => {
      const [byLogin, byClient] = await Promise.all([
        store.directory.people({ sort: 'login', login: 'octocat', limit: 10 }),
        store.directory.people({ sort: 'created', app: 'client', limit: 10 }),
      ]);
      return [byLogin, byClient].every((found) => found.some(({ person }) => person === 'q'));
    };
    assert.ok(await isListed(), 'the directory has the person at once');
    const ref = (grant: string) => ({ person: 'q', grant });
    const session = await store.sessions.read(ref('g1'));
    const original = await store.sessions.read({ person: 'p', grant: 'g1' });
    assert.deepEqual(session?.grant, { ...original?.grant, ref: ref('g1') });
    assert.deepEqual(session?.credential, { ...original?.credential, person: 'q' });
    assert.deepEqual(await store.sessions.rotate(ref('g1'), rotation(1)), {
      outcome: 'repeated',
      sealedSuccessor: 'sealed-r2',
    });
    assert.equal((await store.sessions.rotate(ref('g1'), rotation(2))).outcome, 'rotated');
    const redeemed = await store.sessions.redeem(ref('g3'), presentation('g3'), HOUR, 'hash-of-r1');
    assert.equal(redeemed.outcome, 'redeemed');
    assert.equal(await store.consents.has('q', 'consent'), true);
    // The session that sent the token to a recipient ends: the credential is to be reset, what it superseded revoked.
    await store.sessions.end(ref('g2'));
    assert.deepEqual(await store.revocations.resets('q'), ['cred-1']);
    const sealed = (await store.revocations.pending('q')).map(({ sealedTokens }) => sealedTokens);
    assert.deepEqual(sealed.sort(), ['s', 'sealed-tokens-1']);
    assert.equal((await exported(store, 'q')).credentials[0]?.resetDue, true);
    advance(60);
    assert.ok((await store.revocations.duePeople(10, 60)).includes('q'), 'the sweeper visits the person');
    await store.revocations.sweep('q', HOUR);
    assert.ok(await isListed());
  });

  test('a person is replaced by what is written', async ({ store }) => {
    const record = await fullPerson(store, 'p');
    await liveSession(store, 'p', 'later');
    await store.consents.remember('p', 'later', DAY);
    await store.blocks.add({ person: 'p', githubId: 1 });
    await store.transfer.importPerson(record);
    assert.deepEqual(await exported(store, 'p'), record);
  });

  test('a person is read at one moment, while others change it', async (stores) => {
    const { store } = stores;
    await liveSession(store, 'p', 'first');
    const read: PersonRecord[] = [];
    await race(40, stores, async (one, index) => {
      if (index % 2 === 0) await liveSession(one, 'p', `g${index}`, { credentialId: `cred-${index}` });
      else read.push(await exported(one, 'p'));
    });
    for (const { grants, credentials } of read)
      for (const { credential: id } of grants) assert.ok(credentials.some((one) => one.id === id));
  });

  test('everybody is listed once, also who has only a consent, a revocation or a block', async ({ store }) => {
    await liveSession(store, 'session', 'g');
    await store.consents.remember('session', 'k', DAY);
    await store.consents.remember('consent', 'k', DAY);
    await store.revocations.add({
      person: 'revocation',
      id: 'r',
      credential: 'c',
      appClientId: 'a',
      sealedTokens: 's',
    });
    await store.blocks.add({ person: 'block', githubId: 7, login: 'octocat', reason: 'a reason' });
    await store.blocks.add({ person: 'consent', githubId: 8 });
    assert.deepEqual((await all(store.transfer.people())).sort(), ['block', 'consent', 'revocation', 'session']);
    const { block } = await exported(store, 'block');
    assert.partialDeepStrictEqual(block, { githubId: 7, login: 'octocat', reason: 'a reason' });
    assert.equal(await store.transfer.exportPerson('nobody'), undefined);
    await store.transfer.importPerson({ ...(await exported(store, 'block')), person: 'other' });
    assert.equal(await store.sessions.begin(newSession('other', 'g')), 'blocked');
    assert.equal((await store.blocks.list('', 10)).length, 3);
  });

  test('registrations and documents are read and written', async ({ store, advance }) => {
    await store.clients.add(aClient('used'), DAY, 10);
    await store.clients.touch('used', 2 * DAY, 'p');
    await store.clients.add(aClient('unused'), DAY, 10);
    await store.shared.writeDocument('keys', 0, 'one');
    await store.shared.writeDocument('keys', 1, 'two');
    await store.shared.writeDocument('last-backup', 0, 'of this store alone');
    const clients = await all(store.transfer.clients());
    assert.deepEqual(clients.map(({ client, used }) => [client.clientId, used]).sort(), [
      ['unused', false],
      ['used', true],
    ]);
    assert.deepEqual(await all(store.transfer.documents()), [{ name: 'keys', version: 2, value: 'two' }]);

    await store.transfer.importDocument({ name: 'moved', version: 7, value: 'seven' });
    assert.deepEqual(await store.shared.readDocument('moved'), { version: 7, value: 'seven' });
    for (const one of clients) {
      const clientId = `moved-${one.client.clientId}`;
      await store.transfer.importClient({ ...one, client: { ...one.client, clientId } });
    }
    assert.deepEqual((await store.clients.get('moved-used'))?.client, aClient('moved-used'));
    // A used one is not counted among the unused ones, the oldest of which a new one displaces.
    await store.clients.add(aClient('new'), DAY, 1);
    assert.equal(await store.clients.get('moved-unused'), undefined);
    assert.ok(await store.clients.get('moved-used'));
    advance(DAY + 1);
    assert.deepEqual((await all(store.transfer.clients())).map(({ client }) => client.clientId).sort(), [
      'moved-used',
      'used',
    ]);
  });
}
