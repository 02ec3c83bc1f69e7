// A strict client, oauth4webapi, through everything that the authorization server offers: it refuses an answer that deviates from
// the specifications in the least.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import * as oauth from 'oauth4webapi';
import { onBothStores, startTestBridge, type TestBridge } from '../support/bridge.ts';
import { walkAuthorization } from '../support/oauth.ts';

const CALENDAR = 'https://calendar.example.com/mcp';
const CALENDAR_SERVER = { client_id: 'calendar', client_secret: 'the secret of the calendar server' };
const REDIRECT_URI = 'https://app.example.com/callback';
const HTTP = { [oauth.allowInsecureRequests]: true } as const; // the bridge under test is on loopback

type Registration = Awaited<ReturnType<typeof oauth.processDynamicClientRegistrationResponse>>;
type Registered = { client: oauth.Client; authentication: oauth.ClientAuth };

/** Ways for a client to authenticate: what it registers, and how it goes about it then. */
const METHODS: readonly {
  name: string;
  register: () => Promise<{
    metadata: Partial<oauth.Client>;
    authentication: (answer: Registration) => oauth.ClientAuth;
  }>;
}[] = [
  { name: 'none', register: async () => ({ metadata: {}, authentication: () => oauth.None() }) },
  {
    name: 'client_secret_post',
    register: async () => ({ metadata: {}, authentication: (answer) => oauth.ClientSecretPost(secretOf(answer)) }),
  },
  {
    name: 'client_secret_basic',
    register: async () => ({ metadata: {}, authentication: (answer) => oauth.ClientSecretBasic(secretOf(answer)) }),
  },
  {
    name: 'private_key_jwt',
    register: async () => {
      const { privateKey, publicKey } = await oauth.generateKeyPair('ES256', { extractable: true });
      const jwk = { ...(await crypto.subtle.exportKey('jwk', publicKey)), kid: 'key-of-the-client' };
      return {
        metadata: { jwks: { keys: [jwk] } },
        authentication: () => oauth.PrivateKeyJwt({ key: privateKey, kid: 'key-of-the-client' }),
      };
    },
  },
];

