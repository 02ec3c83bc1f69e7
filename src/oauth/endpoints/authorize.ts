/**
 * The authorization endpoint: an ordered list of checks, then the consent page. An error is a page for the person; a
 * client that the operator or the person of this browser chose before gets it as a response (design decision 14).
 * @see OAuth 2.1 section 4.1.1, RFC 7636 section 4.3, RFC 8707 section 2, RFC 9700 section 4.11
 */
import type Koa from 'koa';
import { defined } from '../../base/defined.ts';
import { formParameters } from '../../protocol/http.ts';
import { invalidRequest, invalidScope, OAuthError } from '../../protocol/oauth-error.ts';
import { type Parameters, parseParameters, spaceSeparated } from '../../protocol/parameters.ts';
import { isCodeChallenge } from '../../protocol/pkce.ts';
import { isLoopbackAuthority, isLoopbackHost } from '../../security/hosts.ts';
import type { AuthorizationRequest } from '../../store/records.ts';
import { PageError } from '../../web/page-error.ts';
import { authorizationResponseUrl, type ResponseTarget, sendAuthorizationResponse } from '../authorization-response.ts';
import { type Client, clientName, findForPage } from '../clients/client.ts';
import { redirectUriMatches, redirectUriProblem } from '../clients/redirect-uri.ts';
import { showConsent } from '../login/consent-page.ts';
import type { RequestedLogin } from '../login/login.ts';
import { requestedScope, type UpstreamScopes, upstreamScope } from '../scope.ts';
import { openidParameters } from './openid-parameters.ts';
import type { Services } from './services.ts';

type Authorize = Pick<
  Services,
  | 'issuer'
  | 'store'
  | 'clients'
  | 'resources'
  | 'upstream'
  | 'logins'
  | 'browsers'
  | 'clientRules'
  | 'web'
  | 'events'
  | 'limits'
>;

/** Characters. What a client sends is stored until the person decides, and `state` comes back in every answer. */
const MAX_STATE = 4096;
const MAX_UI_LOCALES = 200;

/** `GET /authorize` and `POST /authorize` (OAuth 2.1 section 3.1) */
export function authorize(services: Authorize): Koa.Middleware {
  return async (ctx) => {
    if (redirectToOwnHost(ctx, services.issuer)) return;
    const parameters = readParameters(ctx);
    const client = await checkClient(services, ctx, parameters);
    const target = {
      clientId: client.clientId,
      clientName: clientName(client),
      redirectUri: checkRedirectUri(services, client, parameters),
      ...defined({ state: checkState(parameters), uiLocales: parameters.get('ui_locales')?.slice(0, MAX_UI_LOCALES) }),
    };
    try {
      checkResponseType(parameters);
      checkUnsupported(parameters);
      const request: AuthorizationRequest = {
        ...target,
        refreshable: client.metadata.grant_types.includes('refresh_token'),
        redirectUriSent: parameters.has('redirect_uri'),
        codeChallenge: checkCodeChallenge(parameters),
        ...checkResource(services, client, parameters),
        ...openidParameters(parameters),
      };
      await askForConsent(services, ctx, client, request);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      answerRefusal(services, ctx, client, target, error);
    }
  };
}

/**
 * Answers a request that was refused before the person was asked. Anybody can register a client, so nothing leaves by itself
 * for the address of a client that neither the operator nor the person of this browser chose before.
 * @throws {PageError} for such a client: the page has a button that takes the response there
 * @see RFC 9700 section 4.11.2
 */
function answerRefusal(
  services: Authorize,
  ctx: Koa.Context,
  client: Client,
  target: ResponseTarget & { clientId: string },
  { code, description }: OAuthError,
): void {
  const { issuer, browsers } = services;
  const response = { error: code, description };
  const person = browsers.person(ctx);
  const isChosen =
    client.origin === 'preregistered' || (person !== undefined && browsers.hasConnected(ctx, person, target));
  if (isChosen) {
    sendAuthorizationResponse(services, ctx, target, response);
    return;
  }
  throw new PageError('invalid_request', {
    code,
    description: `${code}: ${description}`,
    clientName: target.clientName,
    continueUrl: authorizationResponseUrl(issuer, target, response),
    ...defined({ uiLocales: target.uiLocales }),
  });
}

/**
 * Shows the consent page, or continues at the upstream if the person of this browser let this consent be remembered.
 */
async function askForConsent(
  services: Authorize,
  ctx: Koa.Context,
  client: Client,
  request: AuthorizationRequest,
): Promise<void> {
  const { upstream, logins, events, limits } = services;
  const prompt = spaceSeparated(request.prompt);
  // GitHub has no way to log in without perhaps showing a page.
  if (prompt.includes('none'))
    throw new OAuthError('interaction_required', 'this server cannot log anybody in without showing a page');
  // What follows is kept in the store.
  await limits.authorization.consume(ctx.ip);
  const login: RequestedLogin = { request, upstreamScope: upstreamScope(upstream, request.scope) };
  const expectedPerson = prompt.includes('consent') ? undefined : await logins.rememberedPerson(ctx, request);
  if (expectedPerson === undefined) return showConsent(services, ctx, client, login);
  const address = await logins.sendToUpstream(ctx, { purpose: 'client', ...login, expectedPerson });
  events.emit('consent.shown', { clientId: client.clientId, remembered: true });
  ctx.redirect(address);
}

/**
 * Redirects to the host of `PUBLIC_URL` if the request came to another loopback host (`127.0.0.1` instead of
 * `localhost`), because cookies belong to one host name.
 * @returns whether it redirected
 */
