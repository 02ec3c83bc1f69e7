/**
 * The views: the input of each page. Pages know nothing else, and templates escape everything. Texts are in the locale
 * files under templates/locales/.
 */
import type { UpstreamCredential } from '../config/upstreams.ts';

export type { Locale } from './locale.ts';

/** What every page has beside its view. */
export interface PageControls {
  /** The page, sealed, for the forms that show it in another language or time zone; without it there are none. */
  readonly again?: string;
  /** The time zone that the person chose, by its name in the IANA database. */
  readonly timeZone?: string;
}

/** A scope. The page shows its name and its description from the locale file. */
export interface ScopeView {
  readonly name: string;
}

/** A scope on the consent page. */
export interface AskedScopeView extends ScopeView {
  /** Whether the person may leave it out. */
  readonly optional: boolean;
  /** Whether the person did not give it to this app before, as far as this browser knows. */
  readonly isNew: boolean;
  /** Whether the person had left it out when the page was asked for in another language. */
  readonly unticked?: boolean;
}

/** An MCP server behind the bridge: it gets the calls. */
export interface RecipientView {
  /** Absent when the operator removed the server, or put another in its place, since the person consented. */
  readonly title?: string;
  readonly host: string;
  /** What it gets of the person with each call. */
  readonly credential: UpstreamCredential;
}

export interface ConsentView {
  readonly clientName: string;
  /** Home page of the client, shown as text. */
  readonly clientUri?: string;
  /** Host of the client metadata document, when the redirect is https and so proves the domain (design decision 13). */
  readonly verifiedDomain?: string;
  /** Where the answer goes: the host of an https redirect, a loopback host with its port, or the scheme of an app. */
  readonly redirectHost: string;
  readonly redirectKind: 'https' | 'loopback' | 'app';
  /** Whether a page of somebody else led here, although the answer goes to a program of this device. */
  readonly isOdd: boolean;
  readonly scopes: readonly AskedScopeView[];
  /** GitHub scopes that the bridge requests for its policy (`read:org`); the client does not get them. */
  readonly policyScopes: readonly AskedScopeView[];
  /** The MCP server that will get the calls, when the token is for one behind the bridge. */
  readonly recipient?: RecipientView;
  /** Whether that server gets a token that the permissions of a GitHub App limit, not the scopes. */
  readonly tokenOfGithubApp?: boolean;
  /** The resource that the token is for, when it is one of `RESOURCES`. */
  readonly otherResource?: string;
  /** The id of the login. */
  readonly reference: string;
  /** Host of GitHub, `github.com` or an Enterprise Server. */
  readonly githubHost: string;
  /** Whether the page offers to remember the consent. */
  readonly rememberable: boolean;
  /** Whether the person had ticked that when the page was asked for in another language. */
  readonly remember?: boolean;
  /** Hidden fields of the form to /consent, beside `decision` (`allow`, `deny`), `remember` and `scope:NAME` (`1` when ticked). */
  readonly fields: Readonly<Record<string, string>>;
}

/** The page on which the person confirms a login, on http. */
export interface ConnectView
  extends Pick<ConsentView, 'clientName' | 'redirectHost' | 'redirectKind' | 'recipient' | 'reference' | 'githubHost'> {
  /** The GitHub login of the person. */
  readonly login: string;
  /** Hidden fields of the form, posted to /connect with `decision` = `connect` or `another`. */
  readonly fields: Readonly<Record<string, string>>;
}

/** A form of hidden fields: a button sends it. */
export interface FormView {
  readonly method: 'get' | 'post';
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  /** What its button says. */
  readonly button: 'another' | 'startAgain';
}

/** Why a person sees an error page; each has a title, what happened and what to do next in the locale files. */
export type ErrorKind =
  | 'unknown_client'
  | 'invalid_client_metadata'
  | 'client_unreachable'
  | 'invalid_redirect_uri'
  | 'invalid_request'
  | 'expired_request'
  | 'finished'
  | 'other_browser'
  | 'no_cookies'
  | 'forged_form'
  | 'not_allowed'
  | 'github_denied'
  | 'github_account'
  | 'github_suspended'
  | 'github_unreachable'
  | 'github_rate_limited'
  | 'github_misconfigured'
  | 'too_many_requests'
  | 'unavailable'
  | 'not_found'
  | 'internal';

