// A cookie jar with the rules of browsers (RFC 6265bis) that matter for a login: host and Domain, Path, Secure, expiry, the
// __Host- and __Secure- prefixes, and SameSite.

/** The value of Sec-Fetch-Site; `none` means that the person typed the address. */
export type FetchSite = 'none' | 'same-origin' | 'same-site' | 'cross-site';

export type Cookie = {
  name: string;
  value: string;
  /** The host that set it, or the Domain attribute without its leading dot. */
  domain: string;
  /** Without a Domain attribute a cookie is sent to that host only. */
  hostOnly: boolean;
  path: string;
  secure: boolean;
  httpOnly: boolean;
  sameSite: 'strict' | 'lax' | 'none';
  /** Milliseconds since the epoch; undefined means until the browser is closed. */
  expires: number | undefined;
};

/** What decides, beside the address, whether a cookie is sent. */
export type SendingContext = { site: FetchSite; method: string };

export class CookieJar {
  readonly #now: () => number;
  #cookies: Cookie[] = [];

  /** @param now milliseconds since the epoch, by which cookies expire */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Keeps the cookies that a response from `url` sets. A header that a browser would refuse changes nothing. */
  store(url: URL, setCookieHeaders: readonly string[]): void {
    for (const header of setCookieHeaders) {
      const cookie = parseSetCookie(url, header, this.#now());
      if (cookie === undefined) continue;
      this.#cookies = this.#cookies.filter((old) => !isSameCookie(old, cookie));
      if (!isExpired(cookie, this.#now())) this.#cookies.push(cookie);
    }
  }

  /** The cookies that go with a request to `url`, longest path first (RFC 6265bis 5.8.3). */
  matching(url: URL, context: SendingContext = { site: 'none', method: 'GET' }): Cookie[] {
    return this.all()
      .filter((cookie) => domainMatches(cookie, url.hostname) && pathMatches(cookie.path, url.pathname))
      .filter((cookie) => !cookie.secure || isTrustworthy(url))
      .filter((cookie) => siteAllows(cookie, context))
      .sort((a, b) => b.path.length - a.path.length);
  }

  /** The Cookie header for a request to `url`; undefined when nothing matches. */
  header(url: URL, context?: SendingContext): string | undefined {
    const pairs = this.matching(url, context).map(({ name, value }) => (name === '' ? value : `${name}=${value}`));
    return pairs.length === 0 ? undefined : pairs.join('; ');
  }

  /** Every cookie that has not expired. */
  all(): Cookie[] {
    return this.#cookies.filter((cookie) => !isExpired(cookie, this.#now()));
  }

  /** The first cookie of that name. */
  get(name: string): Cookie | undefined {
    return this.all().find((cookie) => cookie.name === name);
  }

  /** Puts back a cookie taken from a jar, this one or another, as an attacker would. */
  put(cookie: Cookie): void {
    this.#cookies = [...this.#cookies.filter((old) => !isSameCookie(old, cookie)), cookie];
  }

  clear(): void {
    this.#cookies = [];
  }
}

/** Reads one Set-Cookie header of a response from `url`; undefined when a browser would refuse it. */
export function parseSetCookie(url: URL, header: string, now: number): Cookie | undefined {
  const [pair = '', ...rest] = header.split(';');
  const { name, value } = nameAndValue(pair);
  if (name === '' && value === '') return undefined;
  const attributes = new Map(rest.map(attribute));
  const domain = (attributes.get('domain') ?? '').replace(/^\./, '').toLowerCase();
  const path = attributes.get('path') ?? '';
  const cookie: Cookie = {
    name,
    value,
    domain: domain === '' ? url.hostname : domain,
    hostOnly: domain === '',
    path: path.startsWith('/') ? path : defaultPath(url.pathname),
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    sameSite: sameSiteOf(attributes.get('samesite')),
    expires: expiryOf(attributes, now),
  };
  return isAcceptable(cookie, url, path) ? cookie : undefined;
}

function nameAndValue(pair: string): { name: string; value: string } {
  const at = pair.indexOf('=');
  return at < 0
    ? { name: '', value: pair.trim() }
    : { name: pair.slice(0, at).trim(), value: pair.slice(at + 1).trim() };
}

function attribute(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text.trim().toLowerCase(), ''] : [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
}

function isAcceptable(cookie: Cookie, url: URL, pathAttribute: string): boolean {
  if (!domainMatches(cookie, url.hostname)) return false;
  if (cookie.secure && !isTrustworthy(url)) return false;
  if (cookie.sameSite === 'none' && !cookie.secure) return false;
  const name = cookie.name.toLowerCase();
  if (name.startsWith('__secure-')) return cookie.secure;
  if (name.startsWith('__host-')) return cookie.secure && cookie.hostOnly && pathAttribute === '/';
  return true;
}

/** Browsers treat a cookie without SameSite as Lax. */
function sameSiteOf(value: string | undefined): Cookie['sameSite'] {
  const known = value?.toLowerCase();
  return known === 'strict' || known === 'none' ? known : 'lax';
}

/** Max-Age (seconds) wins over Expires; a date that cannot be parsed is ignored. */
function expiryOf(attributes: Map<string, string>, now: number): number | undefined {
  const maxAge = attributes.get('max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return now + Number(maxAge) * 1000;
  const date = Date.parse(attributes.get('expires') ?? '');
  return Number.isNaN(date) ? undefined : date;
}

function isExpired(cookie: Cookie, now: number): boolean {
  return cookie.expires !== undefined && cookie.expires <= now;
}

function isSameCookie(a: Cookie, b: Cookie): boolean {
  return a.name === b.name && a.domain === b.domain && a.hostOnly === b.hostOnly && a.path === b.path;
}

function domainMatches(cookie: Cookie, host: string): boolean {
  if (host === cookie.domain) return true;
  return !cookie.hostOnly && host.endsWith(`.${cookie.domain}`) && !/^[\d.]+$|^\[/.test(host);
}

function pathMatches(path: string, requested: string): boolean {
  if (requested === path) return true;
  return requested.startsWith(path.endsWith('/') ? path : `${path}/`);
}

function defaultPath(pathname: string): string {
  const end = pathname.lastIndexOf('/');
  return end <= 0 ? '/' : pathname.slice(0, end);
}

function siteAllows(cookie: Cookie, { site, method }: SendingContext): boolean {
  if (site !== 'cross-site' || cookie.sameSite === 'none') return true;
  return cookie.sameSite === 'lax' && (method === 'GET' || method === 'HEAD');
}

/** https, or a loopback address: there Chromium and Firefox accept and send Secure cookies over http too. */
export function isTrustworthy(url: URL): boolean {
  if (url.protocol === 'https:') return true;
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
}
