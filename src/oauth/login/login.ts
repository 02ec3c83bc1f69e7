/**
 * A login in progress: one stored record, from the consent page to the upstream and back. Each step succeeds at most
 * once, and only in the browser that did the step before. The routes of the steps are in `../endpoints/`.
 * @see RFC 9700 section 4.7 (design decision 11)
 */
import type Koa from 'koa';
import { defined } from '../../base/defined.ts';
import { isLoginId, newLoginId } from '../../base/login-id.ts';
import type { EventBus } from '../../observe/events.ts';
import { spaceSeparated } from '../../protocol/parameters.ts';
import type { Cookies } from '../../security/cookies.ts';
import { hashToken, randomToken, type Secrets } from '../../security/secrets.ts';
import type { Approval, AuthorizationRequest, ClientLogin, Login, LoginProblem } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { PageError } from '../../web/page-error.ts';
import { fixedScope, givenScope, isKnownScope, upstreamScope } from '../scope.ts';
import type { Upstream } from '../upstream.ts';
import { LATE_COOKIE_TTL } from './completion.ts';
import type { KnownBrowsers } from './known-browser.ts';
import { consentKey, isOwnNavigation, isRememberable } from './remembered-consent.ts';

/** Seconds for which a person can decide on the consent page. */
const CONSENT_TTL = 900;
/** Seconds for which a person can log in at the upstream. */
const UPSTREAM_TTL = 900;
const CSRF_PURPOSE = 'consent-csrf';
/** Bytes after a login's id in that of its record, because one login may need several records. */
const RECORD_BYTES = 6;

/** A validated authorization request, and the scopes to request from the upstream for it. */
export type RequestedLogin = Pick<ClientLogin, 'request' | 'upstreamScope'>;

export interface Logins {
  /**
   * Stores a request until the person decides.
   * @param loginId the login that it belongs to; a new one when absent
   * @returns the hidden fields of the consent form
   */
  askConsent(ctx: Koa.Context, login: RequestedLogin, loginId?: string): Promise<Record<string, string>>;
  /** The person allowed the login. @returns the upstream's address @throws {PageError} when the step is refused */
  allow(ctx: Koa.Context, form: ConsentForm): Promise<string>;
  /** The person cancelled: deletes the login. @throws {PageError} when the step is refused */
  deny(ctx: Koa.Context, form: ConsentForm): Promise<ClientLogin>;
  /**
   * Begins a login without a consent page (remembered consent, account page).
   * @param loginId the login that goes on; a new one when absent
   * @returns the upstream's address
   */
  sendToUpstream(ctx: Koa.Context, login: Login, loginId?: string): Promise<string>;
  /** The person who logged in last in this browser, if that person let this consent be remembered. */
  rememberedPerson(ctx: Koa.Context, request: AuthorizationRequest): Promise<string | undefined>;
  /** Resumes and deletes the login to which the browser returned with a `state`. @throws {PageError} when refused */
  resume(ctx: Koa.Context, state: string): Promise<ReturnedLogin>;
}

/** A login after the browser returned from the upstream. */
interface ReturnedLogin {
  /** The id of the login (`../../base/login-id.ts`). */
  readonly id: string;
  readonly login: Login;
  readonly codeVerifier: string;
  /** Whether the person asked that this consent be remembered. */
  readonly remember: boolean;
}

/** The fields of the consent form. */
interface ConsentForm {
  /** The id of the login. */
  readonly id: string;
  readonly csrf: string;
  readonly remember: boolean;
  /** The scopes that the person did not leave out. */
  readonly scope: readonly string[];
}

interface LoginOptions {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly events: EventBus;
  readonly cookies: Cookies;
  readonly browsers: KnownBrowsers;
  readonly upstream: Upstream;
}

