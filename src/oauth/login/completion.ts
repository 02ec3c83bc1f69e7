/**
 * The end of a client's login, after the upstream said who the person is: the session is stored, and its code is ready for
 * the client. On http the person confirms it first, on the page of `connect-page.ts`, when this browser has not connected
 * this client before (design decision 11).
 */
import type Koa from 'koa';
import { defined } from '../../base/defined.ts';
import { grantIdOf } from '../../base/login-id.ts';
import type { EventBus } from '../../observe/events.ts';
import { hashToken, isRandomId } from '../../security/secrets.ts';
import type { AuthorizationRequest, ClientLogin, SessionRef } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { touchRegistration } from '../clients/client.ts';
import { effectiveScope } from '../scope.ts';
import type { SessionEnding } from '../session-ending.ts';
import { mintCode } from '../tokens/session-tokens.ts';
import { type Upstream, UpstreamFailure, type UpstreamLogin } from '../upstream.ts';
import type { KnownBrowsers } from './known-browser.ts';
import { consentKey, isRememberable } from './remembered-consent.ts';

/** Seconds in which a code must be redeemed (OAuth 2.1 section 4.1.2). */
const CODE_TTL = 60;
/** Seconds in which a login must be confirmed. Its code is made before, so it lives longer by this time. */
export const CONFIRMATION_TTL = 300;
/**
 * Seconds by which the cookie of a page outlives what the page asks. Whoever decides too late is told so; without the cookie it
 * would seem that the browser keeps none, or is another one.
 */
export const LATE_COOKIE_TTL = 3600;
/** Seconds for which a consent is remembered. */
const REMEMBERED_CONSENT_TTL = 90 * 86400;

/** A login whose session is stored: what its code is for, and whose it is. */
export interface CompletedLogin {
  /** The id of the login (`../../base/login-id.ts`). */
  readonly id: string;
  readonly login: ClientLogin;
  /** Whether the person asked that this consent be remembered. */
  readonly remember: boolean;
  readonly ref: SessionRef;
  /** The authorization code. */
  readonly code: string;
  readonly githubId: number;
  readonly githubLogin: string;
  readonly scope: readonly string[];
}

export interface LoginCompletion {
  /**
   * Stores the session of a login.
   * @param returned the login as it came back from the upstream, and its id
   * @returns the login, and whether the person must confirm it before the code may leave
   * @throws {UpstreamFailure} access_denied when the person is blocked
   */
  complete(
    ctx: Koa.Context,
    returned: Pick<CompletedLogin, 'id' | 'login' | 'remember'>,
    upstreamLogin: UpstreamLogin,
  ): Promise<{ completed: CompletedLogin; confirm: boolean }>;
  /** The person confirmed a login. */
  confirmed(ctx: Koa.Context, completed: CompletedLogin): Promise<void>;
  /** The person did not want a login: ends its session. @returns false when that is over already */
  declined(completed: CompletedLogin): Promise<boolean>;
}

interface CompletionOptions {
  readonly store: Store;
  readonly events: EventBus;
  readonly browsers: KnownBrowsers;
  readonly upstream: Upstream;
  readonly sessionEnding: SessionEnding;
  /** Whether another server on the same host can set this server's cookies: on http, where cookies know no ports. */
  readonly cookiesAreShared: boolean;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** Creates the last step of logins. */
export function createLoginCompletion(options: CompletionOptions): LoginCompletion {
  const { store, events, browsers, upstream, sessionEnding, cookiesAreShared, now } = options;

  async function begin(completed: CompletedLogin, upstreamLogin: UpstreamLogin, codeTtl: number): Promise<void> {
    const { ref, code, scope, login } = completed;
    const { clientId, clientName, redirectUri, redirectUriSent, codeChallenge, resource, refreshable } = login.request;
    const { nonce, recipient } = login.request;
    const refused = login.request.scope.filter((one) => !scope.includes(one));
    const { credentialId, credential } = upstreamLogin;
    const begun = await store.sessions.begin({
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
        ...defined({ nonce, recipient, refusedScope: refused.length > 0 ? refused : undefined }),
      },
      codeHash: hashToken(code),
      codeTtl,
      credentialId,
      credential,
    });
    if (begun === 'blocked')
      throw new UpstreamFailure('access_denied', 'not_allowed', 'this GitHub account may not use this server', {
        detail: `${completed.githubLogin} (${completed.githubId}) is blocked`,
        login: completed.githubLogin,
      });
    if (begun.length > 0) await sessionEnding.afterStoreEnded(ref.person, begun, 'displaced', 'server');
  }

  /**
   * Whether a login is one that this person has connected in this browser before. At a loopback address or an app's scheme
   * any local program can stand, so there it must be a client whose id nobody else knows: a registered one.
   */
  function isKnownLogin(ctx: Koa.Context, person: string, request: AuthorizationRequest): boolean {
    const isPrivate = isRememberable(request) || isRandomId(request.clientId);
    return isPrivate && browsers.hasConnected(ctx, person, request);
  }

  async function keep({ login: { request }, remember, ref: { person } }: CompletedLogin): Promise<void> {
    await Promise.all([
      touchRegistration(store, request.clientId, person),
      remember && isRememberable(request)
        ? store.consents.remember(person, consentKey(request), REMEMBERED_CONSENT_TTL)
        : undefined,
    ]);
  }

  function announce({ login, ref, githubId, githubLogin, scope }: CompletedLogin): void {
    events.emit('login.completed', { clientId: login.request.clientId, ...ref, githubId, githubLogin, scope });
  }

  return {
    async complete(ctx, { id, login, remember }, upstreamLogin) {
      const { person, account, grantedScope } = upstreamLogin;
      const ref = { person, grant: grantIdOf(id) };
      const scope = effectiveScope(upstream.scopes, login.request.scope, grantedScope);
      const { id: githubId, login: githubLogin } = account;
      const completed = { id, login, remember, ref, code: mintCode(ref), githubId, githubLogin, scope };
      const confirm = cookiesAreShared && !isKnownLogin(ctx, person, login.request);
      if (confirm) {
        await begin(completed, upstreamLogin, CONFIRMATION_TTL + CODE_TTL);
      } else {
        await Promise.all([begin(completed, upstreamLogin, CODE_TTL), keep(completed)]);
        browsers.remember(ctx, person, login.request);
        browsers.finish(ctx, id, githubLogin);
        announce(completed);
      }
      return { completed, confirm };
    },
    async confirmed(ctx, completed) {
      browsers.remember(ctx, completed.ref.person, completed.login.request);
      browsers.finish(ctx, completed.id, completed.githubLogin);
      // A second click is the same decision.
      if (!(await store.shared.useOnce(`connect:${completed.ref.grant}`, CONFIRMATION_TTL + CODE_TTL))) return;
      await keep(completed);
      announce(completed);
    },
    declined: ({ ref }) => sessionEnding.end(ref, 'declined', 'person'),
  };
}
