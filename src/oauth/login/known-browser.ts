/**
 * What a browser is known by, in one sealed cookie: who logged in last in it, and the clients that this person connected in
 * it (design decisions 11 and 14). The entries are bound to the person: on http loopback, where cookies know no ports, the
 * server of another port can plant its own cookie, but nobody else's.
 */
import type Koa from 'koa';
import type { Cookies } from '../../security/cookies.ts';
import { hashToken } from '../../security/secrets.ts';
import type { AuthorizationRequest } from '../../store/records.ts';

const COOKIE = 'person';
/** Seconds. */
const COOKIE_TTL = 90 * 86400;
/** Clients in the cookie, which a browser limits to 4 KB; the one connected longest ago is dropped for a new one. */
const MAX_CLIENTS = 50;

type Connection = Pick<AuthorizationRequest, 'clientId' | 'redirectUri'>;

export interface KnownBrowsers {
  /** The tag of the person who logged in last in this browser. */
  person(ctx: Koa.Context): string | undefined;
  /** Whether a person connected a client in this browser before, at this redirect URI. */
  hasConnected(ctx: Koa.Context, person: string, connection: Connection): boolean;
  /** Remembers that a person connected a client. */
  remember(ctx: Koa.Context, person: string, connection: Connection): void;
}

/** Creates the reader and writer of that cookie. */
export function createKnownBrowsers(cookies: Cookies): KnownBrowsers {
  function read(ctx: Koa.Context): { person: string | undefined; entries: string[] } {
    const [person, ...entries] = cookies.getSealed(ctx, COOKIE)?.split(' ') ?? [];
    return { person, entries };
  }

  return {
    person: (ctx) => read(ctx).person,
    hasConnected: (ctx, person, connection) => read(ctx).entries.includes(entryOf(person, connection)),
    remember(ctx, person, connection) {
      const before = read(ctx);
      const entry = entryOf(person, connection);
      const others = before.person === person ? before.entries.filter((other) => other !== entry) : [];
      const value = [person, entry, ...others.slice(0, MAX_CLIENTS - 1)].join(' ');
      cookies.setSealed(ctx, COOKIE, value, { sameSite: 'lax', maxAge: COOKIE_TTL });
    },
  };
}

/** 96 bits of a hash: enough to tell the clients of one person apart. */
function entryOf(person: string, { clientId, redirectUri }: Connection): string {
  return hashToken(JSON.stringify([person, clientId, redirectUri])).slice(0, 16);
}
