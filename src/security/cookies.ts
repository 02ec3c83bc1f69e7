/**
 * Cookies: always HttpOnly; on https Secure with the name prefix `__Host-`, on http loopback with the prefix `bridge-`.
 * Some values are sealed, so that only this server can read them.
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
  /** Reads a value that {@link setSealed} wrote; undefined when it has expired or does not open. */
  getSealed(ctx: Koa.Context, name: string): string | undefined;
  /** Sets a cookie whose value is sealed together with its expiry. */
  setSealed(ctx: Koa.Context, name: string, value: string, options: CookieOptions): void;
}

/**
 * Creates the cookies of one server.
 * @param https whether `PUBLIC_URL` is https
 * @param now returns epoch seconds
 */
export function createCookies(https: boolean, secrets: Secrets, now: () => number): Cookies {
  const full = (name: string) => (https ? `__Host-${name}` : `bridge-${name}`);
  const write = (
    ctx: Koa.Context,
    name: string,
    value: string | null,
    options: { sameSite: 'lax' | 'strict'; maxAge: number },
  ) => {
    // Behind a proxy the connection may be http; the scheme of PUBLIC_URL decides.
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

/**
 * Parses the Cookie header without Koa's library, which keeps one regular expression in memory for every cookie name
 * that it was ever asked for; our names contain login ids.
 */
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
