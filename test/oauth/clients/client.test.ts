// Where a client is found: in the operator's file, behind a metadata document, or among the registrations, in this order
// (RFC 7591 section 2, OAuth 2.1 section 2).
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  type Client,
  type ClientDocuments,
  clientName,
  createClientDirectory,
} from '../../../src/oauth/clients/client.ts';
import { clientMetadataSchema } from '../../../src/oauth/clients/client-metadata.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';

const REGISTERED = 'A'.repeat(22);
const DOCUMENT = 'https://client.example/oauth.json';
const ADDRESS = '192.0.2.1';
const metadata = clientMetadataSchema.parse({ redirect_uris: ['https://app.example/callback'], client_name: 'An app' });

describe('a client', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-client-'));
  const store = createSqliteStore(folder);
  after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const documents: ClientDocuments = {
    isDocumentId: (clientId) => clientId.startsWith('https://'),
    fetch: async (clientId) => ({ clientId, origin: 'document', metadata }),
  };
  const preregistered = (clientId: string): [string, Client] => [
    clientId,
    { clientId, origin: 'preregistered', metadata },
  ];

  it('is found by its registration, with the hash of its secret', async () => {
    await store.clients.add(
      { clientId: REGISTERED, issuedAt: 1, metadata, secretHash: 'hash', registrationTokenHash: 'other' },
      60,
      10,
    );
    const directory = createClientDirectory(store, new Map(), documents);
    const { expiresAt = 0, ...found } = (await directory.find(REGISTERED, ADDRESS)) ?? {};
    assert.deepEqual(found, { clientId: REGISTERED, origin: 'registered', metadata, secretHash: 'hash' });
    assert.ok(Math.abs(expiresAt - Date.now() / 1000 - 60) < 10, 'when the registration expires');
  });

  it('is found as its registration was changed last', async () => {
    const clientId = 'C'.repeat(22);
    const first = { clientId, issuedAt: 1, metadata, registrationTokenHash: 'first' };
    const directory = createClientDirectory(store, new Map(), documents);
    await store.clients.add(first, 60, 10);
    for (const client_name of ['A', 'B', 'A', 'C']) {
      await store.clients.replace({ ...first, metadata: { ...metadata, client_name } }, 'first');
      for (let i = 0; i < 2; i++)
        assert.equal((await directory.find(clientId, ADDRESS))?.metadata.client_name, client_name);
    }
    await store.clients.remove(clientId, 'first');
    assert.equal(await directory.find(clientId, ADDRESS), undefined);
  });

  it('is found in the operator’s file first', async () => {
    const directory = createClientDirectory(
      store,
      new Map([preregistered(REGISTERED), preregistered(DOCUMENT)]),
      documents,
    );
    for (const id of [REGISTERED, DOCUMENT]) assert.equal((await directory.find(id, ADDRESS))?.origin, 'preregistered');
  });

  it('is found behind its document, unless documents are switched off', async () => {
    assert.equal(
      (await createClientDirectory(store, new Map(), documents).find(DOCUMENT, ADDRESS))?.origin,
      'document',
    );
    assert.equal(await createClientDirectory(store, new Map()).find(DOCUMENT, ADDRESS), undefined);
  });

  it('is looked up in the store by an id of the form that this server makes, and by no other', async () => {
    const ids = [REGISTERED, 'B'.repeat(22), 'A'.repeat(21), 'A'.repeat(23), `${'A'.repeat(21)}*`, '', '__proto__'];
    const directory = createClientDirectory(store, new Map(), documents);
    for (const id of ids.slice(1)) assert.equal(await directory.find(id, ADDRESS), undefined, id);
  });

  it('is called by its name or, without one, by its id', () => {
    const { client_name: _, ...nameless } = metadata;
    assert.equal(clientName({ clientId: 'x', origin: 'registered', metadata }), 'An app');
    assert.equal(clientName({ clientId: 'x', origin: 'registered', metadata: nameless }), 'x');
  });
});
