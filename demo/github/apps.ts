/**
 * The apps registered at the simulated GitHub, and the rule about the redirect URIs that each may use.
 *
 * @see https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#redirect-urls
 */

export interface SimulatedApp {
  kind: 'oauth-app' | 'github-app';
  name: string;
  clientId: string;
  clientSecret: string;
  /** The registered callbacks; the first one is the default. */
  callbackUrls: string[];
  /**
   * Whether tokens expire. Default: true for a GitHub App; false for an OAuth App, which can request `offline_access`
   * to get expiring tokens.
   */
  expiringTokens?: boolean;
  /** Lifetime of an expiring access token in seconds; default: 28800, as at GitHub. */
  accessTokenSeconds?: number;
  /** Lifetime of a refresh token in seconds; default: 15897600, as at GitHub. */
  refreshTokenSeconds?: number;
  suspended?: boolean;
  /** Permissions of a GitHub App, which has no scopes. `contents` makes private repositories visible. */
  permissions?: ('email_addresses' | 'members' | 'contents' | 'profile' | 'issues' | 'gists')[];
  /** Where the webhook of a GitHub App about revoked authorizations is sent. */
  webhook?: { url: string; secret: string };
}

export const ACCESS_TOKEN_SECONDS = 28_800;
export const REFRESH_TOKEN_SECONDS = 15_897_600;

const LOOPBACK_HOSTS = new Set(['127.0.0.1', '[::1]', 'localhost']);

/**
 * The redirect URI of an authorization request: the requested one if it is allowed, or the first registered callback if
 * none was requested.
 * @returns undefined when the requested one matches no registered callback
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
  // A GitHub App must use its callbacks exactly. An OAuth App may also use sub-domains and sub-paths of its callbacks.
  if (app.kind === 'github-app') {
    return loopback && callback.pathname === requested.pathname && callback.search === requested.search;
  }
  const sameHost = requested.hostname === callback.hostname || requested.hostname.endsWith(`.${callback.hostname}`);
  const below = callback.pathname.endsWith('/') ? callback.pathname : `${callback.pathname}/`;
  return sameHost && (requested.pathname === callback.pathname || requested.pathname.startsWith(below));
}
