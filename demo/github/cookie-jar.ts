/**
 * The cookies of one headless browser: kept per origin, with their paths, and deleted when they expire.
 */

interface Cookie {
  readonly value: string;
  readonly path: string;
}

export class CookieJar {
  readonly #origins = new Map<string, Map<string, Cookie>>();

  /** The Cookie header for a request, or `undefined` for none. */
  headerFor(url: URL): string | undefined {
    const cookies = [...(this.#origins.get(url.origin) ?? [])].filter(([, cookie]) =>
      covers(cookie.path, url.pathname),
    );
    return cookies.length === 0 ? undefined : cookies.map(([name, { value }]) => `${name}=${value}`).join('; ');
  }

  /** Stores the cookies that a response sets, and deletes those that it expires. */
  store(url: URL, headers: Headers): void {
    const cookies = this.#origins.get(url.origin) ?? new Map<string, Cookie>();
    this.#origins.set(url.origin, cookies);
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(/;\s*/);
      const [, name, value] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
      if (name === undefined || value === undefined) continue;
      const attribute = (wanted: string) =>
        attributes.map((text) => text.split('=')).find(([key = '']) => key.toLowerCase() === wanted)?.[1];
      const maxAge = attribute('max-age');
      const expires = attribute('expires');
      const isExpired =
        maxAge === undefined ? expires !== undefined && Date.parse(expires) <= Date.now() : Number(maxAge) <= 0;
      if (isExpired) cookies.delete(name);
      else cookies.set(name, { value, path: attribute('path') ?? '/' });
    }
  }

  /** Sends a request with the cookies of this jar, and stores those of the answer; redirects are not followed. */
  async fetch(url: URL | string, init: RequestInit = {}): Promise<Response> {
    const target = new URL(url);
    const headers = new Headers(init.headers);
    const cookie = this.headerFor(target);
    if (cookie !== undefined) headers.set('Cookie', cookie);
    const response = await fetch(target, { ...init, headers, redirect: 'manual' });
    this.store(target, response.headers);
    return response;
  }
}

function covers(cookiePath: string, path: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}
