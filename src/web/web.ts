/** The function with which a route answers with a page: it chooses the language and adds what every page needs. */
import type Koa from 'koa';
import type { RequestContext } from '../observe/request-context.ts';
import { negotiateLocale } from './locale.ts';
import type { Pages } from './pages.ts';
import type { Locale, Views } from './views.ts';

/** Members of views that no route chooses; routes leave them out. */
type Common = 'githubHost' | 'reference';

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
 * @param context of the requests: pages name their login, or where there is none, themselves
 */
export function createWeb(pages: Pages, githubUrl: string, context: RequestContext): Web {
  const common = { githubHost: new URL(githubUrl).host };
  return {
    assets: pages.assets,
    page(ctx, name, uiLocales, view) {
      const locale = negotiateLocale(uiLocales, ctx.get('accept-language'));
      ctx.type = 'html';
      ctx.set('Content-Language', locale);
      ctx.vary('Accept-Language');
      const render = pages[name] as (locale: Locale, view: object) => string;
      const { login, reference } = context.current ?? { reference: '' };
      ctx.body = render(locale, { ...common, reference: login ?? reference, ...view });
    },
  };
}
