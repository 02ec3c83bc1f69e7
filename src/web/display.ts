/**
 * The safe display of what strangers supply. Templates escape markup; what is done here is against text that deceives
 * the eye: invisible and reordering characters, names too long to see their end, addresses that are not what they seem.
 * @see Unicode UAX #9 (bidirectional text), UTS #39 (security mechanisms)
 */
import { SCRIPT_SCHEMES } from '../security/schemes.ts';
import type { Locale } from './views.ts';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Input looked at, in UTF-16 units: bounds the work that a stranger can cause. */
const MAX_INPUT = 2000;

/**
 * Text from a stranger in one line: without control, reordering and invisible characters, without stacks of marks, cut
 * to a length.
 * @param max length in characters as a person counts them
 * @returns empty when nothing visible is left
 */
export function displayText(text: string, max: number): string {
  const line = text
    .slice(0, MAX_INPUT)
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Zs}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800\ufffd]/gu, '')
    // A few marks belong to real scripts; a tower of them covers its surroundings.
    .replace(/(\p{M}{3})\p{M}+/gu, '$1')
    .replace(/ {2,}/g, ' ')
    .trim();
  const characters = [...graphemes.segment(line)];
  if (characters.length <= max) return line;
  return `${characters
    .slice(0, max - 1)
    .map(({ segment }) => segment)
    .join('')
    .trimEnd()}…`;
}

/** Characters of a host that are shown: two lines of a telephone. */
const MAX_HOST = 64;

/** A host from a stranger. One that is too long is truncated on the left, because the registrable domain is at the end. */
export function displayHost(host: string): string {
  const clean = host.replace(/[^\x21-\x7e]/g, '');
  return clean.length <= MAX_HOST ? clean : `…${clean.slice(1 - MAX_HOST)}`;
}

/** A website as text: host and path only, so that neither user information nor a query can dress it up. */
export function displayWebsite(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return undefined;
  return displayText(`${parsed.host}${parsed.pathname === '/' ? '' : parsed.pathname}`, 100);
}

/** An address that a page may link or lead to. Redirect URIs are checked when registered; this is the second check. */
export function followableUrl(url: string): { readonly href: string; readonly host: string } | undefined {
  const parsed = URL.parse(url);
  // White space and control characters would be dropped by the browser, so it would follow something else than was
  // checked.
  if (parsed === null || SCRIPT_SCHEMES.has(parsed.protocol.slice(0, -1)) || /[^\x21-\x7e]/.test(url)) return undefined;
  const host = /^https?:$/.test(parsed.protocol) ? parsed.host : `${parsed.protocol}//${parsed.host}`;
  return { href: url, host: displayHost(host) };
}

/** A moment for `<time>`: what machines read, and what a person reads, in UTC. */
export function displayTime(locale: Locale, epochSeconds: number): { readonly machine: string; readonly text: string } {
  const date = new Date(epochSeconds * 1000);
  const text = new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: 'UTC',
    timeZoneName: 'short',
  }).format(date);
  return { machine: date.toISOString(), text };
}

/** A time to wait, rounded up, in the largest unit that reads well. */
export function displayDuration(locale: Locale, seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds));
  const [value, unit] =
    whole < 120
      ? [whole, 'second']
      : whole < 7200
        ? [Math.ceil(whole / 60), 'minute']
        : [Math.ceil(whole / 3600), 'hour'];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}

/** A piece of a text: plain, code, or a value that was filled in (and may be written in another direction). */
interface Piece {
  readonly kind: 'text' | 'code' | 'value';
  readonly text: string;
}

/**
 * Takes a text of a locale apart at its `{placeholders}` and backticks, for the template `text`, which escapes each
 * piece.
 */
export function pieces(text: string, values: Readonly<Record<string, string>> = {}): Piece[] {
  return text.split(/(`[^`]+`|\{\w+\})/).flatMap((part): Piece[] => {
    if (part === '') return [];
    if (part.startsWith('`'))
      return [{ kind: 'code', text: part.slice(1, -1).replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all) }];
    if (part.startsWith('{')) return [{ kind: 'value', text: values[part.slice(1, -1)] ?? part }];
    return [{ kind: 'text', text: part }];
  });
}
