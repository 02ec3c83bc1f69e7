/**
 * What a browser is known by, in two sealed cookies: one has who logged in last in it, and the clients that this person
 * connected in it (design decisions 11 and 14); one has the logins that have just succeeded. The entries are bound to the person:
 * on http loopback, where cookies know no ports, the server of another port can plant its own cookie, but nobody else's.
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
const FINISHED_COOKIE = 'finished';
/** Seconds in which a login that succeeded says so to who goes back to it: as long as it could have been open. */
const FINISHED_TTL = 900;
/** Logins in that cookie, the latest ones. */
const MAX_FINISHED = 10;

type Connection = Pick<AuthorizationRequest, 'clientId' | 'redirectUri'>;

export interface KnownBrowsers {
  /** The tag of the person who logged in last in this browser. */
  person(ctx: Koa.Context): string | undefined;
  /** Whether a person connected a client in this browser before, at this redirect URI. */
  hasConnected(ctx: Koa.Context, person: string, connection: Connection): boolean;
  /** Remembers that a person connected a client. */
  remember(ctx: Koa.Context, person: string, connection: Connection): void;
  /** Notes for a while that a login succeeded, for who goes back to it. */
  finish(ctx: Koa.Context, id: string, githubLogin: string): void;
  /** The GitHub login of the person whose login of this id succeeded in this browser. */
  finishedAs(ctx: Koa.Context, id: string): string | undefined;
}

/** Creates the reader and writer of these cookies. */
export function createKnownBrowsers(cookies: Cookies): KnownBrowsers {
  function read(ctx: Koa.Context): { person: string | undefined; entries: string[] } {
    const [person, ...entries] = cookies.getSealed(ctx, COOKIE)?.split(' ') ?? [];
    return { person, entries };
  }

  const finished = (ctx: Koa.Context) => cookies.getSealed(ctx, FINISHED_COOKIE)?.split(' ') ?? [];

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
    finish(ctx, id, githubLogin) {
      const [before, ...ids] = finished(ctx);
      const others = before === githubLogin ? ids.filter((other) => other !== id) : [];
      const value = [githubLogin, id, ...others.slice(0, MAX_FINISHED - 1)].join(' ');
      cookies.setSealed(ctx, FINISHED_COOKIE, value, { sameSite: 'lax', maxAge: FINISHED_TTL });
    },
    finishedAs(ctx, id) {
      const [githubLogin, ...ids] = finished(ctx);
      return ids.includes(id) ? githubLogin : undefined;
    },
  };
}

/** 96 bits of a hash: enough to tell the clients of one person apart. */
function entryOf(person: string, { clientId, redirectUri }: Connection): string {
  return hashToken(JSON.stringify([person, clientId, redirectUri])).slice(0, 16);
}
