// The sessions for a server that the operator has replaced: one pass over all people ends them, and a pass that failed is made
// again. That the GitHub tokens die with them is in test/threats/changed-server.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createChangedRecipients } from '../../src/oauth/changed-recipients.ts';
import { createResources } from '../../src/oauth/resource-indicators.ts';
import { StoreUnavailable } from '../../src/store/store.ts';
import { gatewayFor, recordingServer } from '../gateway/fixtures.ts';
import { bridgeFor } from '../support/bridge.ts';
import { connect } from '../support/oauth.ts';

describe('sessions for a server that was replaced', () => {
  it('end in one pass, which is made once, and again when it failed', async (t) => {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(t, [{ name: 'one', url: server.url }]);
    for (const login of ['octocat', 'hubot'])
      await connect(bridge.url, { login, parameters: { resource: `${bridge.url}/mcp/one` } });
    await connect(bridge.url);
    const { sessionEnding } = bridge.bridge.services;
    const resources = createResources({ publicUrl: bridge.url, scopes: ['read:user'], upstreams: [], others: [] });
    let isDown = true;
    const sessions = new Proxy(bridge.store.sessions, {
      get(target, name) {
        if (name === 'people' && isDown) return () => Promise.reject(new StoreUnavailable('down'));
        return Reflect.get(target, name).bind(target);
      },
    });
    const pass = createChangedRecipients({ store: { ...bridge.store, sessions }, resources, sessionEnding });
    await assert.rejects(pass(), StoreUnavailable);
    isDown = false;
    await pass();
    const ended = () => bridge.eventsOf('grant.ended').map(({ reason }) => reason);
    assert.deepEqual(ended(), ['server_changed', 'server_changed']);
    await connect(bridge.url, { parameters: { resource: `${bridge.url}/mcp/one` } });
    await pass();
    assert.equal(ended().length, 2);
  });

  it('are not those of the built-in tools, nor those whose server is the same', async (t) => {
    const bridge = await bridgeFor(t, { store: 'sqlite', env: { MCP_UPSTREAMS: 'one=http://localhost:1/mcp' } });
    await connect(bridge.url);
    await connect(bridge.url, { parameters: { resource: `${bridge.url}/mcp/one` } });
    await createChangedRecipients(bridge.bridge.services)();
    assert.deepEqual(bridge.eventsOf('grant.ended'), []);
  });
});
