/**
 * The authorization endpoint of the OAuth web flow: GET and POST /login/oauth/authorize. Checks the request, signs the
 * person in, asks for consent unless it was given before, and redirects to the app with a code or an error.
 *
 * @see https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#web-application-flow
 */
import Router from '@koa/router';
import type { SimulatedAccount } from './accounts.ts';
import { redirectUriFor, type SimulatedApp } from './apps.ts';
import type { BrowserSession, BrowserSessions } from './browser-sessions.ts';
import type { Credentials } from './credentials.ts';
import { type Directory, sameName } from './directory.ts';
import { type Context, type Exchange, readParameters } from './exchange.ts';
import { accountPickerPage, consentPage } from './pages.ts';
import { coversScopes, OFFLINE_ACCESS, parseScopes } from './scopes.ts';
import { notFound, refuseForm } from './sign-in.ts';

const PATH = '/login/oauth/authorize';
/** Parameters that the consent form repeats as hidden fields. */
const FORM_PARAMETERS = [
  'client_id',
  'redirect_uri',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
  'login',
];
const DOCUMENTATION = 'https://docs.github.com/apps/managing-oauth-apps/troubleshooting-authorization-request-errors';

export interface WebFlowParts {
  directory: Directory;
  credentials: Credentials;
  sessions: BrowserSessions;
  /** The `iss` of callbacks (RFC 9207); `undefined` for none. */
  issuer(): string | undefined;
  /** Whether it behaves like Enterprise Server, which supports neither PKCE nor `prompt`. */
  enterprise: boolean;
  /** The scopes that the person grants instead of the requested ones; `undefined` to grant the requested ones. */
  takeNextGrant(account: SimulatedAccount): readonly string[] | undefined;
}

interface AuthorizationRequest {
  app: SimulatedApp;
  redirectUri: string;
  /** The requested scopes; empty when none was requested. */
  scopes: readonly string[];
  offlineAccess: boolean;
  state: string | null;
  codeChallenge: string | undefined;
  parameters: URLSearchParams;
}

