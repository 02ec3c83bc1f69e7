/**
 * The views: what each page for people is told. Pages know nothing else; templates escape everything.
 * Texts are in the locale files under templates/, chosen by the person's language.
 */

/** Languages the pages speak. */
export type Locale = 'en' | 'ja';

/** A scope as a person sees it: GitHub's name beside the words of the locale file. */
export interface ScopeView {
  readonly name: string;
}

export interface ConsentView {
  readonly clientName: string;
  /** Home page of the client, shown as text. */
  readonly clientUri?: string;
  /** Host of the client metadata document, when this request proves that the client stands there. */
  readonly verifiedDomain?: string;
  /** Where the answer goes: the host of an https redirect, `localhost` and its port, or the scheme of an app. */
  readonly redirectHost: string;
  readonly redirectKind: 'https' | 'loopback' | 'app';
  readonly scopes: readonly ScopeView[];
  /** GitHub scopes that the bridge asks for itself (for example `read:org` for its policy), not given to the client. */
  readonly policyScopes: readonly ScopeView[];
  /** The resource, when it is another server than this bridge. */
  readonly otherResource?: string;
  /** Host of this bridge. */
  readonly bridgeHost: string;
  /** Host of GitHub, `github.com` or an Enterprise Server. */
  readonly githubHost: string;
  /** Whether this consent may be remembered for next time. */
  readonly rememberable: boolean;
  /** Hidden fields of the form, posted to /consent with `decision` = `allow` or `deny` (and `remember` = `1`). */
  readonly fields: Readonly<Record<string, string>>;
}

/** Why a person sees an error page; each has a title, what happened and what to do next in the locale files. */
export type ErrorKind =
  | 'unknown_client'
  | 'invalid_client_metadata'
  | 'invalid_redirect_uri'
  | 'invalid_request'
  | 'expired_request'
  | 'other_browser'
  | 'forged_form'
  | 'not_allowed'
  | 'github_denied'
  | 'github_account'
  | 'github_suspended'
  | 'github_unreachable'
  | 'github_misconfigured'
  | 'too_many_requests'
  | 'unavailable'
  | 'not_found'
  | 'internal';

export interface ErrorView {
  readonly kind: ErrorKind;
  /** Finds the log line. */
  readonly reference: string;
  /** What was wrong in the protocol's terms, for developers (English). */
  readonly description?: string;
  /** The GitHub login that was refused, for `not_allowed`. */
  readonly login?: string;
  /** Seconds to wait, for `too_many_requests` and `unavailable`. */
  readonly retryAfter?: number;
  /** Where the person can carry the answer back to the client, when there is such an address. */
  readonly continueUrl?: string;
  readonly clientName?: string;
  readonly githubHost: string;
}

/** Sends the answer to an app's private-use scheme and says that the window can be closed. */
export interface ReturnView {
  readonly clientName: string;
  readonly url: string;
  readonly success: boolean;
}

export interface LandingView {
  readonly issuer: string;
  readonly bridgeHost: string;
  readonly githubHost: string;
  readonly mcpUrl: string;
  readonly sseUrl: string;
  readonly tools: readonly { readonly name: string; readonly title: string; readonly scopes: readonly string[] }[];
  /** True for `npm run demo`: GitHub is simulated. */
  readonly simulated: boolean;
}

export interface SessionView {
  /** Value of the form field `session` that names it. */
  readonly session: string;
  readonly clientName: string;
  readonly redirectHost: string;
  readonly scopes: readonly ScopeView[];
  readonly resource?: string;
  /** Epoch seconds. */
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly expiresAt: number;
}

export interface AccountView {
  /** Absent: the page offers to sign in. */
  readonly person?: { readonly login: string; readonly name?: string; readonly admin: boolean };
  readonly sessions: readonly SessionView[];
  /** What was just done: `disconnected`, `disconnected_all`, `signed_out`. */
  readonly notice?: 'disconnected' | 'disconnected_all' | 'signed_out';
  /** Hidden field of every form on the page. */
  readonly csrf: string;
  readonly githubHost: string;
  /** Where GitHub lists the app, to revoke it there too. */
  readonly githubSettingsUrl: string;
}

/** Sessions of everybody, for administrators. */
export interface AdminView {
  readonly query: string;
  readonly people: readonly {
    readonly login: string;
    readonly id: number;
    readonly sessions: readonly SessionView[];
  }[];
  /** Whether more people follow than are shown. */
  readonly more: boolean;
  readonly notice?: 'disconnected';
  readonly csrf: string;
}
