// A bridge that issues tokens for other resource servers too, which introspect them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StoreKind, startTestBridge, type TestBridge } from '../support/bridge.ts';
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

export interface TestBridgeWithResources extends TestBridge {
  /** Asks about a token as a resource server. */
  introspect(clientId: string, token: string): Promise<JsonAnswer>;
}

export async function startBridgeWithResources(store: StoreKind): Promise<TestBridgeWithResources> {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-clients-'));
  const file = join(folder, 'clients.json');
  writeFileSync(file, JSON.stringify(CLIENTS));
  const env = { RESOURCES: `${OTHER},${ANOTHER}`, CLIENTS_FILE: file };
  const bridge = await startTestBridge({ store, env });
  return {
    ...bridge,
    introspect: (client_id, token) => postForm(`${bridge.url}/introspect`, { client_id, client_secret: SECRET, token }),
    async stop() {
      await bridge.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