export function createWebFlowRoutes(parts: WebFlowParts): Router<Exchange> {
  const { credentials, sessions, enterprise } = parts;
  const router = new Router<Exchange>();

  router.get(PATH, (ctx) => {
    const parameters = new URLSearchParams(ctx.querystring);
    const request = checkRequest(ctx, parameters);
    if (request === undefined) return;
    const session = sessions.of(ctx);
    const accounts = sessions.accountsOf(session);
    const [viewer] = accounts;
    const returnTo = `${PATH}?${withoutPicker(parameters)}`;
    if (viewer === undefined) {
      const { clientId } = request.app;
      return ctx.redirect(`/login?${new URLSearchParams({ client_id: clientId, return_to: returnTo })}`);
    }
    if (needsPicker(request, accounts)) {
      ctx.body = accountPickerPage(accounts, request.app, viewer, session, returnTo);
      return;
    }
    ctx.state.call.accountId = viewer.id;
    const reauthorize = credentials.hasIssuedTooMany(viewer.id, request.app.clientId, scopesFor(request, viewer));
    if (!reauthorize && isAuthorized(request, viewer)) return finish(ctx, request, viewer);
    showConsent(ctx, request, viewer, session, { returnTo, reauthorize });
  });

  router.post(PATH, async (ctx) => {
    const form = await readParameters(ctx);
    const session = sessions.of(ctx);
    const [viewer] = sessions.accountsOf(session);
    if (viewer === undefined || !sessions.isGenuine(session, form)) return refuseForm(ctx);
    const request = checkRequest(ctx, form);
    if (request === undefined) return;
    ctx.state.call.accountId = viewer.id;
    if (form.get('authorize') === '1') return finish(ctx, request, viewer);
    sendError(ctx, request.redirectUri, request.state, 'access_denied', 'The user has denied your application access.');
  });

  /** Checks a request. @returns undefined when it was refused and the refusal has been answered */
  function checkRequest(ctx: Context, parameters: URLSearchParams): AuthorizationRequest | undefined {
    const { call } = ctx.state;
    const state = parameters.get('state');
    call.scope = parameters.get('scope') ?? '';
    call.pkce = parameters.has('code_challenge');
    const app = parts.directory.findApp(parameters.get('client_id'));
    const registered = app?.callbackUrls[0];
    if (app === undefined || registered === undefined) {
      notFound(ctx);
      return undefined;
    }
    call.clientId = app.clientId;
    const refuse = (uri: string, error: string, description: string) =>
      void sendError(ctx, uri, state, error, description);
    if (app.suspended === true) {
      const contact = 'Your application has been suspended. Contact support@github.com.';
      refuse(registered, 'application_suspended', contact);
      return undefined;
    }
    const redirectUri = redirectUriFor(app, parameters.get('redirect_uri'));
    if (redirectUri === undefined) {
      const must = 'The redirect_uri MUST match the registered callback URL for this application.';
      refuse(registered, 'redirect_uri_mismatch', must);
      return undefined;
    }
    const codeChallenge = enterprise ? undefined : (parameters.get('code_challenge') ?? undefined);
    if (codeChallenge !== undefined && !isS256(codeChallenge, parameters.get('code_challenge_method'))) {
      refuse(
        redirectUri,
        'invalid_request',
        'code_challenge must be 43 characters with the code_challenge_method S256.',
      );
      return undefined;
    }
    const asked = parameters.get('scope') ?? '';
    const isApp = app.kind === 'github-app';
    const offlineAccess = !isApp && asked.split(/[\s,]+/).includes(OFFLINE_ACCESS);
    return {
      app,
      redirectUri,
      scopes: isApp ? [] : parseScopes(asked),
      offlineAccess,
      state,
      codeChallenge,
      parameters,
    };
  }

  /** Whether the person must choose an account: another one is suggested, or there are several. */
  function needsPicker({ app, redirectUri, parameters }: AuthorizationRequest, accounts: SimulatedAccount[]): boolean {
    if (parameters.get('skip_account_picker') === 'true' || enterprise) return false;
    const suggested = parts.directory.findAccount(parameters.get('login') ?? '');
    if (suggested !== undefined && !sameName(suggested.login, accounts[0]?.login ?? '')) return true;
    const overHttp = /^https?:/i.test(redirectUri);
    return (
      parameters.get('prompt') === 'select_account' || accounts.length > 1 || (app.kind === 'oauth-app' && !overHttp)
    );
  }

  /** The scopes of the token; when none was requested, all scopes that were granted before. */
  function scopesFor({ app, scopes }: AuthorizationRequest, viewer: SimulatedAccount): readonly string[] {
    if (scopes.length > 0 || app.kind === 'github-app') return scopes;
    return credentials.authorization(viewer.id, app.clientId)?.scopes ?? [];
  }

  /** Whether the person has granted all requested scopes before. */
  function isAuthorized({ app, scopes }: AuthorizationRequest, viewer: SimulatedAccount): boolean {
    const authorization = credentials.authorization(viewer.id, app.clientId);
    return authorization !== undefined && coversScopes(authorization.scopes, scopes);
  }

  function showConsent(
    ctx: Context,
    request: AuthorizationRequest,
    viewer: SimulatedAccount,
    session: BrowserSession,
    { returnTo, reauthorize }: { returnTo: string; reauthorize: boolean },
  ): void {
    const { app, redirectUri, scopes, parameters } = request;
    const fields = [...parameters].filter(([name]) => FORM_PARAMETERS.includes(name));
    const granted = credentials.authorization(viewer.id, app.clientId)?.scopes ?? [];
    ctx.body = consentPage({ app, viewer, scopes, granted, redirectUri, fields, returnTo, reauthorize }, session);
  }

  function finish(ctx: Context, request: AuthorizationRequest, viewer: SimulatedAccount): void {
    const { app, redirectUri, offlineAccess, codeChallenge } = request;
    const edited = app.kind === 'github-app' ? undefined : parts.takeNextGrant(viewer);
    const scopes = edited ?? scopesFor(request, viewer);
    credentials.authorize(viewer.id, app.clientId, scopes);
    const { clientId } = app;
    const code = credentials.issueCode({
      clientId,
      accountId: viewer.id,
      redirectUri,
      scopes,
      offlineAccess,
      codeChallenge,
    });
    redirectToApp(ctx, redirectUri, request.state, { code });
  }

  function sendError(ctx: Context, uri: string, state: string | null, error: string, description: string): void {
    ctx.state.call.error = error;
    const errorUri = `${DOCUMENTATION}/#${error.replaceAll('_', '-')}`;
    redirectToApp(ctx, uri, state, { error, error_description: description, error_uri: errorUri });
  }

  function redirectToApp(ctx: Context, uri: string, state: string | null, answer: Record<string, string>): void {
    const url = new URL(uri);
    for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
    if (state !== null) url.searchParams.set('state', state);
    const issuer = parts.issuer();
    if (issuer !== undefined) url.searchParams.set('iss', issuer);
    // Not ctx.redirect: Koa normalizes the URL, and a private-use scheme must stay unchanged.
    ctx.status = 302;
    ctx.set('Location', url.href);
    ctx.body = '';
  }

  return router;
}

/** Whether a challenge has the form of S256: 43 characters of base64url (RFC 7636 section 4.2). */
function isS256(challenge: string, method: string | null): boolean {
  return method === 'S256' && /^[A-Za-z0-9_-]{43}$/.test(challenge);
}

/** The same parameters, for the request after the person has chosen an account. */
function withoutPicker(parameters: URLSearchParams): URLSearchParams {
  const chosen = new URLSearchParams(parameters);
  chosen.set('skip_account_picker', 'true');
  return chosen;
}
