/**
 * The callback from the upstream. It succeeds once, and only in the browser that was sent to the upstream. A login for
 * a client ends in an authorization response: a code, `access_denied` if the person cancelled, or, for other failures,
 * a page that explains the error, with a button that takes it to the client. A login to the account page ends at that page.
 * @see OAuth 2.1 section 4.1.2, RFC 9700 section 4.7
 */
import type Koa from 'koa';
import { defined } from '../../base/defined.ts';
import { noStore } from '../../protocol/http.ts';
import { parseParameters } from '../../protocol/parameters.ts';
import type { ClientLogin, Login } from '../../store/records.ts';
import { PageError } from '../../web/page-error.ts';
import { authorizationResponseUrl, sendAuthorizationResponse } from '../authorization-response.ts';
import { findForPage } from '../clients/client.ts';
import { showConsent } from '../login/consent-page.ts';
import { withAnotherAccount } from '../login/repeated-request.ts';
import { UpstreamFailure, type UpstreamLogin } from '../upstream.ts';
import type { Services } from './services.ts';

/** The failures that another account may not have. */
const OTHER_ACCOUNT_HELPS: ReadonlySet<UpstreamFailure['page']> = new Set(['not_allowed', 'github_account']);

interface CallbackServices
  extends Pick<
    Services,
    | 'issuer'
    | 'store'
    | 'browsers'
    | 'clients'
    | 'resources'
    | 'upstream'
    | 'logins'
    | 'completion'
    | 'connectPage'
    | 'web'
    | 'events'
  > {
  /** Ends a login to the account page by signing the person in. */
  readonly finishAccountLogin: (ctx: Koa.Context, upstreamLogin: UpstreamLogin) => Promise<void>;
}

/** `GET /github/callback` */
export function callback(services: CallbackServices): Koa.Middleware {
  const { upstream, logins } = services;
  return async (ctx) => {
    noStore(ctx);
    const parameters = parseParameters(ctx.querystring);
    const { id, login, codeVerifier, remember } = await logins.resume(ctx, parameters.get('state') ?? '');
    try {
      const upstreamLogin = await upstream.finishLogin(parameters, codeVerifier, login.upstreamScope);
      if (login.purpose === 'account') await services.finishAccountLogin(ctx, upstreamLogin);
      else await finishClientLogin(services, ctx, { id, login, remember }, upstreamLogin);
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error;
      answerFailure(services, ctx, login, error);
    }
  };
}

/**
 * Answers the client with a code, or asks the person to confirm the login. If another person gave the remembered consent, it
 * shows the consent page instead.
 */
async function finishClientLogin(
  services: CallbackServices,
  ctx: Koa.Context,
  { id, login, remember }: { id: string; login: ClientLogin; remember: boolean },
  upstreamLogin: UpstreamLogin,
): Promise<void> {
  const { request, expectedPerson } = login;
  if (expectedPerson !== undefined && expectedPerson !== upstreamLogin.person) {
    await services.upstream.discard(upstreamLogin);
    return showConsent(services, ctx, await findForPage(services.clients, ctx, request.clientId), login, id);
  }
  try {
    const { completed, confirm } = await services.completion.complete(ctx, { id, login, remember }, upstreamLogin);
    if (confirm) services.connectPage.show(ctx, completed);
    else
      sendAuthorizationResponse(services, ctx, { ...request, login: completed.githubLogin }, { code: completed.code });
  } catch (error) {
    // A refusal is the store's answer that it has not stored the login.
    if (error instanceof UpstreamFailure) await services.upstream.discard(upstreamLogin);
    else services.upstream.discardUnlessStored(upstreamLogin);
    throw error;
  }
}

/**
 * Answers a login that failed at the upstream.
 * @throws {PageError} except when the person cancelled a client's login
 */
function answerFailure(services: CallbackServices, ctx: Koa.Context, login: Login, failure: UpstreamFailure): void {
  const { code, page, description, login: githubLogin, retryAfter } = failure;
  const request = login.purpose === 'client' ? login.request : undefined;
  const { clientId = '' } = request ?? {};
  services.events.emit('login.failed', {
    clientId,
    error: code,
    detail: failure.message,
    ...defined({ githubLogin }),
  });
  const response = { error: code, description };
  if (page === 'github_denied' && request !== undefined) {
    sendAuthorizationResponse(services, ctx, request, response);
    return;
  }
  throw new PageError(page, {
    description,
    cause: failure,
    ...defined({
      login: githubLogin,
      retryAfter,
      form: OTHER_ACCOUNT_HELPS.has(page) ? withAnotherAccount(request) : undefined,
      clientName: request?.clientName,
      uiLocales: request?.uiLocales,
      continueUrl: request && authorizationResponseUrl(services.issuer, request, response),
    }),
  });
}
