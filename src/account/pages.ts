/**
 * `/account`: a person sees the connected clients, and disconnects one or all. A form must be sent by one of these pages or
 * those of administration.ts, and all forms of a person who is signed in carry the CSRF value of the sign-in.
 */
import type Koa from 'koa';
import { z } from 'zod';
import { defined } from '../base/defined.ts';
import { redirectHost } from '../oauth/clients/redirect-uri.ts';
import type { Services } from '../oauth/endpoints/services.ts';
import { recipientView } from '../oauth/recipient-view.ts';
import { formatSid, parseSid } from '../oauth/tokens/session-tokens.ts';
import { formParameters, noStore } from '../protocol/http.ts';
import type { Cookies } from '../security/cookies.ts';
import { isSameOrigin } from '../security/same-origin.ts';
import { hashToken, matchesHash } from '../security/secrets.ts';
import type { Account, Session } from '../store/records.ts';
import { PageError } from '../web/page-error.ts';
import type { AccountView, SessionView } from '../web/views.ts';
import type { People } from './people.ts';
import type { SessionDirectory } from './session-directory.ts';
import type { AccountSignIn, SignedIn } from './sign-in.ts';

/** What the routes depend on. */
export interface AccountServices
  extends Pick<Services, 'issuer' | 'store' | 'limits' | 'web' | 'resources' | 'sessionEnding' | 'events' | 'now'> {
  readonly cookies: Cookies;
  readonly signIn: AccountSignIn;
  readonly directory: SessionDirectory;
  readonly people: People;
  readonly isAdministrator: (account: Account) => Promise<boolean>;
  readonly githubUrl: string;
  readonly githubClientId: string;
}

/** Values of the query parameter `notice`, after a redirect from a form. */
const NOTICES = ['disconnected', 'disconnected_all', 'signed_out'] as const;

/** The cookie with what the previous request did, and how long the page says it, in seconds. */
const NOTICE_COOKIE = 'notice';
const NOTICE_TTL = 60;
const noticeSchema = z.object({ notice: z.string(), ended: z.string().exactOptional() });

/** `GET /account` */
export function accountPage(services: AccountServices): Koa.Middleware {
  return async (ctx) => {
    noStore(ctx);
    const signedIn = services.signIn.current(ctx);
    const sessions = signedIn === undefined ? [] : await services.store.sessions.list(signedIn.person);
    const view: Omit<AccountView, 'githubHost'> = {
      ...defined({
        person: signedIn && (await personView(services, signedIn)),
      }),
      ...noticeOf(services, ctx, NOTICES),
      sessions: sessions.map((session) => sessionView(services, session)),
      csrf: signedIn?.csrf ?? '',
      now: services.now(),
      githubSettingsUrl: `${services.githubUrl}/settings/connections/applications/${encodeURIComponent(services.githubClientId)}`,
    };
    services.web.page(ctx, 'account', undefined, view);
  };
}

/** `POST /account/sign-in` */
export function accountSignIn(services: AccountServices): Koa.Middleware {
  return async (ctx) => {
    noStore(ctx);
    requireOwnForm(services, ctx);
    // The button has no field but on the page for another account.
    const prompt = ctx.is('urlencoded') ? formParameters(ctx).get('prompt') : undefined;
    await services.limits.authorization.consume(ctx.ip);
    ctx.status = 303;
    ctx.redirect(await services.signIn.begin(ctx, prompt));
  };
}

/** `POST /account/sign-out` */
export function accountSignOut(services: AccountServices): Koa.Middleware {
  return async (ctx) => {
    requireSignedIn(services, ctx);
    services.signIn.signOut(ctx);
    returnToAccount(services, ctx, 'signed_out');
  };
}

