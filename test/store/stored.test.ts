// Records as the stores keep them: JSON that is checked when it is read.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aClient, accountLogin, approval, login } from '../../src/store/conformance/fixtures.ts';
import type { Account, Credential } from '../../src/store/records.ts';
import {
  credentialIdentityJson,
  firstGeneration,
  readApproval,
  readClient,
  readClientLogin,
  readCredentialIdentity,
  readGrant,
  readLogin,
  readRevocation,
} from '../../src/store/stored.ts';

const account: Account = { id: 1, login: 'octocat', name: 'Octo', avatarUrl: 'https://avatars.example/1' };
const credential: Credential = { appClientId: 'app', account, scope: ['repo'], sealedTokens: 'sealed' };

describe('a stored record', () => {
  it('is read as it was written, its optional members included', () => {
    const { consentHash: _, expectedPerson: __, ...shorter } = login; // the fixtures have every optional member
    for (const each of [login, shorter, accountLogin]) assert.deepEqual(readLogin(JSON.stringify(each)), each);
    assert.deepEqual(readApproval(JSON.stringify(approval)), approval);
    const client = aClient('c');
    assert.deepEqual(readClient(JSON.stringify(client)), client);
  });

  it('is refused when a member is missing or of another type, so that it was written by another program', () => {
    for (const read of [readClient, readLogin, readApproval, readGrant, readCredentialIdentity, readRevocation])
      for (const json of ['{}', 'null', '[]', '"x"', 'no JSON', '']) assert.throws(() => read(json), Error, json);
    assert.throws(() => readApproval(JSON.stringify({ ...approval, remember: 'yes' })));
    assert.throws(() => readLogin(JSON.stringify({ ...login, request: {} })));
  });

  it('that is kept after it was read, and shared, cannot be changed', () => {
    const json = JSON.stringify(aClient('kept'));
    const kept = readClient(json);
    assert.equal(readClient(json), kept);
    const uris = kept.metadata.redirect_uris as string[];
    assert.throws(() => uris.push('https://attacker.example'), { name: 'TypeError', message: /not extensible/ });
    assert.deepEqual(readClient(json), aClient('kept'));
  });

  it('of a login to the account page is not read as one of a client', () => {
    assert.throws(() => readClientLogin(JSON.stringify(accountLogin)));
  });
});

describe('the stored identity of a credential', () => {
  it('has no tokens in it', () => {
    const json = credentialIdentityJson(credential);
    assert.ok(!json.includes('sealed'), json);
    const { sealedTokens: _, ...identity } = credential;
    assert.deepEqual(readCredentialIdentity(json), identity);
  });
});

describe('the first generation of a credential', () => {
  it('is a whole number that is another one each time', () => {
    const numbers = Array.from({ length: 100 }, firstGeneration);
    assert.equal(new Set(numbers).size, 100);
    assert.ok(numbers.every((number) => Number.isSafeInteger(number) && number > 0));
  });
});