/** Creates the steps of logins. */
export function createLogins(options: LoginOptions): Logins {
  const { store, secrets, events, cookies, browsers, upstream } = options;
  const consentCookie = (id: string) => `consent-${id}`;
  const browserCookie = (id: string) => `login-${id}`;
  const csrfFor = (id: string, cookie: string) =>
    secrets.sign(CSRF_PURPOSE, Buffer.from(`${id}.${cookie}`)).toString('base64url');

  /**
   * Binds the callback from the upstream to this browser, by setting a cookie.
   * @param choice what the person chose on the consent page; after another choice the address of the first is no use
   * @param browserSecret a secret held only by this browser; state, cookie and verifier derive from it
   * @returns the approval to store, and a function that builds the upstream's address
   */
  function approve(
    ctx: Koa.Context,
    id: string,
    choice: Pick<Approval, 'remember' | 'scope'>,
    browserSecret: string,
  ): { approval: Approval; urlFor: (login: Login) => string } {
    // 43 characters each; RFC 7636 section 4.1 requires 43 to 128 of a verifier.
    const derive = (purpose: string, more = '') =>
      secrets.sign(purpose, Buffer.from(`${id}.${browserSecret}${more}`)).toString('base64url');
    const state = `${id}.${derive('github-state', JSON.stringify(choice))}`;
    const browser = derive('github-browser');
    const codeVerifier = derive('github-verifier');
    cookies.set(ctx, browserCookie(id), browser, { sameSite: 'lax', maxAge: UPSTREAM_TTL });
    return {
      approval: {
        stateHash: hashToken(state),
        browserHash: hashToken(browser),
        sealedVerifier: secrets.seal(codeVerifier, `login:${id}`),
        ...choice,
      },
      urlFor(login) {
        const { prompt, loginHint }: { prompt?: string; loginHint?: string } =
          login.purpose === 'client' ? login.request : login;
        const selectAccount = spaceSeparated(prompt).some((value) => value === 'select_account' || value === 'login');
        const scope = login.upstreamScope;
        return upstream.authorizationUrl({ state, codeVerifier, scope, selectAccount, ...defined({ loginHint }) });
      },
    };
  }

  /** The login for the scopes that the person gives, which are some of those that the client requested. */
  function given(login: ClientLogin, { scope: chosen }: Approval): ClientLogin {
    if (chosen === undefined) return login;
    const scope = givenScope(login.request.scope, chosen, fixedScope(upstream, login.request));
    return { ...login, request: { ...login.request, scope }, upstreamScope: upstreamScope(upstream, scope) };
  }

  /** The value of the consent cookie, if the form's CSRF value belongs to it; otherwise undefined. */
  function consentCookieOf(ctx: Koa.Context, { id, csrf }: ConsentForm): string | undefined {
    const login = loginOfRecord(id);
    if (login === undefined) return undefined;
    // Known at once, so that a page that refuses the form names the login.
    events.context.knowLogin(login);
    const cookie = cookies.get(ctx, consentCookie(id));
    if (cookie === undefined) return undefined;
    const genuine = secrets.verify(CSRF_PURPOSE, Buffer.from(`${id}.${cookie}`), Buffer.from(csrf, 'base64url'));
    return genuine ? cookie : undefined;
  }

  /** The id of a new record of a login, which the request then belongs to. */
  function newRecordId(loginId = newLoginId()): string {
    events.context.knowLogin(loginId);
    return `${loginId}-${randomToken(RECORD_BYTES)}`;
  }

  /** The error page for a refused step: the login has succeeded or expired, the step was done before, or it is another browser. */
  function stepRefused(ctx: Koa.Context, loginId: string | undefined, problem: LoginProblem): PageError {
    const login = loginId === undefined ? undefined : browsers.finishedAs(ctx, loginId);
    if (login !== undefined)
      return new PageError('finished', { login, description: 'the request was answered before' });
    return problem === 'unknown'
      ? new PageError('expired_request', { description: 'the request is over or was answered before' })
      : new PageError('other_browser', { description: 'the request was begun in another browser' });
  }

  return {
    async askConsent(ctx, { request, upstreamScope }, loginId) {
      const [id, cookie] = [newRecordId(loginId), randomToken()];
      const login: ClientLogin = { purpose: 'client', request, upstreamScope, consentHash: hashToken(cookie) };
      await store.logins.open(id, login, CONSENT_TTL);
      cookies.set(ctx, consentCookie(id), cookie, { sameSite: 'strict', maxAge: CONSENT_TTL + LATE_COOKIE_TTL });
      return { request: id, csrf: csrfFor(id, cookie) };
    },

    async allow(ctx, form) {
      const cookie = consentCookieOf(ctx, form);
      if (cookie === undefined) throw withoutCookie(ctx);
      // The cookie is kept until it expires, so that a second click derives the same approval and the same address.
      const scope = form.scope.filter((name) => isKnownScope(upstream.scopes, name));
      const { approval, urlFor } = approve(ctx, form.id, { remember: form.remember, scope }, cookie);
      const login = await store.logins.decide(form.id, hashToken(cookie), { approval, ttl: UPSTREAM_TTL });
      if (typeof login === 'string') {
        cookies.clear(ctx, consentCookie(form.id));
        cookies.clear(ctx, browserCookie(form.id));
        throw stepRefused(ctx, loginOfRecord(form.id), login);
      }
      events.emit('consent.allowed', { clientId: login.request.clientId });
      return urlFor(given(login, approval));
    },

    async deny(ctx, form) {
      const cookie = consentCookieOf(ctx, form);
      if (cookie === undefined) throw withoutCookie(ctx);
      const login = await store.logins.decide(form.id, hashToken(cookie), 'deny');
      if (typeof login === 'string') throw stepRefused(ctx, loginOfRecord(form.id), login);
      events.emit('consent.denied', { clientId: login.request.clientId });
      return login;
    },

    async sendToUpstream(ctx, login, loginId) {
      const id = newRecordId(loginId);
      const { approval, urlFor } = approve(ctx, id, { remember: false }, randomToken());
      await store.logins.open(id, login, UPSTREAM_TTL, approval);
      return urlFor(login);
    },

    async rememberedPerson(ctx, request) {
      if (!isRememberable(request) || !isOwnNavigation(ctx, request)) return undefined;
      const person = browsers.person(ctx);
      return person !== undefined && (await store.consents.has(person, consentKey(request))) ? person : undefined;
    },

    async resume(ctx, state) {
      const id = state.split('.')[0] ?? '';
      const loginId = loginOfRecord(id);
      if (loginId === undefined) throw stepRefused(ctx, undefined, 'unknown');
      events.context.knowLogin(loginId);
      const browser = cookies.get(ctx, browserCookie(id)) ?? '';
      const found = await store.logins.finish(id, hashToken(state), hashToken(browser));
      if (typeof found === 'string') throw stepRefused(ctx, loginId, found);
      cookies.clear(ctx, browserCookie(id));
      cookies.clear(ctx, consentCookie(id));
      const { sealedVerifier, remember } = found.approval;
      const login = found.login.purpose === 'client' ? given(found.login, found.approval) : found.login;
      events.emit('login.returned', { clientId: login.purpose === 'client' ? login.request.clientId : '' });
      return { id: loginId, login, codeVerifier: secrets.open(sealedVerifier, `login:${id}`), remember };
    },
  };
}

/** The error page for a form without its cookie: the browser keeps none, or it is another browser. */
function withoutCookie(ctx: Koa.Context): PageError {
  return ctx.get('cookie') === ''
    ? new PageError('no_cookies', { description: 'the browser sent no cookie with the form' })
    : new PageError('other_browser', { description: 'the request was begun in another browser' });
}

/** The login of a record; undefined when the text is no id of a record. */
function loginOfRecord(id: string): string | undefined {
  const [login = '', ...rest] = id.split('-');
  return isLoginId(login) && /^[\w-]{8}$/.test(rest.join('-')) ? login : undefined;
}
