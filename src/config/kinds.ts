/** The kinds of values that settings have: how each is parsed, and what is reported when a value is wrong. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { defined } from '../base/defined.ts';
import { timeZoneNamed } from '../base/time-zone.ts';
import { isLoopbackHost } from '../security/hosts.ts';
import { DANGEROUS_SCHEMES } from '../security/schemes.ts';
import type { Complain, Kind } from './setting.ts';

/** One user in `ALLOWED_GITHUB_USERS` or `ADMIN_GITHUB_USERS`. */
export type UserRule = { readonly id: number } | { readonly login: string };
/** One organisation or team in `ALLOWED_GITHUB_ORGS`. */
export interface OrganizationRule {
  readonly organization: string;
  readonly team?: string;
}

/** Seconds per unit of a duration. */
const SECONDS_PER_UNIT: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400 };
const LOGIN = /^[a-z\d](?:[a-z\d]|[-_](?=[a-z\d])){0,38}$/i;
const TEAM = /^[\w.-]+$/;
/** The characters of a scope token (RFC 6749 section 3.3). */
export const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const SCHEME = /^[a-z][a-z0-9+.-]*$/;
const REDIS_ADDRESS = /^(rediss?|rediss?-sentinel|rediss?-cluster):\/\/./;
export const MIN_SECRET_BYTES = 32;
/** The remedy for a secret that is missing or too short. */
export const GENERATE_SECRET = 'Generate one, for example with: openssl rand -base64 48';

/** Any text. */
export const text: Kind<string> = (value) => value;

/** A duration such as `15m`, parsed into seconds. */
export const duration: Kind<number> = (value, complain) => {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(value) ?? [];
  const seconds = Number(count ?? 0) * (SECONDS_PER_UNIT[unit] ?? 0);
  if (seconds > 0) return seconds;
  complain(`"${value}" is not a duration`, 'Write for example 90s, 15m, 1h or 30d.');
  return undefined;
};

/** Seconds. Whoever stops a program kills it about a minute later. */
const MAX_SHORT = 60;

/** A duration of a minute at most, parsed into seconds. */
export const shortDuration: Kind<number> = (value, complain) => {
  const seconds = duration(value, complain);
  if (seconds === undefined || seconds <= MAX_SHORT) return seconds;
  complain(`"${value}" is longer than a minute`, 'Write for example 5s.');
  return undefined;
};

/** A whole number from `min` to `max`. */
export const integer =
  (min: number, max: number): Kind<number> =>
  (value, complain) => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    complain(`"${value}" is not a number from ${min} to ${max}`);
    return undefined;
  };

/** `on` or `off`. */
export const onOff: Kind<boolean> = (value, complain) => {
  if (value !== 'on' && value !== 'off') complain(`"${value}" is neither on nor off`, 'Write on or off.');
  return value === 'on';
};

/** One of several words. @param what it is called, as in `is not a level` */
export const oneOf =
  <Word extends string>(what: string, ...words: readonly Word[]): Kind<Word> =>
  (value, complain) => {
    const found = words.find((word) => word === value);
    if (found === undefined) complain(`"${value}" is not a ${what}`, `Write one of ${words.join(', ')}.`);
    return found;
  };

/** An origin (scheme, host and port) in lower case, without a path, a slash at the end or a default port. */
export const bareOrigin: Kind<string> = (value, complain) => {
  const url = URL.parse(value);
  if (url === null || !isHttp(url) || url.origin !== value)
    complain(
      `"${value}" is not a bare origin`,
      'Write for example https://mcp.example.com: lower case, no path, no slash at the end, no default port.',
    );
  return value;
};

/** An address of GitHub; slashes at the end are removed. */
export const githubAddress: Kind<string> = (value, complain) => {
  const url = URL.parse(value);
  if (url === null || !isHttp(url) || url.search !== '' || url.hash !== '' || url.username !== '')
    complain(`"${value}" is not an address of GitHub`, 'Write for example https://github.example.com.');
  return value.replace(/\/+$/, '');
};

/** The addresses to listen on: one IP address, or `localhost` for 127.0.0.1 and ::1. */
export const listenAddresses: Kind<readonly string[]> = (value, complain) => {
  if (value === 'localhost') return ['127.0.0.1', '::1'];
  if (isIP(value) === 0) complain(`"${value}" is not an IP address`, 'Write for example 127.0.0.1 or 0.0.0.0.');
  return [value];
};

