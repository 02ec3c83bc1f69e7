/**
 * The apps registered at the simulated GitHub, and the rule that decides which redirect URIs each may use.
 *
 * @see https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#redirect-urls
 */

export interface SimulatedApp {
  kind: 'oauth-app' | 'github-app';
  name: string;
  clientId: string;
  clientSecret: string;
  /** The registered callbacks; the first is the default. */
  callbackUrls: string[];
  /** Whether tokens expire; default: true for a GitHub App, false for an OAuth App (which can ask for `offline_access`). */
  expiringTokens?: boolean;
  /** Seconds an expiring access token lives; GitHub's is 28800. */
  accessTokenSeconds?: number;
  /** Seconds a refresh token lives; GitHub's is 15897600. */
  refreshTokenSeconds?: number;
  suspended?: boolean;
  /** What a GitHub App may do for a person: scopes mean nothing to it. `contents` shows private repositories. */
  permissions?: ('email_addresses' | 'members' | 'contents' | 'profile')[];
  /** Where a GitHub App hears of revoked authorizations. */
  webhook?: { url: string; secret: string };
}

export const ACCESS_TOKEN_SECONDS = 28_800;
export const REFRESH_TOKEN_SECONDS = 15_897_600;

const LOOPBACK_HOSTS = new Set(['127.0.0.1', '[::1]', 'localhost']);

/**
 * The redirect URI that an authorization request of this app may use: the requested one when it is allowed, the first
 * registered one when none was requested, `undefined` when it matches no registered callback.
 */
export function redirectUriFor(app: SimulatedApp, requested: string | null): string | undefined {
  if (requested === null || requested === '') return app.callbackUrls[0];
  if (!URL.canParse(requested)) return undefined;
  const url = new URL(requested);
  return app.callbackUrls.some((callback) => matches(app, new URL(callback), url)) ? requested : undefined;
}

function matches(app: SimulatedApp, callback: URL, requested: URL): boolean {
  if (callback.href === requested.href) return true;
  if (requested.username !== '' || requested.password !== '' || requested.hash !== '') return false;
  if (callback.protocol !== requested.protocol) return false;
  const loopback = callback.protocol === 'http:' && LOOPBACK_HOSTS.has(callback.hostname);
  if (loopback ? callback.hostname !== requested.hostname : callback.port !== requested.port) return false;
  // GitHub Apps name their callbacks exactly; only OAuth Apps may go below theirs, by sub-domain and by path.
  if (app.kind === 'github-app') {
    return loopback && callback.pathname === requested.pathname && callback.search === requested.search;
  }
  const sameHost = requested.hostname === callback.hostname || requested.hostname.endsWith(`.${callback.hostname}`);
  const below = callback.pathname.endsWith('/') ? callback.pathname : `${callback.pathname}/`;
  return sameHost && (requested.pathname === callback.pathname || requested.pathname.startsWith(below));
}
