// A strict client, oauth4webapi: it refuses an answer that deviates from the specifications in the least. What it reads
// of an answer, the answer really says.
import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import type { TestBridge } from '../support/bridge.ts';
import { walkAuthorization } from '../support/oauth.ts';

const REDIRECT_URI = 'https://app.example.com/callback';
const HTTP = { [oauth.allowInsecureRequests]: true } as const; // the bridge under test is on loopback

export type Registration = Awaited<ReturnType<typeof oauth.processDynamicClientRegistrationResponse>>;
export type Registered = { client: oauth.Client; authentication: oauth.ClientAuth };

export interface StrictClient {
  /** The server, by the metadata of OAuth or of OpenID Connect. */
  discover(algorithm: 'oidc' | 'oauth2'): Promise<oauth.AuthorizationServer>;
  /** The issuers that a protected resource names (RFC 9728). */
  discoverFrom(resource: URL): Promise<string[] | undefined>;
  /** Registers; a public client unless told how it authenticates. */
  register(
    metadata?: Partial<oauth.Client>,
    authentication?: (answer: Registration) => oauth.ClientAuth,
  ): Promise<Registered>;
  /** Opens an authorization request and checks the answer (RFC 9207 included). */
  authorize(
    client: oauth.Client,
    parameters: Record<string, string>,
    consent?: 'allow' | 'deny',
  ): Promise<{ answer: URLSearchParams; codeVerifier: string }>;
  logIn(registered: Registered, parameters: { scope: string; resource: string }): Promise<oauth.TokenEndpointResponse>;
  refresh(registered: Registered, refreshToken: string | undefined): Promise<oauth.TokenEndpointResponse>;
  revoke(registered: Registered, token: string | undefined): Promise<void>;
  /** @param subject whom the claims must be about */
  userinfo(
    registered: Registered,
    accessToken: string,
    subject: string | typeof oauth.skipSubjectCheck,
  ): Promise<oauth.UserInfoResponse>;
  introspect(server: { client_id: string; client_secret: string }, token: string): Promise<oauth.IntrospectionResponse>;
  /** The claims of an access token, as another resource server would check it, from the JWKS alone. */
  accessTokenClaims(accessToken: string, audience: string): Promise<oauth.JWTAccessTokenClaims>;
}

/** A strict client of the bridge of a suite. */
export function strictClient(bridge: TestBridge): StrictClient {
  let discovered: Promise<oauth.AuthorizationServer> | undefined;
  const server = () => {
    discovered ??= discover('oidc');
    return discovered;
  };

  async function discover(algorithm: 'oidc' | 'oauth2'): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(bridge.url);
    return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...HTTP, algorithm }));
  }

  async function authorize(client: oauth.Client, parameters: Record<string, string>, consent?: 'allow' | 'deny') {
    const as = await server();
    const codeVerifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const url = new URL(as.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state,
      ...parameters,
    }).toString();
    const page = await walkAuthorization(url, consent === undefined ? {} : { consent });
    const answer = page.location ?? page.buttonLink;
    assert.ok(answer);
    return { answer: oauth.validateAuthResponse(as, client, answer, state), codeVerifier };
  }

  return {
    discover,
    authorize,
    async discoverFrom(resource) {
      const response = await oauth.resourceDiscoveryRequest(resource, HTTP);
      return (await oauth.processResourceDiscoveryResponse(resource, response)).authorization_servers;
    },
    async register(metadata = {}, authentication = () => oauth.None()) {
      const wanted = { token_endpoint_auth_method: 'none', ...metadata };
      const answer = await oauth.processDynamicClientRegistrationResponse(
        await oauth.dynamicClientRegistrationRequest(
          await server(),
          { client_name: 'Strict client', redirect_uris: [REDIRECT_URI], ...wanted },
          HTTP,
        ),
      );
      assert.equal(answer.token_endpoint_auth_method, wanted.token_endpoint_auth_method);
      return { client: { ...answer, require_auth_time: true }, authentication: authentication(answer) };
    },
    async logIn({ client, authentication }, { scope, resource }) {
      const as = await server();
      const nonce = oauth.generateRandomNonce();
      const { answer, codeVerifier } = await authorize(client, { scope, resource, nonce });
      const response = await oauth.authorizationCodeGrantRequest(
        as,
        client,
        authentication,
        answer,
        REDIRECT_URI,
        codeVerifier,
        { ...HTTP, additionalParameters: { resource } },
      );
      const openid = scope.split(' ').includes('openid');
      const tokens = await oauth.processAuthorizationCodeResponse(
        as,
        client,
        response,
        openid ? { expectedNonce: nonce, requireIdToken: true, maxAge: 60 } : {},
      );
      if (openid) await oauth.validateApplicationLevelSignature(as, response, HTTP);
      return tokens;
    },
    async refresh({ client, authentication }, refreshToken) {
      const as = await server();
      const response = await oauth.refreshTokenGrantRequest(as, client, authentication, refreshToken ?? '', HTTP);
      return oauth.processRefreshTokenResponse(as, client, response);
    },
    async revoke({ client, authentication }, token) {
      const as = await server();
      const response = await oauth.revocationRequest(as, client, authentication, token ?? '', HTTP);
      await oauth.processRevocationResponse(response);
    },
    async userinfo({ client }, accessToken, subject) {
      const as = await server();
      const response = await oauth.userInfoRequest(as, client, accessToken, HTTP);
      return oauth.processUserInfoResponse(as, client, subject, response);
    },
    async introspect({ client_secret, ...client }, token) {
      const as = await server();
      const authentication = oauth.ClientSecretBasic(client_secret);
      const response = await oauth.introspectionRequest(as, client, authentication, token, HTTP);
      return oauth.processIntrospectionResponse(as, client, response);
    },
    async accessTokenClaims(accessToken, audience) {
      const request = new Request(audience, { headers: { authorization: `Bearer ${accessToken}` } });
      const algorithms = { ...HTTP, signingAlgorithms: ['ES256', 'RS256'] };
      return oauth.validateJwtAccessToken(await server(), request, audience, algorithms);
    },
  };
}
