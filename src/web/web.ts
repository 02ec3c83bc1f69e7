/**
 * The function with which a route answers with a page: it chooses the language and the time zone, and adds what every page needs. Each page
 * has a button for each other language; it sends the page along, sealed, so that a page that cannot be asked for again (the answer of a form,
 * an error) is the same page in the other language, and nothing is done twice (design decision 29).
 */
import type Koa from 'koa';
import type {} from 'koa-body';
import { defined } from '../base/defined.ts';
import { timeZoneNamed } from '../base/time-zone.ts';
import { VERSION } from '../base/version.ts';
import type { RequestContext } from '../observe/request-context.ts';
import type { Cookies } from '../security/cookies.ts';
import { SealBroken, type Secrets } from '../security/secrets.ts';
import { LOCALES, negotiateLocale } from './locale.ts';
import { PageError } from './page-error.ts';
import type { Pages } from './pages.ts';
import type { ConsentView, Locale, Views } from './views.ts';

/** Members of views that no route chooses; routes leave them out. */
type Common = 'githubHost' | 'reference';

/**
 * The cookies with what the person chose, and how long they are kept, in seconds. Being Lax, they do not come with a form of
 * another site, a `POST /authorize` for example: that one page is in the language of `ui_locales` or of the browser. All
 * that follow are asked for by our own pages, or come back from GitHub by GET, and have the cookies.
 */
const COOKIES = { locale: 'language', timeZone: 'time-zone' } as const;
const COOKIE_TTL = 365 * 86400;
/** Another version of this program may have other views. */
const SEALED_FOR = `page:${VERSION}`;
/** Pages that the browser can ask for again by their address. */
const AT_THEIR_ADDRESS: ReadonlySet<keyof Views> = new Set(['landing', 'account', 'admin']);

/** What the person chose. */
interface Preferences {
  readonly locale?: Locale;
  readonly timeZone?: string;
}

/** What a page is sealed as: its address, or the page and its view. */
type Again = { readonly address: string } | { readonly name: keyof Views; readonly view: object };

export interface Web {
  /** The files that pages load. */
  readonly assets: Pages['assets'];
  /**
   * Answers with a page, in the language that the person chose, or that of `uiLocales`, or of the browser.
   * @param uiLocales the `ui_locales` of the client's request; by default that of this request, if it has one
   */
  page<Name extends keyof Views>(
    ctx: Koa.Context,
    name: Name,
    uiLocales: string | undefined,
    view: Omit<Views[Name], Common>,
  ): void;
  /**
   * Answers the form for another language or time zone: keeps the choice, and shows the same page.
   * @throws {PageError} invalid_request when the form names none; forged_form when no page of this server sent it
   */
  prefer(ctx: Koa.Context, form: URLSearchParams): void;
}

interface WebOptions {
  readonly pages: Pages;
  /** The address of GitHub's web pages; the pages show its host. */
  readonly githubUrl: string;
  /** Of the requests: pages name their login, or where there is none, themselves. */
  readonly context: RequestContext;
  readonly cookies: Cookies;
  readonly secrets: Secrets;
}

/** Creates the function. */
export function createWeb({ pages, githubUrl, context, cookies, secrets }: WebOptions): Web {
  const common = { githubHost: new URL(githubUrl).host };

  function answer(
    ctx: Koa.Context,
    chosen: Preferences,
    uiLocales: string | undefined,
    name: keyof Views,
    view: object,
  ) {
    const { locale = negotiateLocale(uiLocales ?? uiLocalesOf(ctx), ctx.get('accept-language')), timeZone } = chosen;
    const sealed: Again = AT_THEIR_ADDRESS.has(name) ? { address: ctx.path + ctx.search } : { name, view };
    ctx.type = 'html';
    ctx.set('Content-Language', locale);
    ctx.vary('Accept-Language');
    ctx.vary('Cookie');
    const again = secrets.seal(JSON.stringify(sealed), SEALED_FOR);
    const render = pages[name] as (locale: Locale, view: object) => string;
    ctx.body = render(locale, { ...view, ...defined({ timeZone }), again });
  }

  /** What the cookies say, as far as it is one of the languages, and the name of a zone. */
  function chosenBefore(ctx: Koa.Context): Preferences {
    return defined({
      locale: LOCALES.find((locale) => locale === cookies.get(ctx, COOKIES.locale)),
      timeZone: nameOfZone(cookies.get(ctx, COOKIES.timeZone)),
    });
  }

  function opened(sealed: string): Again {
    try {
      return JSON.parse(secrets.open(sealed, SEALED_FOR));
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      throw new PageError('forged_form', { description: 'this server did not make the page of this form' });
    }
  }

  return {
    assets: pages.assets,
    page(ctx, name, uiLocales, view) {
      const { login, reference } = context.current ?? { reference: '' };
      answer(ctx, chosenBefore(ctx), uiLocales, name, { ...common, reference: login ?? reference, ...view });
    },
    prefer(ctx, form) {
      const { name, value, sealed } = choiceIn(form);
      const page = opened(sealed);
      cookies.set(ctx, COOKIES[name], value, { sameSite: 'lax', maxAge: COOKIE_TTL });
      if ('name' in page) {
        const view = page.name === 'consent' ? ticked(page.view as ConsentView, form) : page.view;
        answer(ctx, { ...chosenBefore(ctx), [name]: value }, undefined, page.name, view);
        return;
      }
      ctx.status = 303;
      ctx.redirect(page.address);
    },
  };
}

/** What a form chooses, and the page that sent it. The buttons of languages have the page in their value. */
function choiceIn(form: URLSearchParams): { name: keyof Preferences; value: string; sealed: string } {
  const locale = LOCALES.find((one) => form.has(`language:${one}`));
  if (locale !== undefined) return { name: 'locale', value: locale, sealed: form.get(`language:${locale}`) ?? '' };
  const [zone, ...more] = form.getAll('time-zone').map(nameOfZone);
  if (zone === undefined || more.length > 0)
    throw new PageError('invalid_request', { description: 'the form names neither a language nor a time zone' });
  return { name: 'timeZone', value: zone, sealed: form.get('page') ?? '' };
}

/** The name of a zone exactly as the page has it; undefined for every other text. */
function nameOfZone(text = ''): string | undefined {
  return timeZoneNamed(text) === text ? text : undefined;
}

/** The consent page with the boxes as the person had left them. */
function ticked(view: ConsentView, form: URLSearchParams): ConsentView {
  const scopes = view.scopes.map((scope) => {
    return scope.optional ? { ...scope, unticked: !form.has(`scope:${scope.name}`) } : scope;
  });
  return { ...view, scopes, remember: form.has('remember') };
}

/** The parameter `ui_locales` of a request, in its query or its form; undefined when it is repeated. */
function uiLocalesOf(ctx: Koa.Context): string | undefined {
  const form = ctx.is('urlencoded') ? (ctx.request.rawBody ?? '') : '';
  const sent = [ctx.querystring, form].flatMap((encoded) => new URLSearchParams(encoded).getAll('ui_locales'));
  return sent.length === 1 ? sent[0] : undefined;
}
