/**
 * A login: one record that goes from the consent page to the upstream and back. Each step is taken once, and only by the
 * browser that took the one before. The steps' routes are in `../endpoints/`; what a step does to the record is here.
 * @see design decision 11, RFC 9700 section 4.7
 */
import type Koa from 'koa';
import { defined } from '../../base/defined.ts';
import type { EventBus } from '../../observe/events.ts';
import { spaceSeparated } from '../../protocol/parameters.ts';
import type { Cookies } from '../../security/cookies.ts';
import { hashToken, randomToken, type Secrets } from '../../security/secrets.ts';
import type { Approval, AuthorizationRequest, ClientLogin, Login, LoginProblem } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { PageError } from '../../web/page-error.ts';
import { effectiveScope } from '../scope.ts';
import { mintCode, newGrantId } from '../tokens/session-tokens.ts';
import type { Upstream, UpstreamLogin } from '../upstream.ts';
import { consentKey, isRememberable } from './remembered-consent.ts';

/** Seconds a person has on the consent page. */
const CONSENT_TTL = 900;
/** Seconds a person has at the upstream. */
const UPSTREAM_TTL = 900;
/** Seconds in which a code must be redeemed (OAuth 2.1 section 4.1.2). */
const CODE_TTL = 60;
/** Seconds for which a consent is remembered without being used. */
const CONSENT_MEMORY = 90 * 86400;
/** Seconds for which this browser is known to have been a person's. */
const PERSON_MEMORY = 90 * 86400;
const PERSON_COOKIE = 'person';
const CSRF_PURPOSE = 'consent-csrf';

/** A validated request, with what the upstream is asked for on its behalf. */
export type RequestedLogin = Pick<ClientLogin, 'request' | 'upstreamScope'>;

export interface Logins {
  /** Keeps a request until the person decides. @returns the hidden fields of the consent form */
  askConsent(ctx: Koa.Context, login: RequestedLogin): Promise<Record<string, string>>;
  /** Takes Allow: the login goes on to the upstream. @returns the upstream's address @throws {PageError} */
  allow(ctx: Koa.Context, form: ConsentForm): Promise<string>;
  /** Takes Cancel: the login ends. @throws {PageError} */
  deny(ctx: Koa.Context, form: ConsentForm): Promise<ClientLogin>;
  /** Begins a login that needs no consent page: a remembered consent, or the account page's. @returns the upstream's address */
  sendToUpstream(ctx: Koa.Context, login: Login): Promise<string>;
  /** The person this browser last came back as, if that person let this consent be remembered. */
  rememberedPerson(ctx: Koa.Context, request: AuthorizationRequest): Promise<string | undefined>;
  /** Takes the login that comes back from the upstream with a state. @throws {PageError} */
  takeBack(ctx: Koa.Context, state: string): Promise<ReturnedLogin>;
  /** Finishes a client's login: stores the session. @returns the authorization code */
  complete(ctx: Koa.Context, login: ClientLogin, remember: boolean, upstreamLogin: UpstreamLogin): Promise<string>;
}

/** A login taken back from the upstream, once. */
interface ReturnedLogin {
  readonly login: Login;
  readonly codeVerifier: string;
  /** Whether the person asked that this consent be remembered. */
  readonly remember: boolean;
}

/** What the consent form posts. */
interface ConsentForm {
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

  /**
   * Binds the way back from the upstream to this browser.
   * @param browserSecret a secret held only by this browser; state, cookie and verifier derive from it
   * @returns what the store keeps, and the upstream's address for the login
   */
  function approve(
    ctx: Koa.Context,
    id: string,
    remember: boolean,
    browserSecret: string,
  ): { approval: Approval; urlFor: (login: Login) => string } {
    // 43 characters each, as RFC 7636 section 4.1 wants of a verifier.
    const derive = (purpose: string) =>
      secrets.sign(purpose, Buffer.from(`${id}.${browserSecret}`)).toString('base64url');
    const state = `${id}.${derive('github-state')}`;
    const browser = derive('github-browser');
    const codeVerifier = derive('github-verifier');
    cookies.set(ctx, browserCookie(id), browser, { sameSite: 'lax', maxAge: UPSTREAM_TTL });
    return {
      approval: {
        stateHash: hashToken(state),
        browserHash: hashToken(browser),
        sealedVerifier: secrets.seal(codeVerifier, `login:${id}`),
        remember,
      },
      urlFor(login) {
        const { prompt, loginHint } = login.purpose === 'client' ? login.request : {};
        const selectAccount = spaceSeparated(prompt).some((value) => value === 'select_account' || value === 'login');
        const scope = login.upstreamScope;
        return upstream.authorizationUrl({ state, codeVerifier, scope, selectAccount, ...defined({ loginHint }) });
      },
    };
  }

