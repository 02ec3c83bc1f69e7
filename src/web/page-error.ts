/** Errors that a person sees as a page; what the page says is in the locale files, by kind. */
import type { ErrorKind } from './views.ts';

const STATUS: Readonly<Record<ErrorKind, number>> = {
  unknown_client: 400,
  invalid_client_metadata: 400,
  invalid_redirect_uri: 400,
  invalid_request: 400,
  expired_request: 400,
  other_browser: 400,
  forged_form: 403,
  not_allowed: 403,
  github_denied: 403,
  github_account: 403,
  github_suspended: 503,
  github_unreachable: 503,
  github_misconfigured: 500,
  too_many_requests: 429,
  unavailable: 503,
  not_found: 404,
  internal: 500,
};

export class PageError extends Error {
  override readonly name = 'PageError';
  readonly kind: ErrorKind;
  readonly status: number;
  /** In the protocol's terms, for developers; shown on the page and logged. */
  readonly description: string | undefined;
  readonly clientName: string | undefined;
  readonly login: string | undefined;
  /** Where the answer can be carried to the client. */
  readonly continueUrl: string | undefined;
  readonly uiLocales: string | undefined;
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(
    kind: ErrorKind,
    options: {
      description?: string;
      clientName?: string;
      login?: string;
      continueUrl?: string;
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
    this.continueUrl = options.continueUrl;
    this.uiLocales = options.uiLocales;
    this.retryAfter = options.retryAfter;
  }
}
