// Protected resource metadata: one document for each name of the built-in resource, in which `resource` is the URL that
// the client was given (RFC 9728 sections 2 and 3).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
      const { resource, authorization_servers, scopes_supported, bearer_methods_supported } = body;
      assert.deepEqual(
        { resource, authorization_servers, scopes_supported, bearer_methods_supported },
        {
          resource: `${bridge.url}${path}`,
          authorization_servers: [bridge.url],
          scopes_supported: ['read:user'],
          bearer_methods_supported: ['header'],
        },
      );
    }
  });
});