  /** The consent cookie, when the form's CSRF value was made for it. */
  function consentCookieOf(ctx: Koa.Context, { id, csrf }: ConsentForm): string | undefined {
    const cookie = isLoginId(id) ? cookies.get(ctx, consentCookie(id)) : undefined;
    if (cookie === undefined) return undefined;
    const genuine = secrets.verify(CSRF_PURPOSE, Buffer.from(`${id}.${cookie}`), Buffer.from(csrf, 'base64url'));
    return genuine ? cookie : undefined;
  }

  return {
    async askConsent(ctx, { request, upstreamScope }) {
      const [id, cookie] = [randomToken(16), randomToken()];
      const login: ClientLogin = { purpose: 'client', request, upstreamScope, consentHash: hashToken(cookie) };
      await store.logins.open(id, login, CONSENT_TTL);
      cookies.set(ctx, consentCookie(id), cookie, { sameSite: 'strict', maxAge: CONSENT_TTL });
      return { request: id, csrf: csrfFor(id, cookie) };
    },

    async allow(ctx, form) {
      const cookie = consentCookieOf(ctx, form);
      if (cookie === undefined) throw stepRefused('other_browser');
      // The cookie stays until it expires: a second click makes the same approval of it, and leads to the same address.
      const { approval, urlFor } = approve(ctx, form.id, form.remember, cookie);
      const login = await store.logins.decide(form.id, hashToken(cookie), { approval, ttl: UPSTREAM_TTL });
      if (typeof login === 'string') {
        cookies.clear(ctx, consentCookie(form.id));
        cookies.clear(ctx, browserCookie(form.id));
        throw stepRefused(login);
      }
      events.emit('consent.allowed', { clientId: login.request.clientId });
      return urlFor(login);
    },

    async deny(ctx, form) {
      const cookie = consentCookieOf(ctx, form);
      if (cookie === undefined) throw stepRefused('other_browser');
      const login = await store.logins.decide(form.id, hashToken(cookie), 'deny');
      if (typeof login === 'string') throw stepRefused(login);
      events.emit('consent.denied', { clientId: login.request.clientId });
      return login;
    },

    async sendToUpstream(ctx, login) {
      const id = randomToken(16);
      const { approval, urlFor } = approve(ctx, id, false, randomToken());
      await store.logins.open(id, login, UPSTREAM_TTL, approval);
      return urlFor(login);
    },

    async rememberedPerson(ctx, request) {
      if (!isRememberable(request)) return undefined;
      const person = cookies.getSealed(ctx, PERSON_COOKIE);
      return person !== undefined && (await store.consents.has(person, consentKey(request))) ? person : undefined;
    },

    async takeBack(ctx, state) {
      const id = state.split('.')[0] ?? '';
      if (!isLoginId(id)) throw stepRefused('unknown');
      const browser = cookies.get(ctx, browserCookie(id)) ?? '';
      const found = await store.logins.finish(id, hashToken(state), hashToken(browser));
      if (typeof found === 'string') throw stepRefused(found);
      cookies.clear(ctx, browserCookie(id));
      cookies.clear(ctx, consentCookie(id));
      const { sealedVerifier, remember } = found.approval;
      return { login: found.login, codeVerifier: secrets.open(sealedVerifier, `login:${id}`), remember };
    },

    async complete(ctx, { request }, remember, { person, credentialId, credential, account, grantedScope }) {
      const ref = { person, grant: newGrantId() };
      const code = mintCode(ref);
      const { clientId, clientName, redirectUri, redirectUriSent, codeChallenge, resource, refreshable } = request;
      const scope = effectiveScope(upstream.scopes, request.scope, grantedScope);
      await Promise.all([
        store.sessions.begin({
          ref,
          grant: {
            clientId,
            clientName,
            redirectUri,
            redirectUriSent,
            codeChallenge,
            scope,
            resource,
            credential: credentialId,
            authTime: now(),
            refreshable,
            ...defined({ nonce: request.nonce }),
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
      cookies.setSealed(ctx, PERSON_COOKIE, person, { sameSite: 'lax', maxAge: PERSON_MEMORY });
      const { id: githubId, login: githubLogin } = account;
      events.emit('login.completed', { clientId, ...ref, githubId, githubLogin, scope });
      return code;
    },
  };
}

/** The page for a step that cannot be taken: the login is over, the step was taken before, or in another browser. */
function stepRefused(problem: LoginProblem): PageError {
  return problem === 'unknown'
    ? new PageError('expired_request', { description: 'the request is over or was answered before' })
    : new PageError('other_browser', { description: 'the request was begun in another browser' });
}

/** Ids that this server makes for logins: nothing else is looked up in the store. */
function isLoginId(id: string): boolean {
  return /^[A-Za-z0-9_-]{22}$/.test(id);
}
