/**
 * Cookies: HttpOnly, `__Host-` and Secure on https, plain names on http loopback. Some carry sealed values that only
 * this server reads.
 * @see RFC 6265bis section 4.1.3
 */
import type Koa from 'koa';
import { SealBroken, type Secrets } from './secrets.ts';

interface CookieOptions {
  readonly sameSite: 'lax' | 'strict';
  /** Seconds. */
  readonly maxAge: number;
}

export interface Cookies {
  get(ctx: Koa.Context, name: string): string | undefined;
  set(ctx: Koa.Context, name: string, value: string, options: CookieOptions): void;
  clear(ctx: Koa.Context, name: string): void;
  /** Reads what {@link setSealed} wrote, until its time is over; undefined for anything else. */
  getSealed(ctx: Koa.Context, name: string): string | undefined;
  setSealed(ctx: Koa.Context, name: string, value: string, options: CookieOptions): void;
}

/**
 * @param https whether the public address is https
 * @param now epoch seconds
 */
export function createCookies(https: boolean, secrets: Secrets, now: () => number): Cookies {
  const full = (name: string) => (https ? `__Host-${name}` : `bridge-${name}`);
  const write = (
    ctx: Koa.Context,
    name: string,
    value: string | null,
    options: { sameSite: 'lax' | 'strict'; maxAge: number },
  ) => {
    // The connection may be plain behind a proxy; the public address decides.
    ctx.cookies.secure = https;
    ctx.cookies.set(full(name), value, {
      httpOnly: true,
      path: '/',
      secure: https,
      sameSite: options.sameSite,
      maxAge: options.maxAge * 1000,
      overwrite: true,
    });
  };
  const cookies: Cookies = {
    get: (ctx, name) => readCookie(ctx.get('cookie'), full(name)),
    set: (ctx, name, value, options) => write(ctx, name, value, options),
    clear: (ctx, name) => write(ctx, name, null, { sameSite: 'lax', maxAge: 0 }),
    getSealed(ctx, name) {
      const sealed = cookies.get(ctx, name);
      if (sealed === undefined) return undefined;
      try {
        const [expires = '', ...value] = secrets.open(sealed, `cookie:${name}`).split(' ');
        return Number(expires) > now() ? value.join(' ') : undefined;
      } catch (error) {
        if (error instanceof SealBroken) return undefined;
        throw error;
      }
    },
    setSealed: (ctx, name, value, options) =>
      write(ctx, name, secrets.seal(`${now() + options.maxAge} ${value}`, `cookie:${name}`), options),
  };
  return cookies;
}

/** Read by hand: the library that Koa uses keeps a regular expression for every name it was ever asked for. */
function readCookie(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name)
      return pair
        .slice(at + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1');
  }
  return undefined;
}
