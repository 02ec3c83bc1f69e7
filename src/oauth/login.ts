/**
 * A login: one record that goes from the consent page to GitHub and back, each step taken once, each bound to the
 * browser that took the one before. The steps' routes are `authorize.ts`, `consent.ts` and `../github/callback.ts`;
 * what a step does to the record is here.
 * @see design decision 11, RFC 9700 section 4.7
 */
import type Koa from 'koa';
import type { EventBus } from '../observe/events.ts';
import type { Cookies } from '../security/cookies.ts';
import { hashToken, randomToken, type Secrets } from '../security/secrets.ts';
import type { Approval, AuthorizationRequest, ClientLogin, LoginProblem } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { Client } from './clients.ts';
import { redirectKind } from './redirect-uri.ts';
import { effectiveScope, upstreamScope } from './scope.ts';
import { mintCode, newGrantId } from './session-tokens.ts';
import type { Upstream, UpstreamLogin } from './upstream.ts';

/** Seconds a person has on the consent page. */
const CONSENT_TTL = 900;
/** Seconds a person has at GitHub. */
const UPSTREAM_TTL = 900;
/** Seconds in which a code must be redeemed (OAuth 2.1 section 4.1.2). */
const CODE_TTL = 60;
/** Seconds for which a consent is remembered without being used. */
const CONSENT_MEMORY = 90 * 86400;
/** Seconds for which this browser is known to have been a person's. */
const PERSON_MEMORY = 90 * 86400;
const CSRF_PURPOSE = 'consent-csrf';

export interface Logins {
  /** Keeps a request until the person decides; answers the hidden fields of the consent form. */
  askConsent(ctx: Koa.Context, request: AuthorizationRequest): Promise<Record<string, string>>;
  /** Takes Allow: the login goes on to GitHub. Answers its address. */
  allow(ctx: Koa.Context, form: ConsentForm): Promise<{ url: string; login: ClientLogin } | LoginProblem>;
  /** Takes Cancel. */
  deny(ctx: Koa.Context, form: ConsentForm): Promise<ClientLogin | LoginProblem>;
  /** Sends a login to GitHub without asking, for a consent this browser's person allowed to be remembered. */
  goOn(ctx: Koa.Context, request: AuthorizationRequest, expectedPerson: string | undefined): Promise<string>;
  /** The person this browser last came back as, if they remembered this consent. */
  rememberedPerson(ctx: Koa.Context, request: AuthorizationRequest): Promise<string | undefined>;
  /** Takes the login that comes back from GitHub with a state. */
  comeBack(ctx: Koa.Context, state: string): Promise<ReturnedLogin | LoginProblem>;
  /** Finishes: stores the session at once, and answers the code for the client. */
  complete(ctx: Koa.Context, returned: ReturnedLogin, upstreamLogin: UpstreamLogin): Promise<string>;
}

/** A login taken back from GitHub, once. */
export interface ReturnedLogin {
  readonly login: ClientLogin;
  readonly codeVerifier: string;
  /** Whether the person asked that this consent be remembered. */
  readonly remember: boolean;
}

/** What the consent form posts. */
export interface ConsentForm {
  readonly id: string;
  readonly csrf: string;
  readonly remember: boolean;
}

export interface LoginOptions {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly events: EventBus;
  readonly cookies: Cookies;
  readonly upstream: Upstream;
  /** Epoch seconds. */
  readonly now: () => number;
}

