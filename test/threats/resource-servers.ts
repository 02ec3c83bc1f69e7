// A bridge that issues tokens for other resource servers too, which introspect them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { type StoreKind, type TestBridge, useBridge } from '../support/bridge.ts';
import { type JsonAnswer, postForm } from '../support/oauth.ts';

export const OTHER = 'https://other.example/mcp';
export const ANOTHER = 'https://another.example/mcp';
export const SECRET = 'a secret of a resource server';

/** What the operator wrote into `CLIENTS_FILE`. */
const CLIENTS = [
  { client_id: OTHER, client_secret: SECRET, resource: OTHER },
  { client_id: 'public', resource: OTHER, token_endpoint_auth_method: 'none' },
  { client_id: 'no-resource-server', client_secret: SECRET, redirect_uris: ['https://client.example/cb'] },
];

/** The bridge of a suite, as {@link useBridge} has it, with these clients. */
export function useBridgeWithResources(store: StoreKind): TestBridge {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bridge-clients-'));
    writeFileSync(join(folder, 'clients.json'), JSON.stringify(CLIENTS));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  return useBridge(() => ({
    store,
    env: { RESOURCES: `${OTHER},${ANOTHER}`, CLIENTS_FILE: join(folder, 'clients.json') },
  }));
}

/** Asks about a token as a resource server. */
export function introspect(bridge: TestBridge, client_id: string, token: string): Promise<JsonAnswer> {
  return postForm(`${bridge.url}/introspect`, { client_id, client_secret: SECRET, token });
}
