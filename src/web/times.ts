/**
 * Times on pages: how long ago in words, the exact time in the person's time zone, and the choice of that zone. Pages run no
 * script, so the server has to be told the zone (design decision 30).
 */
import { LRUCache } from 'lru-cache';
import { timeZoneNames } from '../base/time-zone.ts';
import type { Locale } from './views.ts';

/** By language and zone. Making one takes 70 µs, and a page may have hundreds of times. */
const formats = new LRUCache<string, Intl.DateTimeFormat>({ max: 100 });

/**
 * An exact time for the element `<time>`: in UTC (ISO 8601) for `datetime`, and for the person in a time zone, which the text names
 * by its offset from UTC at that time.
 * @param timeZone its name in the IANA database
 */
export function displayTime(
  locale: Locale,
  timeZone: string,
  epochSeconds: number,
): { readonly machine: string; readonly text: string } {
  const date = new Date(epochSeconds * 1000);
  const key = `${locale} ${timeZone}`;
  const format = formats.get(key) ?? createFormat(locale, timeZone);
  formats.set(key, format);
  return { machine: date.toISOString(), text: format.format(date) };
}

function createFormat(locale: Locale, timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone,
    // Abbreviations of zones depend on the language, and some have several meanings. `UTC` is better than `GMT+0`.
    timeZoneName: timeZone === 'UTC' ? 'short' : 'shortOffset',
  });
}

/** The units of {@link displayRelative}: each up to so many seconds, and as long as so many. */
const UNITS = [
  ['minute', 3600, 60],
  ['hour', 86_400, 3600],
  ['day', 30 * 86_400, 86_400],
  ['month', 365 * 86_400, 30 * 86_400],
  ['year', Number.POSITIVE_INFINITY, 365 * 86_400],
] as const;

/**
 * How long ago, or how far ahead, a time is, in words. They count units that have passed and name no day of a calendar
 * (`yesterday`, `last month`), so they are true in every time zone.
 * @param now epoch seconds
 */
export function displayRelative(locale: Locale, epochSeconds: number, now: number): string {
  const seconds = epochSeconds - now;
  const far = Math.abs(seconds);
  const unit = UNITS.find(([, limit]) => far < limit);
  return far < 60 || unit === undefined
    ? new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(0, 'second')
    : new Intl.RelativeTimeFormat(locale).format(Math.trunc(seconds / unit[2]), unit[0]);
}

/** A duration, rounded up: in seconds below two minutes, in minutes below two hours, else in hours. */
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

/** The zones from which a person chooses, by area (`Asia`). A zone without an area, such as UTC, is in the area with the empty name. */
export function timeZoneChoice(chosen: string) {
  const names = timeZoneNames();
  const all = names.includes(chosen) ? names : [chosen, ...names];
  const areas = Map.groupBy(all, (name) => name.slice(0, Math.max(0, name.indexOf('/'))));
  return [...areas].map(([area, zones]) => ({
    area,
    zones: zones.map((name) => ({
      name,
      words: name.slice(area === '' ? 0 : area.length + 1).replaceAll('_', ' '),
      chosen: name === chosen,
    })),
  }));
}
