/**
 * What routes answer people with: pages in the person's language, and authorization responses carried to the client
 * through the browser.
 */
import type Koa from 'koa';
import { type AuthorizationResponse, authorizationResponseUrl } from '../oauth/authorization-response.ts';
import { redirectKind } from '../oauth/clients/redirect-uri.ts';
import type { AuthorizationRequest } from '../store/records.ts';
import { negotiateLocale } from './locale.ts';
import type { Pages } from './pages.ts';
import type { AccountView, AdminView, ConsentView, ErrorView, LandingView, Locale, ReturnView } from './views.ts';

interface Views {
  consent: ConsentView;
  error: ErrorView;
  returning: ReturnView;
  landing: LandingView;
  account: AccountView;
  admin: AdminView;
}

/** What every page is told, so that routes need not. */
type Common = 'bridgeHost' | 'githubHost';

export interface Web {
  readonly pages: Pages;
  /** Answers with a page, in the language of `uiLocales` or of the browser. */
  page<Name extends keyof Views>(
    ctx: Koa.Context,
    name: Name,
    uiLocales: string | undefined,
    view: Omit<Views[Name], Common>,
  ): void;
  /**
   * Carries an authorization response to the client. An app's scheme is opened by a page, for the browser stays on it.
   */
  answerClient(
    ctx: Koa.Context,
    request: Pick<AuthorizationRequest, 'redirectUri' | 'state' | 'clientName'>,
    response: AuthorizationResponse,
    uiLocales?: string,
  ): void;
  /** The address that carries a response, for pages that explain it first. */
  answerUrl(request: Pick<AuthorizationRequest, 'redirectUri' | 'state'>, response: AuthorizationResponse): string;
}

export function createWeb(pages: Pages, issuer: string, githubUrl: string): Web {
  const common = { bridgeHost: new URL(issuer).host, githubHost: new URL(githubUrl).host };
  const web: Web = {
    pages,
    page(ctx, name, uiLocales, view) {
      const locale = negotiateLocale(uiLocales, ctx.get('accept-language'));
      ctx.type = 'html';
      ctx.set('Content-Language', locale);
      ctx.vary('Accept-Language');
      const render = pages[name] as (locale: Locale, view: object) => string;
      ctx.body = render(locale, { ...common, ...view });
    },
    answerUrl: (request, response) => authorizationResponseUrl(issuer, request, response),
    answerClient(ctx, request, response, uiLocales) {
      const url = web.answerUrl(request, response);
      ctx.set('Cache-Control', 'no-store');
      if (redirectKind(request.redirectUri) === 'app') {
        web.page(ctx, 'returning', uiLocales, { clientName: request.clientName, url, success: 'code' in response });
        return;
      }
      // Set by hand: ctx.redirect would normalise the client's URI.
      ctx.status = 302;
      ctx.set('Location', url);
      ctx.body = '';
    },
  };
  return web;
}
