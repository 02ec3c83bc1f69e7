/**
 * The language of a page: the client's parameter `ui_locales` first, then the browser's header `Accept-Language`. What the person
 * chose comes before both (`web.ts`). A new language is a file in templates/locales/ and its entry in `MESSAGES`.
 * @see OpenID Connect Core 1.0 section 3.1.2.1, RFC 9110 section 12.5.4, RFC 4647 section 3.4
 */
import { en, type Messages } from '../../templates/locales/en.ts';
import { ja } from '../../templates/locales/ja.ts';

export type { Messages };

/** The languages of the pages; the first one wins when the request has no preference. */
const MESSAGES = { en, ja } satisfies Record<string, Messages>;

export type Locale = keyof typeof MESSAGES;
export const LOCALES = Object.keys(MESSAGES) as readonly Locale[];

/** Characters and entries that are processed; the rest is ignored, to limit the work that a client can cause. */
const MAX_LENGTH = 500;
const MAX_ENTRIES = 30;

/** The direction in which a language is written. It is known of each, so a language from right to left is a file like the others. */
export function direction(locale: Locale): 'ltr' | 'rtl' {
  return new Intl.Locale(locale).getTextInfo().direction === 'rtl' ? 'rtl' : 'ltr';
}

/** The texts of a language. */
export function messages(locale: Locale): Messages {
  return MESSAGES[locale];
}

/** The languages that a page is not in, each with its name in itself. */
export function otherLanguages(locale: Locale): { readonly tag: Locale; readonly name: string }[] {
  return LOCALES.filter((one) => one !== locale).map((one) => ({ tag: one, name: messages(one).language }));
}

/** The title of a tool in a language: only the built-in tools have several. */
export function toolTitle(locale: Locale, { name, title }: { readonly name: string; readonly title: string }): string {
  const [english, own]: Readonly<Record<string, string>>[] = [en.tools, messages(locale).tools];
  return english?.[name] === title ? (own?.[name] ?? title) : title;
}

/** The locale for the primary subtag of a language tag, in upper or lower case; undefined when there is none. */
function localeOf(tag: string): Locale | undefined {
  const primary = tag.trim().split(/[-_]/, 1)[0]?.toLowerCase();
  return LOCALES.find((locale) => locale === primary);
}

/** The weight `q` of an entry of `Accept-Language`: 1 when absent, 0 (not acceptable) when malformed. */
function weight(parameters: readonly string[]): number {
  const q = parameters.map((parameter) => parameter.trim()).find((parameter) => /^q\s*=/i.test(parameter));
  if (q === undefined) return 1;
  const value = q.slice(q.indexOf('=') + 1).trim();
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(value) ? Number(value) : 0;
}

function acceptedLocale(acceptLanguage: string): Locale {
  const weights = new Map<Locale, number>();
  let others = 0;
  for (const entry of acceptLanguage.slice(0, MAX_LENGTH).split(',').slice(0, MAX_ENTRIES)) {
    const [tag = '', ...parameters] = entry.split(';');
    const locale = localeOf(tag);
    if (locale !== undefined) weights.set(locale, Math.max(weights.get(locale) ?? 0, weight(parameters)));
    else if (tag.trim() === '*') others = weight(parameters);
  }
  // At the same weight a named language wins over `*`, and the language that is named first wins over the other.
  const named = [...weights.keys(), ...LOCALES.filter((locale) => !weights.has(locale))];
  const best = named.reduce((left, right) =>
    (weights.get(right) ?? others) > (weights.get(left) ?? others) ? right : left,
  );
  return (weights.get(best) ?? others) > 0 ? best : 'en';
}

/**
 * Chooses the language of a page. Malformed input is ignored.
 * @param uiLocales the `ui_locales` parameter: BCP 47 tags separated by spaces, best first
 * @param acceptLanguage the `Accept-Language` header
 * @returns English when neither names a language of the pages
 */
export function negotiateLocale(uiLocales: string | undefined, acceptLanguage: string | undefined): Locale {
  for (const tag of (uiLocales ?? '').slice(0, MAX_LENGTH).split(/\s+/, MAX_ENTRIES)) {
    const locale = localeOf(tag);
    if (locale !== undefined) return locale;
  }
  return acceptedLocale(acceptLanguage ?? '');
}