export interface ErrorView {
  readonly kind: ErrorKind;
  /** The id of the login, or else the reference of the request: what the operator is told. */
  readonly reference: string;
  /** The problem in OAuth terms, for developers, in English. */
  readonly description?: string;
  /** The GitHub login that was refused, for `not_allowed`, or that was connected, for `finished`. */
  readonly login?: string;
  /** Seconds to wait, for `too_many_requests`, `unavailable` and `client_unreachable`. */
  readonly retryAfter?: number;
  /** The end of that wait in epoch seconds, when it is long. */
  readonly retryAt?: number;
  /** The client's address with the error response, when the error can be sent to the client. */
  readonly continueUrl?: string;
  /** A form that begins the same login again, or with another account. */
  readonly form?: FormView;
  readonly clientName?: string;
  readonly githubHost: string;
}

/** The page whose button opens an app by its private-use scheme. */
export interface ReturnView {
  readonly clientName: string;
  /** The app's address with the authorization response. */
  readonly url: string;
  /** Whether the response has a code; false for an error. */
  readonly success: boolean;
  /** The GitHub login of the person, when the response has a code. */
  readonly login?: string;
}

/** An MCP server that clients can connect to at this bridge. */
export interface ServerView {
  /** Its name in the configuration of a client: letters, digits and `-`. */
  readonly name: string;
  readonly url: string;
  /** Its address for the older transport HTTP+SSE; absent where that is not served. */
  readonly sseUrl?: string;
  /** What stands behind the bridge at this address; absent for the built-in tools. */
  readonly recipient?: RecipientView;
}

export interface LandingView {
  readonly issuer: string;
  readonly githubHost: string;
  /** The first is the one at `/mcp`. */
  readonly servers: readonly [ServerView, ...ServerView[]];
  /** The built-in tools; none when another MCP server stands in their place. */
  readonly tools: readonly { readonly name: string; readonly title: string; readonly scopes: readonly string[] }[];
  /** True for `npm run demo`: GitHub is simulated. */
  readonly simulated: boolean;
  /** Whether this is not the front page, but the address of the MCP server, opened in a browser. */
  readonly opened?: boolean;
}

export interface SessionView {
  /** The name of the session (its `sid`), for the form field `session`. */
  readonly session: string;
  readonly clientName: string;
  readonly redirectHost: string;
  readonly scopes: readonly ScopeView[];
  /** The MCP server behind the bridge that gets its calls. */
  readonly recipient?: RecipientView;
  /** The resource of its tokens, when there is no recipient and another resource is thinkable. */
  readonly resource?: string;
  /** This, and the two below: epoch seconds. */
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly expiresAt: number;
}

export interface AccountView {
  /** The person who is signed in; when absent, the page offers to sign in. */
  readonly person?: { readonly login: string; readonly name?: string; readonly admin: boolean };
  readonly sessions: readonly SessionView[];
  /** What the previous request did. */
  readonly notice?: 'disconnected' | 'disconnected_all' | 'signed_out';
  readonly ended?: string; // the name of the app that was disconnected
  /** Epoch seconds. */
  readonly now: number;
  /** Value of the hidden field `csrf` of every form on the page. */
  readonly csrf: string;
  readonly githubHost: string;
  /** The page at GitHub on which the person can revoke the app. */
  readonly githubSettingsUrl: string;
}

/** The orders of the administrators' page. */
export const ADMIN_SORTS = ['login', 'created', 'last-used'] as const;
/** What the previous request of an administrator did. */
export const ADMIN_NOTICES = ['disconnected', 'ended_all', 'blocked', 'unblocked', 'not_yourself'] as const;

/** People and their sessions, for administrators. */
export interface AdminView {
  /** The text that was searched for; empty for everybody. */
  readonly query: string;
  readonly sort: (typeof ADMIN_SORTS)[number];
  /** Whether only blocked people are listed. */
  readonly blocked: boolean;
  readonly people: readonly {
    /** Absent for a person who was never here. */
    readonly login?: string;
    readonly id: number;
    readonly sessions: readonly SessionView[];
    readonly block?: { readonly reason?: string; readonly blockedAt: number };
    /** Whether it is the administrator who looks at the page. */
    readonly self?: boolean;
  }[];
  /** All that is stored, as of about an hour ago. */
  readonly counts: { readonly people: number; readonly sessions: number };
  /** The address of the next page; absent on the last. */
  readonly next?: string;
  readonly notice?: (typeof ADMIN_NOTICES)[number];
  readonly ended?: string; // the name of the app that was disconnected
  /** Epoch seconds. */
  readonly now: number;
  /** Hidden fields of every form, so that it leads back to this page. */
  readonly fields: Readonly<Record<string, string>>;
  readonly csrf: string;
}

/** The view of each page, by the name of the page. */
export interface Views {
  readonly consent: ConsentView;
  readonly connect: ConnectView;
  readonly error: ErrorView;
  readonly returning: ReturnView;
  readonly landing: LandingView;
  readonly account: AccountView;
  readonly admin: AdminView;
}
