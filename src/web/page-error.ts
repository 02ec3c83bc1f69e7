/** `PageError`: an error that a person sees as a page. The text of the page is in the locale files, by kind. */
import type { ErrorKind, FormView } from './views.ts';

/** HTTP status of each kind. */
const STATUS: Readonly<Record<ErrorKind, number>> = {
  unknown_client: 400,
  invalid_client_metadata: 400,
  client_unreachable: 503,
  invalid_redirect_uri: 400,
  invalid_request: 400,
  expired_request: 400,
  finished: 400,
  other_browser: 400,
  no_cookies: 400,
  forged_form: 403,
  not_allowed: 403,
  github_denied: 403,
  github_account: 403,
  github_suspended: 503,
  github_unreachable: 503,
  github_rate_limited: 503,
  github_misconfigured: 500,
  too_many_requests: 429,
  unavailable: 503,
  not_found: 404,
  internal: 500,
};

/** An error that is answered with a page. */
export class PageError extends Error {
  override readonly name = 'PageError';
  readonly kind: ErrorKind;
  readonly status: number;
  /** The problem in OAuth terms, for developers; shown on the page and logged. */
  readonly description: string | undefined;
  readonly clientName: string | undefined;
  /** The GitHub login that was refused, or that was connected. */
  readonly login: string | undefined;
  /** The OAuth error, for a program that asks for JSON; by default the one that fits the status. */
  readonly code: string | undefined;
  /** The client's address with the error response, to which the page has a button. */
  readonly continueUrl: string | undefined;
  /** A form that begins the same login again, or with another account. */
  readonly form: FormView | undefined;
  readonly uiLocales: string | undefined;
  /** Seconds after which to try again. */
  readonly retryAfter: number | undefined;

  constructor(
    kind: ErrorKind,
    options: {
      description?: string;
      clientName?: string;
      login?: string;
      code?: string;
      continueUrl?: string;
      form?: FormView;
      uiLocales?: string;
      retryAfter?: number;
      /** When it is not the usual one of the kind. */
      status?: number;
      cause?: unknown;
    } = {},
  ) {
    super(`${kind}${options.description === undefined ? '' : `: ${options.description}`}`, { cause: options.cause });
    this.kind = kind;
    this.status = options.status ?? STATUS[kind];
    this.description = options.description;
    this.clientName = options.clientName;
    this.login = options.login;
    this.code = options.code;
    this.continueUrl = options.continueUrl;
    this.form = options.form;
    this.uiLocales = options.uiLocales;
    this.retryAfter = options.retryAfter;
  }
}
