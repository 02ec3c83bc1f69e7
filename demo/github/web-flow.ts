/**
 * The authorization endpoint of the OAuth web flow: GET and POST /login/oauth/authorize. Checks the request, finds out
 * who is there, asks or remembers, and sends the person back with a code or an error.
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
const PASSED_ON = ['client_id', 'redirect_uri', 'scope', 'state', 'code_challenge', 'code_challenge_method', 'login'];
const DOCUMENTATION = 'https://docs.github.com/apps/managing-oauth-apps/troubleshooting-authorization-request-errors';

export interface WebFlowParts {
  directory: Directory;
  credentials: Credentials;
  sessions: BrowserSessions;
  /** The `iss` of callbacks (RFC 9207); `undefined` sends none. */
  issuer(): string | undefined;
  /** Enterprise Server: knows neither PKCE nor `prompt`. */
  enterprise: boolean;
  /** The scopes the person grants next, whatever is asked for; `undefined` to grant what is asked. */
  takeNextGrant(account: SimulatedAccount): readonly string[] | undefined;
}

interface AuthorizationRequest {
  app: SimulatedApp;
  redirectUri: string;
  /** `undefined` for none asked. */
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
    const reauthorize = credentials.madeTooMany(viewer.id, request.app.clientId, scopesFor(request, viewer));
    if (!reauthorize && isRemembered(request, viewer)) return finish(ctx, request, viewer);
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

  /** The request when it may go on; otherwise the refusal is answered. */
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

  /** A suggested account that is not the present one, or a choice to make. */
  function needsPicker({ app, redirectUri, parameters }: AuthorizationRequest, accounts: SimulatedAccount[]): boolean {
    if (parameters.get('skip_account_picker') === 'true' || enterprise) return false;
    const suggested = parts.directory.findAccount(parameters.get('login') ?? '');
    if (suggested !== undefined && !sameName(suggested.login, accounts[0]?.login ?? '')) return true;
    const overHttp = /^https?:/i.test(redirectUri);
    return (
      parameters.get('prompt') === 'select_account' || accounts.length > 1 || (app.kind === 'oauth-app' && !overHttp)
    );
  }

  /** What the token will be able to do: nothing asked means everything granted before. */
  function scopesFor({ app, scopes }: AuthorizationRequest, viewer: SimulatedAccount): readonly string[] {
    if (scopes.length > 0 || app.kind === 'github-app') return scopes;
    return credentials.authorization(viewer.id, app.clientId)?.scopes ?? [];
  }

  function isRemembered({ app, scopes }: AuthorizationRequest, viewer: SimulatedAccount): boolean {
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
    const fields = [...parameters].filter(([name]) => PASSED_ON.includes(name));
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
    sendBack(ctx, redirectUri, request.state, { code });
  }

  function sendError(ctx: Context, uri: string, state: string | null, error: string, description: string): void {
    ctx.state.call.error = error;
    const errorUri = `${DOCUMENTATION}/#${error.replaceAll('_', '-')}`;
    sendBack(ctx, uri, state, { error, error_description: description, error_uri: errorUri });
  }

  function sendBack(ctx: Context, uri: string, state: string | null, answer: Record<string, string>): void {
    const url = new URL(uri);
    for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
    if (state !== null) url.searchParams.set('state', state);
    const issuer = parts.issuer();
    if (issuer !== undefined) url.searchParams.set('iss', issuer);
    // Not ctx.redirect: Koa normalizes the address, and a private-use scheme has to arrive as it is.
    ctx.status = 302;
    ctx.set('Location', url.href);
    ctx.body = '';
  }

  return router;
}

/** RFC 7636: the base64url of a SHA-256 is 43 characters. */
function isS256(challenge: string, method: string | null): boolean {
  return method === 'S256' && /^[A-Za-z0-9_-]{43}$/.test(challenge);
}

/** The same request, for someone who has just chosen an account. */
function withoutPicker(parameters: URLSearchParams): URLSearchParams {
  const chosen = new URLSearchParams(parameters);
  chosen.set('skip_account_picker', 'true');
  return chosen;
}