/** An address of Redis. Complaints do not repeat the value, because it may contain a password. */
export const redisAddress: Kind<string> = (value, complain) => {
  if (!REDIS_ADDRESS.test(value))
    complain(
      'not an address of Redis',
      'Write for example redis://127.0.0.1:6379 (src/store/README.md has the Sentinel and Cluster forms).',
    );
  return value;
};

/** Secrets separated by commas. Complaints do not repeat them. */
export const secrets: Kind<readonly string[]> = (value, complain) => {
  const found = items(value);
  if (found.some((item) => Buffer.byteLength(item) < MIN_SECRET_BYTES))
    complain(`a secret in it is shorter than ${MIN_SECRET_BYTES} bytes (commas separate secrets)`, GENERATE_SECRET);
  return found;
};

/**
 * A time zone of the IANA database, by its name, with the colon before it that POSIX has. `:/etc/localtime` names the system's.
 */
export const timeZone: Kind<string> = (value, complain) => {
  const name = value.replace(/^:/, '');
  if (name.startsWith('/')) return undefined;
  const zone = timeZoneNamed(name);
  if (zone === undefined)
    complain(`"${value}" is not a time zone`, 'Write a name of the IANA database, for example Asia/Tokyo.');
  return zone;
};

/** Scopes separated by commas or white space, without duplicates. */
export const scopes: Kind<readonly string[]> = (value, complain) => {
  const found = new Set(items(value).flatMap((item) => item.split(/\s+/)));
  for (const scope of found)
    if (!SCOPE.test(scope)) complain(`"${scope}" is not a scope`, 'Write for example read:user,repo.');
  return found.size === 0 ? undefined : [...found];
};

/** Users separated by commas: logins, or `id:123`. */
export const users = listOf((item, complain): UserRule | undefined => {
  const id = /^id:(\d{1,15})$/.exec(item)?.[1];
  if (id !== undefined) return { id: Number(id) };
  if (LOGIN.test(item)) return { login: item.toLowerCase() };
  complain(`"${item}" is not a GitHub user`, 'Write a login, or id:123 for a numeric id.');
  return undefined;
});

/** Organisations and teams separated by commas: `organization` or `organization/team-slug`. */
export const organizations = listOf((item, complain): OrganizationRule | undefined => {
  const [organization = '', team, more] = item.split('/');
  if (LOGIN.test(organization) && more === undefined && (team === undefined || TEAM.test(team)))
    return defined({ organization, team });
  complain(`"${item}" is not an organisation or a team`, 'Write organisation, or organisation/team-slug.');
  return undefined;
});

/** Resource identifiers: URLs without a fragment. */
export const resources = listOf((item, complain) => {
  const url = URL.parse(item);
  const secure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
  if (secure && url?.hash === '') return item;
  complain(`"${item}" is not a resource identifier`, 'Write an https URL without a fragment (http for loopback only).');
  return undefined;
});

/** Private-use URI schemes (RFC 8252 section 7.1), in lower case and without a colon. */
export const redirectSchemes = listOf((item, complain) => {
  const scheme = item.toLowerCase().replace(/:(\/\/)?$/, '');
  if (!SCHEME.test(scheme) || DANGEROUS_SCHEMES.has(scheme))
    complain(`"${scheme}" is not a private-use scheme`, 'Write for example cursor,vscode.');
  return scheme;
});

/** Origins separated by commas. */
export const origins = listOf((item, complain) => {
  if (URL.parse(item)?.origin !== item)
    complain(`"${item}" is not an origin`, 'Write for example https://app.example.com.');
  return item;
});

/** IP addresses and CIDR ranges. */
export const addressRanges = listOf((item, complain) => {
  if (!ipaddr.isValid(item) && !ipaddr.isValidCIDR(item))
    complain(`"${item}" is not an address`, 'Write for example 10.0.0.0/8 or 127.0.0.1.');
  return item;
});

/** A list separated by commas. Items without a value are left out, because a complaint about them was reported. */
function listOf<Item>(item: (text: string, complain: Complain) => Item | undefined): Kind<readonly Item[]> {
  return (value, complain) => {
    const found = items(value);
    // The default of a list may be everybody, so a list without items is not the default.
    if (found.length === 0) complain(`"${value}" names nothing`);
    return found.map((each) => item(each, complain)).filter((each) => each !== undefined);
  };
}

/** Splits at commas, trims, and drops empty items. */
export function items(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function isHttp(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'http:';
}
