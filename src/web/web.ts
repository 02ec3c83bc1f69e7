/** How a route answers with a page: in the language of the person, with what every page is told. */
import type Koa from 'koa';
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
  /** The stylesheet that every page names. */
  readonly stylesheet: Pages['stylesheet'];
  /** Answers with a page, in the language of `uiLocales` or of the browser. */
  page<Name extends keyof Views>(
    ctx: Koa.Context,
    name: Name,
    uiLocales: string | undefined,
    view: Omit<Views[Name], Common>,
  ): void;
}

/**
 * @param publicUrl the bridge's origin
 * @param githubUrl GitHub's web side, which the pages name
 */
export function createWeb(pages: Pages, publicUrl: string, githubUrl: string): Web {
  const common = { bridgeHost: new URL(publicUrl).host, githubHost: new URL(githubUrl).host };
  return {
    stylesheet: pages.stylesheet,
    page(ctx, name, uiLocales, view) {
      const locale = negotiateLocale(uiLocales, ctx.get('accept-language'));
      ctx.type = 'html';
      ctx.set('Content-Language', locale);
      ctx.vary('Accept-Language');
      const render = pages[name] as (locale: Locale, view: object) => string;
      ctx.body = render(locale, { ...common, ...view });
    },
  };
}
