// Protected resource metadata: one document for each name of a resource, in which `resource` is the URL that
// the client was given (RFC 9728 sections 2 and 3).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { metadataPath, protectedResourceMetadata, RESOURCE_PATHS } from '../../src/mcp/protected-resource.ts';
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
    for (const path of RESOURCE_PATHS) {
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

describe('the metadata of a resource at any path', () => {
  it('has its path, its name and its scopes', () => {
    const at = { path: '/mcp/read-only', resourceName: 'GitHub, 読み取り専用', scope: ['repo'] };
    assert.equal(metadataPath(at.path), '/.well-known/oauth-protected-resource/mcp/read-only');
    const document = JSON.parse(JSON.stringify(protectedResourceMetadata('https://b.example', at, {})));
    assert.deepEqual(document, {
      resource: 'https://b.example/mcp/read-only',
      resource_name: 'GitHub, 読み取り専用',
      authorization_servers: ['https://b.example'],
      scopes_supported: ['repo'],
      bearer_methods_supported: ['header'],
    });
  });
});