onBothStores('a strict client', (store) => {
  const directory = mkdtempSync(join(tmpdir(), 'bridge-clients-'));
  let bridge: TestBridge;
  let as: oauth.AuthorizationServer;
  before(async () => {
    const clientsFile = join(directory, 'clients.json');
    writeFileSync(
      clientsFile,
      JSON.stringify([{ ...CALENDAR_SERVER, token_endpoint_auth_method: 'client_secret_basic', resource: CALENDAR }]),
    );
    bridge = await startTestBridge({ store, env: { RESOURCES: CALENDAR, CLIENTS_FILE: clientsFile } });
    as = await discover('oidc');
  });
  after(async () => {
    await bridge.stop();
    rmSync(directory, { recursive: true });
  });

  it('discovers the same server by OAuth and by OpenID Connect', async () => {
    const { issuer, authorization_endpoint, token_endpoint, jwks_uri } = await discover('oauth2');
    assert.deepEqual(
      { issuer, authorization_endpoint, token_endpoint, jwks_uri },
      {
        issuer: as.issuer,
        authorization_endpoint: as.authorization_endpoint,
        token_endpoint: as.token_endpoint,
        jwks_uri: as.jwks_uri,
      },
    );
  });

  for (const path of ['/mcp', '/sse']) {
    it(`discovers it from the resource ${path}`, async () => {
      const resource = new URL(`${bridge.url}${path}`);
      const response = await oauth.resourceDiscoveryRequest(resource, HTTP);
      const { authorization_servers } = await oauth.processResourceDiscoveryResponse(resource, response);
      assert.deepEqual(authorization_servers, [as.issuer]);
    });
  }

  for (const { name, register } of METHODS) {
    it(`registers with ${name}, logs in, refreshes and revokes`, async () => {
      const { metadata, authentication } = await register();
      const registered = await registerClient({ ...metadata, token_endpoint_auth_method: name }, authentication);
      const { client } = registered;
      const scope = 'openid profile email read:user offline_access';
      const tokens = await logIn(registered, { scope, resource: `${bridge.url}/mcp` });
      assert.deepEqual(tokens.scope?.split(' ').sort(), scope.split(' ').sort());

      const claims = oauth.getValidatedIdTokenClaims(tokens);
      const { id } = bridge.github.account('octocat');
      assert.equal(claims?.sub, String(id));
      assert.equal(claims?.preferred_username, 'octocat');
      assert.ok(Math.abs(Number(claims?.auth_time) - bridge.now()) < 30);

      const userinfo = await oauth.processUserInfoResponse(
        as,
        client,
        String(id),
        await oauth.userInfoRequest(as, client, tokens.access_token, HTTP),
      );
      assert.equal(userinfo.email, 'octocat@example.com');
      assert.equal(userinfo.name, 'The Octocat');

      const renewed = await refresh(registered, tokens.refresh_token);
      assert.notEqual(renewed.refresh_token, tokens.refresh_token);
      assert.deepEqual(
        (await accessTokenClaims(renewed.access_token, `${bridge.url}/mcp`)).client_id,
        client.client_id,
      );

      await revoke(registered, renewed.refresh_token);
      await assert.rejects(refresh(registered, renewed.refresh_token), (error) => {
        assert.ok(error instanceof oauth.ResponseBodyError);
        return error.error === 'invalid_grant';
      });
      await assert.rejects(
        oauth
          .userInfoRequest(as, client, renewed.access_token, HTTP)
          .then((response) => oauth.processUserInfoResponse(as, client, oauth.skipSubjectCheck, response)),
        oauth.WWWAuthenticateChallengeError,
      );
    });
  }

  it('introspects a token of its own resource, as long as the session lives, and no other', async () => {
    const registered = await registerClient({ token_endpoint_auth_method: 'none' }, () => oauth.None());
    const calendar = await logIn(registered, { scope: 'read:user', resource: CALENDAR });
    const mcp = await logIn(registered, { scope: 'read:user', resource: `${bridge.url}/mcp` });
    const claims = await accessTokenClaims(calendar.access_token, CALENDAR);
    const answer = await introspect(calendar.access_token);
    assert.equal(answer.active, true);
    for (const name of ['iss', 'sub', 'client_id', 'scope', 'exp', 'iat', 'jti'] as const) {
      assert.equal(answer[name], claims[name], name);
    }
    assert.equal(answer.aud, CALENDAR);
    assert.equal(answer.username, 'octocat');

    assert.deepEqual(await introspect(mcp.access_token), { active: false });
    await revoke(registered, calendar.refresh_token);
    assert.deepEqual(await introspect(calendar.access_token), { active: false });
  });

  it('gets errors with iss and state as well', async () => {
    const { client } = await registerClient({ token_endpoint_auth_method: 'none' }, () => oauth.None());
    const state = oauth.generateRandomState();
    const { url } = await authorizationUrl(client, {
      state,
      scope: 'read:user',
      resource: 'https://elsewhere.example',
    });
    const { location } = await walkAuthorization(url);
    assert.ok(location);
    assert.throws(
      () => oauth.validateAuthResponse(as, client, location, state),
      (error) => error instanceof oauth.AuthorizationResponseError && error.error === 'invalid_target',
    );
    const { url: another } = await authorizationUrl(client, {
      state,
      scope: 'read:user',
      resource: `${bridge.url}/mcp`,
    });
    const denied = (await walkAuthorization(another, { consent: 'deny' })).location;
    assert.ok(denied);
    assert.throws(
      () => oauth.validateAuthResponse(as, client, denied, state),
      (error) => error instanceof oauth.AuthorizationResponseError && error.error === 'access_denied',
    );
  });

  async function discover(algorithm: 'oidc' | 'oauth2'): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(bridge.url);
    return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...HTTP, algorithm }));
  }

  async function registerClient(
    metadata: Partial<oauth.Client>,
    authentication: (answer: Registration) => oauth.ClientAuth,
  ): Promise<Registered> {
    const answer = await oauth.processDynamicClientRegistrationResponse(
      await oauth.dynamicClientRegistrationRequest(
        as,
        { client_name: 'Strict client', redirect_uris: [REDIRECT_URI], ...metadata },
        HTTP,
      ),
    );
    assert.equal(answer.token_endpoint_auth_method, metadata.token_endpoint_auth_method);
    return { client: { ...answer, require_auth_time: true }, authentication: authentication(answer) };
  }

  async function authorizationUrl(
    client: oauth.Client,
    parameters: Record<string, string>,
  ): Promise<{ url: URL; codeVerifier: string }> {
    const codeVerifier = oauth.generateRandomCodeVerifier();
    const url = new URL(as.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...parameters,
    }).toString();
    return { url, codeVerifier };
  }

  async function logIn(
    { client, authentication }: Registered,
    parameters: { scope: string; resource: string },
  ): Promise<oauth.TokenEndpointResponse> {
    const state = oauth.generateRandomState();
    const nonce = oauth.generateRandomNonce();
    const { url, codeVerifier } = await authorizationUrl(client, { ...parameters, state, nonce });
    const { location } = await walkAuthorization(url);
    assert.ok(location);
    const answer = oauth.validateAuthResponse(as, client, location, state);
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      authentication,
      answer,
      REDIRECT_URI,
      codeVerifier,
      { ...HTTP, additionalParameters: { resource: parameters.resource } },
    );
    const openid = parameters.scope.split(' ').includes('openid');
    const tokens = await oauth.processAuthorizationCodeResponse(
      as,
      client,
      response,
      openid ? { expectedNonce: nonce, requireIdToken: true, maxAge: 60 } : {},
    );
    if (openid) await oauth.validateApplicationLevelSignature(as, response, HTTP);
    return tokens;
  }

  async function refresh(
    { client, authentication }: Registered,
    refreshToken: string | undefined,
  ): Promise<oauth.TokenEndpointResponse> {
    const response = await oauth.refreshTokenGrantRequest(as, client, authentication, refreshToken ?? '', HTTP);
    return oauth.processRefreshTokenResponse(as, client, response);
  }

  async function revoke({ client, authentication }: Registered, token: string | undefined): Promise<void> {
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, authentication, token ?? '', HTTP));
  }

  async function introspect(token: string): Promise<oauth.IntrospectionResponse> {
    const authentication = oauth.ClientSecretBasic(CALENDAR_SERVER.client_secret);
    const response = await oauth.introspectionRequest(as, CALENDAR_SERVER, authentication, token, HTTP);
    return oauth.processIntrospectionResponse(as, CALENDAR_SERVER, response);
  }

  /** As another resource server would check it, from the JWKS alone. */
  async function accessTokenClaims(accessToken: string, audience: string): Promise<oauth.JWTAccessTokenClaims> {
    const request = new Request(audience, { headers: { authorization: `Bearer ${accessToken}` } });
    return oauth.validateJwtAccessToken(as, request, audience, { ...HTTP, signingAlgorithms: ['ES256', 'RS256'] });
  }
});

function secretOf(answer: Registration): string {
  assert.ok(typeof answer.client_secret === 'string');
  return answer.client_secret;
}
