// The wiring: what stops a start, and what ending waits for. That the parts fit together is what every test of an endpoint
// shows; a store made under another secret is in test/security/secrets.test.ts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readConfig } from '../src/config/config.ts';
import { EventBus } from '../src/observe/events.ts';
import { createSqliteStore } from '../src/store/sqlite/sqlite-store.ts';
import { wire } from '../src/wiring.ts';
import { clientsFile } from './oauth/clients-file.ts';
import { bridgeFor, startTestBridge } from './support/bridge.ts';
import { connect, postForm } from './support/oauth.ts';

describe('the wiring', () => {
  const wrong = clientsFile([
    { client_id: 'app', redirect_uris: ['http://app.example'], client_secret: 'x'.repeat(16) },
  ]);

  const right = clientsFile([
    { client_id: 'app', redirect_uris: ['https://app.example/cb'], token_endpoint_auth_method: 'none' },
  ]);

  it('stops the start for a clients file that is wrong, and says where', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'bridge-wiring-'));
    const store = createSqliteStore(folder);
    t.after(async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    });
    const secret = 'a test secret that is long enough and no secret at all';
    const env = { GITHUB_CLIENT_ID: 'x', GITHUB_CLIENT_SECRET: 'y', BRIDGE_SECRET: secret, CLIENTS_FILE: wrong };
    await assert.rejects(wire(readConfig(env), { store, events: new EventBus() }), {
      message: /^CLIENTS_FILE: client app: redirect_uris\.0 /,
    });
  });

  it('has the clients of the operator’s file, and the documents of clients unless they are switched off', async (t) => {
    const env = { CLIENTS_FILE: right, CLIENT_METADATA_DOCUMENTS: 'off' };
    const { bridge } = await bridgeFor(t, { store: 'sqlite', env });
    assert.equal((await bridge.services.clients.find('app', '192.0.2.1'))?.origin, 'preregistered');
    assert.equal(await bridge.services.clients.find('https://client.example/oauth.json', '192.0.2.1'), undefined);
  });

  it('waits, when it closes, for what GitHub has still to be told', async () => {
    const bridge = await startTestBridge({ store: 'sqlite' });
    const { client, tokens } = await connect(bridge.url);
    bridge.github.fault({ kind: 'delay', ms: 200, path: /\/applications\// });
    await postForm(`${bridge.url}/revoke`, { token: tokens.access_token, client_id: client.client_id });
    assert.equal(bridge.github.liveTokens().length, 1);
    await bridge.stop();
    assert.deepEqual(bridge.github.liveTokens(), []);
  });
});
