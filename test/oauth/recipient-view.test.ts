// How people are told which MCP server gets the calls: by its host, and by the title that the operator gave it while it
// is the same server that the person consented to.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recipientView } from '../../src/oauth/recipient-view.ts';
import { createResources } from '../../src/oauth/resource-indicators.ts';

describe('the recipient of a session', () => {
  const resource = 'https://bridge.example/mcp/notes';
  const upstream = {
    name: 'notes',
    url: 'https://notes.example:8443/mcp?team=1',
    title: 'Notes',
    credential: 'github',
    scopes: [],
    headers: {},
    denyTools: [],
    firstByteTimeout: 300,
  } as const;
  const resources = createResources({
    publicUrl: 'https://bridge.example',
    scopes: [],
    upstreams: [upstream],
    others: ['https://calendar.example'],
  });
  const recipient = { address: 'https://notes.example:8443/mcp', credential: 'github' } as const;

  it('has the title and the host of the server', () => {
    assert.deepEqual(recipientView(resources, { resource, recipient }), {
      title: 'Notes',
      host: 'notes.example:8443',
      credential: 'github',
    });
  });

  it('has its host alone when another server, or none, stands there now, or it gets something else', () => {
    for (const [where, before] of [
      [resource, { address: 'https://elsewhere.example/mcp', credential: 'github' }],
      [resource, { ...recipient, credential: 'identity' }],
      ['https://bridge.example/mcp/gone', recipient],
    ] as const)
      assert.deepEqual(recipientView(resources, { resource: where, recipient: before }), {
        host: new URL(before.address).host,
        credential: before.credential,
      });
  });

  it('is nobody when the calls stay in the bridge, or the resource is another server’s', () => {
    for (const where of ['https://bridge.example/mcp', 'https://calendar.example'])
      assert.equal(recipientView(resources, { resource: where }), undefined);
  });
});
