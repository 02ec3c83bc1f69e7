/** The function with which a route answers with a page: it chooses the language and adds what every page needs. */
import type Koa from 'koa';
import { negotiateLocale } from './locale.ts';
import type { Pages } from './pages.ts';
import type { Locale, Views } from './views.ts';

/** Members of views that are the same for every request; routes leave them out. */
type Common = 'githubHost';

export interface Web {
  /** The files that pages load. */
  readonly assets: Pages['assets'];
  /**
   * Answers with a page, in the language of `uiLocales` or of the browser.
   * @param uiLocales the `ui_locales` parameter of the request, if it has one
   */
  page<Name extends keyof Views>(
    ctx: Koa.Context,
    name: Name,
    uiLocales: string | undefined,
    view: Omit<Views[Name], Common>,
  ): void;
}

/**
 * Creates the function.
 * @param githubUrl the address of GitHub's web pages; the pages show its host
 */
export function createWeb(pages: Pages, githubUrl: string): Web {
  const common = { githubHost: new URL(githubUrl).host };
  return {
    assets: pages.assets,
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
