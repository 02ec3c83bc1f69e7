// The operator's clients (`CLIENTS_FILE`): one wrong entry stops the start, with its name and what is wrong with it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readClientsFile } from '../../../src/oauth/clients/preregistered.ts';
import { hashToken } from '../../../src/security/secrets.ts';
import { CALENDAR, CALENDAR_ENTRY } from '../clients-file.ts';

const SECRET = 'a secret of sixteen or more';
const RULES = { redirectSchemes: [], grantTypes: ['authorization_code', 'refresh_token'] };
const APP = { client_id: 'app', client_secret: SECRET, redirect_uris: ['https://app.example/callback'] };

describe('the clients file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-clients-'));
  after(() => rmSync(folder, { recursive: true }));
  const read = (entries: unknown) => {
    const path = join(folder, 'clients.json');
    writeFileSync(path, JSON.stringify(entries));
    return readClientsFile(path, RULES, [CALENDAR]);
  };

  it('gives clients by their ids, with the hash of a secret in its place', () => {
    const clients = read([APP, { ...APP, client_id: 'open', token_endpoint_auth_method: 'none' }]);
    assert.deepEqual([...clients.keys()], ['app', 'open']);
    const { secretHash, origin, metadata } = clients.get('app') ?? {};
    assert.deepEqual({ secretHash, origin }, { secretHash: hashToken(SECRET), origin: 'preregistered' });
    assert.equal(JSON.stringify(metadata).includes(SECRET), false);
  });

  it('takes a resource server, which needs no redirect URI', () => {
    const server = read([CALENDAR_ENTRY]).get('calendar');
    assert.equal(server?.resource, CALENDAR);
    assert.deepEqual(server?.metadata.redirect_uris, []);
  });

  for (const [what, entries, message] of [
    ['names a client twice', [APP, APP], /^CLIENTS_FILE: client app: named twice\. Write/],
    [
      'has a client without its secret',
      [{ ...APP, client_secret: undefined }],
      /^CLIENTS_FILE: client app: client_secret is missing\. Write/,
    ],
    ['has a secret that is too short', [{ ...APP, client_secret: 'short' }], /^CLIENTS_FILE: entry 1: client_secret: /],
    [
      'has a client without a redirect URI',
      [{ ...APP, redirect_uris: [] }],
      /^CLIENTS_FILE: client app: redirect_uris/,
    ],
    [
      'has a redirect URI that no client may have',
      [{ ...APP, redirect_uris: ['http://app.example'] }],
      /^CLIENTS_FILE: client app: /,
    ],
    [
      'has a resource server for a resource that is not here',
      [{ ...CALENDAR_ENTRY, resource: 'https://elsewhere.example' }],
      /^CLIENTS_FILE: client calendar: resource https:\/\/elsewhere\.example .*RESOURCES/,
    ],
    ['is no list', { app: APP }, /^CLIENTS_FILE: the file holds no JSON list\. Write/],
  ] as const)
    it(`stops the start when it ${what}`, () => {
      assert.throws(() => read(entries), { message });
    });
});