export function createLogins(options: LoginOptions): Logins {
  const { store, secrets, events, cookies, upstream, now } = options;
  const consentCookie = (id: string) => `consent-${id}`;
  const browserCookie = (id: string) => `login-${id}`;
  const csrfFor = (id: string, cookie: string) =>
    secrets.sign(CSRF_PURPOSE, Buffer.from(`${id}.${cookie}`)).toString('base64url');

  const begun = (request: AuthorizationRequest) => ({
    purpose: 'client' as const,
    request,
    upstreamScope: upstreamScope(upstream.scopes, request.scope, upstream.policyScope),
  });

  /**
   * Makes what binds the way back from GitHub to this browser, and the address to go to.
   * @param seed that all of it follows from: nobody but this browser knows it
   */
  function approve(
    ctx: Koa.Context,
    id: string,
    remember: boolean,
    seed: string,
  ): { approval: Approval; url: (request: AuthorizationRequest) => string } {
    const derived = (purpose: string) => secrets.sign(purpose, Buffer.from(`${id}.${seed}`)).toString('base64url');
    // 43 characters each, which is what PKCE asks of a verifier (RFC 7636 section 4.1).
    const [random, browser, codeVerifier] = [
      derived('github-state'),
      derived('github-browser'),
      derived('github-verifier'),
    ];
    const state = `${id}.${random}`;
    const approval = {
      stateHash: hashToken(state),
      browserHash: hashToken(browser),
      sealedVerifier: secrets.seal(codeVerifier, `login:${id}`),
      remember,
    };
    cookies.set(ctx, browserCookie(id), browser, { sameSite: 'lax', maxAge: UPSTREAM_TTL });
    const url = (request: AuthorizationRequest) =>
      upstream.authorizationUrl({
        state,
        codeVerifier,
        scope: upstreamScope(upstream.scopes, request.scope, upstream.policyScope),
        selectAccount: promptValues(request).includes('select_account') || promptValues(request).includes('login'),
        ...(request.loginHint === undefined ? {} : { loginHint: request.loginHint }),
      });
    return { approval, url };
  }

  function presented(ctx: Koa.Context, form: ConsentForm): string | undefined {
    const cookie = isLoginId(form.id) ? cookies.get(ctx, consentCookie(form.id)) : undefined;
    return cookie !== undefined &&
      secrets.verify(CSRF_PURPOSE, Buffer.from(`${form.id}.${cookie}`), Buffer.from(form.csrf, 'base64url'))
      ? cookie
      : undefined;
  }

  return {
    async askConsent(ctx, request) {
      const [id, cookie] = [randomToken(16), randomToken()];
      await store.logins.open(id, { ...begun(request), consentHash: hashToken(cookie) }, CONSENT_TTL);
      cookies.set(ctx, consentCookie(id), cookie, { sameSite: 'strict', maxAge: CONSENT_TTL });
      return { request: id, csrf: csrfFor(id, cookie) };
    },

    async allow(ctx, form) {
      const cookie = presented(ctx, form);
      if (cookie === undefined) return 'other_browser';
      // The cookie stays until it expires: a second click makes the same approval of it, and leads to the same address.
      const { approval, url } = approve(ctx, form.id, form.remember, cookie);
      const login = await store.logins.decide(form.id, hashToken(cookie), { approval, ttl: UPSTREAM_TTL });
      if (typeof login === 'string') {
        cookies.clear(ctx, consentCookie(form.id));
        cookies.clear(ctx, browserCookie(form.id));
        return login;
      }
      events.emit('consent.allowed', { clientId: login.request.clientId });
      return { url: url(login.request), login };
    },

    async deny(ctx, form) {
      const cookie = presented(ctx, form);
      if (cookie === undefined) return 'other_browser';
      const login = await store.logins.decide(form.id, hashToken(cookie), 'deny');
      if (typeof login !== 'string') events.emit('consent.denied', { clientId: login.request.clientId });
      return login;
    },

    async goOn(ctx, request, expectedPerson) {
      const id = randomToken(16);
      const { approval, url } = approve(ctx, id, false, randomToken());
      const login = { ...begun(request), ...(expectedPerson === undefined ? {} : { expectedPerson }) };
      await store.logins.open(id, login, UPSTREAM_TTL, approval);
      return url(request);
    },

    async rememberedPerson(ctx, request) {
      if (!isRememberable(request)) return undefined;
      const person = cookies.getSealed(ctx, 'person');
      return person !== undefined && (await store.consents.has(person, consentKey(request))) ? person : undefined;
    },

    async comeBack(ctx, state) {
      const id = state.split('.')[0] ?? '';
      if (!isLoginId(id)) return 'unknown';
      const browser = cookies.get(ctx, browserCookie(id));
      const found = await store.logins.finish(id, hashToken(state), hashToken(browser ?? ''));
      if (typeof found === 'string') return found;
      if (found.login.purpose !== 'client') return 'unknown';
      cookies.clear(ctx, browserCookie(id));
      cookies.clear(ctx, consentCookie(id));
      const { sealedVerifier, remember } = found.approval;
      return { login: found.login, codeVerifier: secrets.open(sealedVerifier, `login:${id}`), remember };
    },

    async complete(ctx, { login: { request }, remember }, { person, credentialId, credential, account, grantedScope }) {
      const ref = { person, grant: newGrantId() };
      const code = mintCode(ref);
      const scope = effectiveScope(upstream.scopes, request.scope, grantedScope);
      await Promise.all([
        store.sessions.begin({
          ref,
          grant: {
            clientId: request.clientId,
            clientName: request.clientName,
            redirectUri: request.redirectUri,
            redirectUriSent: request.redirectUriSent,
            codeChallenge: request.codeChallenge,
            scope,
            resource: request.resource,
            credential: credentialId,
            authTime: now(),
            refreshable: request.refreshable,
            ...(request.nonce === undefined ? {} : { nonce: request.nonce }),
          },
          codeHash: hashToken(code),
          codeTtl: CODE_TTL,
          credentialId,
          credential,
        }),
        remember && isRememberable(request)
          ? store.consents.remember(person, consentKey(request), CONSENT_MEMORY)
          : undefined,
      ]);
      cookies.setSealed(ctx, 'person', person, { sameSite: 'lax', maxAge: PERSON_MEMORY });
      events.emit('login.completed', {
        clientId: request.clientId,
        ...ref,
        githubId: account.id,
        githubLogin: account.login,
        scope,
      });
      return code;
    },
  };
}

/** The OpenID Connect `prompt` values of a request. */
export function promptValues(request: Pick<AuthorizationRequest, 'prompt'>): string[] {
  return request.prompt?.split(' ') ?? [];
}

/** Whether consent to a request may be remembered: never where anyone can stand (RFC 8252 section 8.6). */
export function isRememberable(request: Pick<AuthorizationRequest, 'redirectUri'>): boolean {
  return redirectKind(request.redirectUri) === 'https';
}

/** What a remembered consent was for; anything else asks again. */
function consentKey(request: AuthorizationRequest): string {
  return hashToken(
    JSON.stringify([
      request.clientId,
      request.clientName,
      request.redirectUri,
      [...request.scope].sort(),
      request.resource,
    ]),
  );
}

function isLoginId(id: string): boolean {
  return /^[A-Za-z0-9_-]{22}$/.test(id);
}

/** What a login keeps of its client. */
export function clientOfRequest(
  client: Client,
  name: string,
): Pick<AuthorizationRequest, 'clientId' | 'clientName' | 'refreshable'> {
  return {
    clientId: client.clientId,
    clientName: name,
    refreshable: client.metadata.grant_types.includes('refresh_token'),
  };
}
