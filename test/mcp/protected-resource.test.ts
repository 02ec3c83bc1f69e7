// Protected resource metadata: one document for each name of the built-in resource, in which `resource` is the URL that
// the client was given (RFC 9728 sections 2 and 3).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { metadataPath, protectedResourceMetadata, resourcePaths } from '../../src/mcp/protected-resource.ts';
import { strictClient } from '../oauth/strict-client.ts';
import { useBridge } from '../support/bridge.ts';
import { getJson } from '../support/oauth.ts';

describe('a strict client', () => {
  const bridge = useBridge({ store: 'sqlite' });
  const strict = strictClient(bridge);

  for (const path of ['/mcp', '/sse'])
    it(`discovers the authorization server from the resource ${path}`, async () => {
      const { issuer } = await strict.discover('oidc');
      assert.deepEqual(await strict.discoverFrom(new URL(`${bridge.url}${path}`)), [issuer]);
    });

  it('reads of each name of the resource that name, the issuer byte for byte, and the scopes to begin with', async () => {
    for (const path of ['', '/mcp', '/sse']) {
      const { headers, body } = await getJson(`${bridge.url}/.well-known/oauth-protected-resource${path}`);
      assert.equal(headers.get('cache-control'), 'public, max-age=300');
      const { resource, resource_name, authorization_servers, scopes_supported, bearer_methods_supported } = body;
      assert.deepEqual(
        { resource, resource_name, authorization_servers, scopes_supported, bearer_methods_supported },
        {
          resource: `${bridge.url}${path}`,
          resource_name: 'mcp-github-bridge',
          authorization_servers: [bridge.url],
          scopes_supported: ['read:user'],
          bearer_methods_supported: ['header'],
        },
      );
    }
  });
});

describe('the metadata of an MCP server behind the bridge', () => {
  it('has its path, its name and its scopes', () => {
    const resource = {
      audience: 'https://b.example/mcp/read-only',
      own: true,
      scope: ['repo'],
      upstream: {
        name: 'read-only',
        url: 'https://mcp.example/mcp',
        title: 'GitHub, 読み取り専用',
        credential: 'none',
        scopes: ['repo'],
        headers: {},
        denyTools: [],
        firstByteTimeout: 1,
      },
    } as const;
    assert.deepEqual(resourcePaths('https://b.example', resource), ['/mcp/read-only']);
    assert.deepEqual(resourcePaths('https://b.example', { ...resource, audience: 'https://b.example/mcp' }), [
      '',
      '/mcp',
    ]);
    assert.deepEqual(
      resourcePaths('https://b.example', { audience: 'https://other.example', own: false, scope: [] }),
      [],
    );
    assert.equal(metadataPath('/mcp/read-only'), '/.well-known/oauth-protected-resource/mcp/read-only');
    const document = protectedResourceMetadata('https://b.example', '/mcp/read-only', {}, resource, {});
    assert.deepEqual(JSON.parse(JSON.stringify(document)), {
      resource: 'https://b.example/mcp/read-only',
      resource_name: 'GitHub, 読み取り専用',
      authorization_servers: ['https://b.example'],
      scopes_supported: ['repo'],
      bearer_methods_supported: ['header'],
    });
  });
});