function redirectToOwnHost(ctx: Koa.Context, issuer: string): boolean {
  const own = new URL(issuer);
  if (ctx.method !== 'GET' || ctx.host === own.host || !isLoopbackHost(own.hostname)) return false;
  if (!isLoopbackAuthority(ctx.host)) return false;
  // Not `ctx.url`, which may be an absolute URL (RFC 9112 section 3.2.2).
  ctx.redirect(`${issuer}${ctx.path}${ctx.search}`);
  return true;
}

function readParameters(ctx: Koa.Context): Parameters {
  try {
    return ctx.method === 'POST' ? formParameters(ctx) : parseParameters(ctx.querystring);
  } catch (error) {
    if (error instanceof OAuthError) throw new PageError('invalid_request', { description: error.description });
    throw error;
  }
}

/** Finds the client. @throws {PageError} for an unknown client @see OAuth 2.1 section 4.1.2.1 */
async function checkClient({ clients }: Authorize, ctx: Koa.Context, parameters: Parameters): Promise<Client> {
  const clientId = parameters.get('client_id');
  if (clientId === undefined) throw new PageError('invalid_request', { description: 'client_id is missing' });
  const client = await findForPage(clients, ctx, clientId);
  if (client !== undefined) return client;
  throw new PageError('unknown_client', { description: 'invalid_client: no client of this id is registered' });
}

/**
 * The redirect URI of the response. It may be absent from the request if the client registered only one.
 * @throws {PageError} when it is not a registered one, breaks the rules of today, or is on this server
 * @see OAuth 2.1 sections 4.1.2.1 and 2.3.2
 */
function checkRedirectUri({ issuer, clientRules }: Authorize, client: Client, parameters: Parameters): string {
  const registered = client.metadata.redirect_uris;
  const requested = parameters.get('redirect_uri');
  const redirectUri = requested ?? (registered.length === 1 ? registered[0] : undefined);
  const refuse = (kind: 'invalid_request' | 'invalid_redirect_uri', description: string) =>
    new PageError(kind, { description, clientName: clientName(client) });
  if (redirectUri === undefined) throw refuse('invalid_request', 'redirect_uri is missing');
  if (!registered.some((uri) => redirectUriMatches(uri, redirectUri)))
    throw refuse('invalid_redirect_uri', 'redirect_uri is not one that the client registered');
  // The rules may be stricter than when the client registered.
  const problem = redirectUriProblem(redirectUri, clientRules.redirectSchemes);
  if (problem !== undefined) throw refuse('invalid_redirect_uri', `redirect_uri ${problem}`);
  // A link from a page of ours would count as one of the person's own (../login/remembered-consent.ts).
  if (new URL(redirectUri).origin === issuer) throw refuse('invalid_redirect_uri', 'redirect_uri is on this server');
  return redirectUri;
}

/** Nothing can be answered to the client without its `state`, so this problem is a page. */
function checkState(parameters: Parameters): string | undefined {
  const state = parameters.get('state');
  if (state === undefined || state.length <= MAX_STATE) return state;
  throw new PageError('invalid_request', { description: `state is longer than ${MAX_STATE} characters` });
}

function checkResponseType(parameters: Parameters): void {
  const responseType = parameters.get('response_type');
  if (responseType === undefined) throw invalidRequest('response_type is missing');
  if (responseType !== 'code') throw new OAuthError('unsupported_response_type', 'response_type must be code');
  const mode = parameters.get('response_mode');
  if (mode !== undefined && mode !== 'query') throw invalidRequest('response_mode must be query');
}

/** Request objects are refused. @see OpenID Connect Core sections 3.1.2.6 and 6 */
function checkUnsupported(parameters: Parameters): void {
  if (parameters.has('request')) throw new OAuthError('request_not_supported', 'request objects are not supported');
  if (parameters.has('request_uri')) throw new OAuthError('request_uri_not_supported', 'request_uri is not supported');
}

/** PKCE with S256 is required of every client. @see OAuth 2.1 sections 4.1.1 and 7.5 */
function checkCodeChallenge(parameters: Parameters): string {
  const challenge = parameters.get('code_challenge');
  if (challenge === undefined) throw invalidRequest('code_challenge is missing: PKCE is required');
  if (parameters.get('code_challenge_method') !== 'S256') throw invalidRequest('code_challenge_method must be S256');
  if (!isCodeChallenge(challenge)) throw invalidRequest('code_challenge is not an S256 challenge');
  return challenge;
}

/** The resource, who gets its calls, and the scopes asked for there (RFC 8707 section 2.1). */
function checkResource(
  { upstream: { scopes }, resources }: Authorize,
  client: Client,
  parameters: Parameters,
): Pick<AuthorizationRequest, 'resource' | 'recipient' | 'scope'> {
  const { audience: resource, recipient, scope } = resources.resolve(parameters.get('resource'));
  // A server that gets no GitHub token has no use for scopes of GitHub but those that the operator named.
  const usesGithub = recipient === undefined || recipient.credential === 'github';
  const known = usesGithub ? scopes : { isKnown: (name: string) => scope.includes(name) };
  const requested = requestedScope(known, parameters.get('scope'), scope);
  return { resource, scope: allowedScope(scopes, client, requested), ...defined({ recipient }) };
}

/** A client that the operator registered with a `scope` gets no others (RFC 7591 section 2). */
function allowedScope(scopes: UpstreamScopes, client: Client, requested: string[]): string[] {
  if (client.origin !== 'preregistered' || client.metadata.scope === undefined) return requested;
  const registered = spaceSeparated(client.metadata.scope);
  const allowed = requested.filter((scope) => scopes.covers(registered, scope));
  if (allowed.length > 0) return allowed;
  throw invalidScope('the client is not registered for any of these scopes');
}
