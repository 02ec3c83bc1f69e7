/**
 * The safe display of text that clients supply. Templates escape markup. This file protects against text that deceives
 * the reader: invisible characters, characters that reorder text, very long names, misleading addresses.
 * @see Unicode UAX #9 (bidirectional text), UTS #39 (security mechanisms)
 */
import { SCRIPT_SCHEMES } from '../security/schemes.ts';

/** UTF-16 units of input that are processed; the rest is ignored, to limit the work that a client can cause. */
const MAX_INPUT = 2000;
/** UTF-16 units that a character has on average at most. A Hangul syllable or an Indic conjunct may have any number of letters. */
const MAX_UNITS = 4;

/**
 * Text from a client as one line: without control, reordering and invisible characters, with at most three combining
 * marks in a row, truncated on the right.
 * @param max length in characters as a person counts them (grapheme clusters)
 * @returns empty when nothing visible is left
 */
export function displayText(text: string, max: number): string {
  const line = text
    .slice(0, MAX_INPUT)
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Zs}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800\ufffd]/gu, '')
    // Real scripts use a few combining marks in a row; many of them would cover the text around them.
    .replace(/(\p{M}{3})\p{M}+/gu, '$1')
    .replace(/ {2,}/g, ' ')
    .trim();
  // No text has more characters than UTF-16 units. The first segmenter takes 4 ms, which a start need not spend.
  if (line.length <= max) return line;
  const characters = [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(line)];
  const units = max * MAX_UNITS;
  if (characters.length <= max && line.length <= units) return line;
  return `${characters
    .slice(0, max - 1)
    .filter(({ segment, index }) => index + segment.length < units)
    .map(({ segment }) => segment)
    .join('')
    .trimEnd()}…`;
}

/** Characters of a host that are shown: two lines of a telephone. */
const MAX_HOST = 64;

/**
 * A host from a stranger, or the scheme of an app with what follows it (`com.example.app://host`). One that is too long is
 * truncated: a host on the left, because the registrable domain is at the end; a scheme on the right, because it is at the
 * beginning there (RFC 8252 section 7.1).
 */
export function displayHost(host: string): string {
  const clean = host.replace(/[^\x21-\x7e]/g, '');
  if (clean.length <= MAX_HOST) return clean;
  // Without U+2060 (word joiner) the ellipsis would stand on a line of its own.
  return clean.includes('://') ? `${clean.slice(0, MAX_HOST - 1)}…` : `…\u2060${clean.slice(1 - MAX_HOST)}`;
}

/**
 * A website as text: host and path only, because user information or a query could make it look like another site.
 * @returns undefined when the URL is not http or https
 */
export function displayWebsite(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return undefined;
  // Each is truncated at its own end: a path, however long, hides nothing of the host, nor a long host its own end.
  return `${displayHost(parsed.host)}${parsed.pathname === '/' ? '' : displayText(parsed.pathname, 40)}`;
}

/**
 * An address that a page may link or redirect to. Redirect URIs were checked at registration; this is a second check.
 * @returns undefined when the address must not be followed
 */
export function followableUrl(url: string): { readonly href: string; readonly host: string } | undefined {
  const parsed = URL.parse(url);
  // A browser removes white space and control characters, so it would follow another address than the checked one.
  if (parsed === null || SCRIPT_SCHEMES.has(parsed.protocol.slice(0, -1)) || /[^\x21-\x7e]/.test(url)) return undefined;
  const host = /^https?:$/.test(parsed.protocol) ? parsed.host : `${parsed.protocol}//${parsed.host}`;
  return { href: url, host: displayHost(host) };
}

/** A part of a text: plain text, code, or the value of a placeholder (which may have another writing direction). */
interface TextPart {
  readonly kind: 'text' | 'code' | 'value';
  readonly text: string;
}

/**
 * Splits a text of a locale at its `{placeholders}` and backticks. The template `text` escapes and renders each part.
 * @param values values of the placeholders; a placeholder without a value stays as it is
 */
export function splitPlaceholders(text: string, values: Readonly<Record<string, string>> = {}): TextPart[] {
  return text.split(/(`[^`]+`|\{\w+\})/).flatMap((part): TextPart[] => {
    if (part === '') return [];
    if (part.startsWith('`'))
      return [{ kind: 'code', text: part.slice(1, -1).replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all) }];
    if (part.startsWith('{')) return [{ kind: 'value', text: values[part.slice(1, -1)] ?? part }];
    return [{ kind: 'text', text: part }];
  });
}
