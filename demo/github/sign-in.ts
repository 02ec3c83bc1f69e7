/**
 * Signing in and out, and the person's settings page of an authorized app. Routes: GET /login, POST /session,
 * GET and POST /logout, GET /settings/connections/applications/:client_id and POST …/revoke.
 */
import Router from '@koa/router';
import type { BrowserSessions } from './browser-sessions.ts';
import type { Credentials } from './credentials.ts';
import type { Directory } from './directory.ts';
import { type Exchange, readParameters } from './exchange.ts';
import { connectionPage, messagePage, signInPage, signOutPage } from './pages.ts';

export interface SignInParts {
  directory: Directory;
  credentials: Credentials;
  sessions: BrowserSessions;
  /** Revokes an authorization as a person does, and sends the webhook. */
  revokeAuthorization(accountId: number, clientId: string): Promise<unknown>;
}

export function createSignInRoutes(parts: SignInParts): Router<Exchange> {
  const { directory, credentials, sessions } = parts;
  const router = new Router<Exchange>();

  router.get('/login', (ctx) => {
    const parameters = new URLSearchParams(ctx.querystring);
    const returnTo = localPath(parameters.get('return_to'));
    const suggested = directory.findAccount(new URLSearchParams(returnTo.split('?')[1]).get('login') ?? '');
    const others = directory.accounts.filter((account) => account !== suggested);
    const accounts = suggested === undefined ? others : [suggested, ...others];
    ctx.body = signInPage(accounts, sessions.of(ctx), returnTo);
  });

  router.post('/session', async (ctx) => {
    const form = await readParameters(ctx);
    if (!sessions.isGenuine(sessions.of(ctx), form)) return refuseForm(ctx);
    const account = directory.findAccount(form.get('login') ?? '');
    if (account === undefined) {
      ctx.status = 422;
      ctx.body = messagePage('Incorrect username', 'There is no such account.');
      return;
    }
    sessions.signIn(ctx, account);
    ctx.state.call.accountId = account.id;
    ctx.redirect(localPath(form.get('return_to')));
  });

  router.get('/logout', (ctx) => {
    const session = sessions.of(ctx);
    const [viewer] = sessions.accountsOf(session);
    ctx.body = viewer === undefined ? messagePage('Signed out', 'Nobody is signed in.') : signOutPage(viewer, session);
  });

  router.post('/logout', async (ctx) => {
    if (!sessions.isGenuine(sessions.of(ctx), await readParameters(ctx))) return refuseForm(ctx);
    sessions.signOut(ctx);
    ctx.redirect('/logout');
  });

  router.get('/settings/connections/applications/:client_id', (ctx) => {
    const session = sessions.of(ctx);
    const [viewer] = sessions.accountsOf(session);
    const app = directory.findApp(ctx.params.client_id);
    if (viewer === undefined) return ctx.redirect(`/login?return_to=${encodeURIComponent(ctx.url)}`);
    if (app === undefined) return notFound(ctx);
    const granted = credentials.authorization(viewer.id, app.clientId)?.scopes;
    const tokens = credentials.live().filter((one) => one.app === app && one.accountId === viewer.id).length;
    ctx.body = connectionPage(app, viewer, granted, tokens, session);
  });

  router.post('/settings/connections/applications/:client_id/revoke', async (ctx) => {
    const session = sessions.of(ctx);
    const [viewer] = sessions.accountsOf(session);
    const app = directory.findApp(ctx.params.client_id);
    if (!sessions.isGenuine(session, await readParameters(ctx)) || viewer === undefined) return refuseForm(ctx);
    if (app === undefined) return notFound(ctx);
    await parts.revokeAuthorization(viewer.id, app.clientId);
    ctx.redirect(`/settings/connections/applications/${encodeURIComponent(app.clientId)}`);
  });

  return router;
}

interface Answer {
  status: number;
  body: unknown;
}

export function notFound(ctx: Answer): void {
  ctx.status = 404;
  ctx.body = messagePage('404: not found', 'This is not the web page you are looking for.');
}

export function refuseForm(ctx: Answer): void {
  ctx.status = 422;
  ctx.body = messagePage('Your browser did something unexpected', 'Go back, reload the page and try again.');
}

/** A path of this site; any other address becomes `/logout`, so that a link cannot redirect to another site. */
function localPath(path: string | null): string {
  return path !== null && /^\/(?![/\\])[\x20-\x7e]*$/.test(path) ? path : '/logout';
}