/** `POST /account/disconnect` and `POST /account/disconnect-all` */
export function accountDisconnect(services: AccountServices, all: boolean): Koa.Middleware {
  return async (ctx) => {
    const { person } = requireSignedIn(services, ctx);
    const parameters = formParameters(ctx);
    const ref = parseSid(parameters.get('session') ?? '');
    if (all) await services.sessionEnding.endAll(person, 'disconnected', 'person');
    else if (ref?.person === person) await services.sessionEnding.end(ref, 'disconnected', 'person');
    returnToAccount(services, ctx, all ? 'disconnected_all' : 'disconnected', all ? undefined : parameters.get('name'));
  };
}

function requireOwnForm(services: AccountServices, ctx: Koa.Context): void {
  if (!isSameOrigin(ctx, services.issuer))
    throw new PageError('forged_form', { description: 'the form was not sent by the account page' });
}

/**
 * The person who is signed in.
 * @throws {PageError} when nobody is, or the form does not carry the CSRF value of the sign-in
 */
export function requireSignedIn(services: AccountServices, ctx: Koa.Context): SignedIn {
  noStore(ctx);
  requireOwnForm(services, ctx);
  const signedIn = services.signIn.current(ctx);
  if (signedIn === undefined) throw new PageError('expired_request', { description: 'nobody is signed in' });
  if (!matchesHash(formParameters(ctx).get('csrf') ?? '', hashToken(signedIn.csrf)))
    throw new PageError('forged_form', { description: 'csrf does not match' });
  nameActor(services, 'person', signedIn);
  return signedIn;
}

/**
 * Keeps for the next page what this request did. The address names it too, but alone it tells nothing: anybody can make a link.
 * @param ended the name of the app that was disconnected
 */
export function keepNotice({ cookies }: AccountServices, ctx: Koa.Context, notice: string, ended?: string): void {
  cookies.setSealed(ctx, NOTICE_COOKIE, JSON.stringify({ notice, ended }), { sameSite: 'lax', maxAge: NOTICE_TTL });
}

/** What this browser's previous request did, when the address of the page names it. @param notices those of the page */
export function noticeOf<Notice extends string>(
  { cookies }: AccountServices,
  ctx: Koa.Context,
  notices: readonly Notice[],
): { notice?: Notice; ended?: string } {
  const kept = cookies.getSealed(ctx, NOTICE_COOKIE);
  const { notice, ended } = kept === undefined ? {} : noticeSchema.parse(JSON.parse(kept));
  const named = notices.find((name) => name === notice && name === ctx.query.notice);
  return named === undefined ? {} : { notice: named, ...defined({ ended }) };
}

/** Says for the audit trail who does what the request does. */
export function nameActor(
  { events }: AccountServices,
  kind: 'person' | 'administrator',
  { person, account }: SignedIn,
): void {
  events.context.by('page', { kind, person, githubId: account.id, githubLogin: account.login });
}

function returnToAccount(
  services: AccountServices,
  ctx: Koa.Context,
  notice: (typeof NOTICES)[number],
  ended?: string,
): void {
  keepNotice(services, ctx, notice, ended);
  ctx.status = 303;
  ctx.redirect(`${services.issuer}/account?notice=${notice}`);
}

async function personView(services: AccountServices, { account }: SignedIn): Promise<AccountView['person']> {
  const { login, name } = account;
  return { login, ...defined({ name }), admin: await services.isAdministrator(account) };
}

/** A session as the pages show it. */
export function sessionView({ resources }: AccountServices, { grant }: Session): SessionView {
  const recipient = recipientView(resources, grant);
  const isOnly = resources.all.length === 1 && grant.resource === resources.default.audience;
  return {
    session: formatSid(grant.ref),
    clientName: grant.clientName,
    redirectHost: redirectHost(grant.redirectUri),
    scopes: grant.scope.map((name) => ({ name })),
    ...defined({ recipient, resource: recipient === undefined && !isOnly ? grant.resource : undefined }),
    createdAt: grant.createdAt,
    lastUsedAt: grant.lastUsedAt,
    expiresAt: grant.expiresAt,
  };
}
