// Authorization server metadata: the same server for OAuth and for OpenID Connect, and nothing claimed that is not
// enforced (RFC 8414 section 2, OpenID Connect Discovery section 3). That no header changes it is in
// test/threats/hosts-and-origins.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { authorizationServerMetadata } from '../../../src/oauth/endpoints/metadata.ts';
import { useBridge } from '../../support/bridge.ts';
import { getJson, tokenRequest } from '../../support/oauth.ts';
import { strictClient } from '../strict-client.ts';

describe('the metadata', () => {
  const bridge = useBridge({ store: 'sqlite' });
  const strict = strictClient(bridge);
  const read = (name: string) => getJson(`${bridge.url}/.well-known/${name}`);

  it('is of the same server by OAuth and by OpenID Connect', async () => {
    const as = await strict.discover('oidc');
    const { issuer, authorization_endpoint, token_endpoint, jwks_uri } = await strict.discover('oauth2');
    assert.deepEqual(
      { issuer, authorization_endpoint, token_endpoint, jwks_uri },
      {
        issuer: as.issuer,
        authorization_endpoint: as.authorization_endpoint,
        token_endpoint: as.token_endpoint,
        jwks_uri: as.jwks_uri,
      },
    );
    const [oauth, openid] = [await read('oauth-authorization-server'), await read('openid-configuration')];
    assert.deepEqual({ ...openid.body, ...oauth.body }, openid.body, 'OpenID Connect only adds');
  });

  it('may be kept for five minutes', async () => {
    for (const name of ['oauth-authorization-server', 'openid-configuration', 'jwks.json'])
      assert.equal((await read(name)).headers.get('cache-control'), 'public, max-age=300', name);
  });

  it('names endpoints that are there', async () => {
    const { body } = await read('openid-configuration');
    const endpoints = Object.entries(body).filter(([name]) => /_(?:endpoint|uri)$/.test(name));
    assert.equal(endpoints.length, 7);
    for (const [name, url] of endpoints) {
      assert.ok(String(url).startsWith(`${bridge.url}/`), name);
      assert.notEqual((await fetch(String(url))).status, 404, name);
    }
  });

  it('names the grant types that the token endpoint takes, and no other', async () => {
    const { body } = await read('oauth-authorization-server');
    assert.deepEqual(body.grant_types_supported, ['authorization_code', 'refresh_token']);
    const errorFor = async (grant_type: string) => (await tokenRequest(bridge.url, { grant_type })).body.error;
    for (const name of ['authorization_code', 'refresh_token']) assert.equal(await errorFor(name), 'invalid_client');
    for (const name of ['implicit', 'password', 'client_credentials'])
      assert.equal(await errorFor(name), 'unsupported_grant_type');
  });

  it('claims what this server enforces: codes in a query, S256, iss in every answer', async () => {
    const { body } = await read('oauth-authorization-server');
    assert.deepEqual(body.response_types_supported, ['code']);
    assert.deepEqual(body.response_modes_supported, ['query']);
    assert.deepEqual(body.code_challenge_methods_supported, ['S256']);
    assert.equal(body.authorization_response_iss_parameter_supported, true);
    assert.deepEqual(body.introspection_endpoint_auth_methods_supported, [
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
    ]);
  });

  it('lists the scopes of the tools and of OpenID Connect, each once', async () => {
    const scopes = (await read('oauth-authorization-server')).body.scopes_supported;
    assert.ok(Array.isArray(scopes));
    for (const scope of ['read:user', 'user:email', 'read:org', 'public_repo', 'repo', 'openid', 'offline_access'])
      assert.ok(scopes.includes(scope), scope);
    assert.equal(new Set(scopes).size, scopes.length);
    assert.equal(scopes.includes('bridge:admin'), false, 'many clients ask for all that is listed');
  });

  it('says whether client ids may be metadata documents', () => {
    for (const clientMetadataDocuments of [true, false]) {
      const document = authorizationServerMetadata({
        issuer: 'https://bridge.example',
        clientMetadataDocuments,
        upstreamScopes: [],
        operator: {},
      });
      assert.equal(document.client_id_metadata_document_supported, clientMetadataDocuments);
    }
  });
});
