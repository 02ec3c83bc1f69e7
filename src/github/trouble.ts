/**
 * What an error of GitHub's API means: either the token is dead (`BadCredentials`, and `CredentialDead` once its sessions
 * have ended), or the call failed for another reason and the session goes on (`GithubTrouble`).
 */

/** A call failed, but the session is not affected: GitHub limits requests, is unavailable, or refuses this resource. */
export class GithubTrouble extends Error {
  override readonly name = 'GithubTrouble';
  readonly kind: 'rate_limited' | 'unavailable' | 'forbidden' | 'not_found';
  /** Seconds after which to try again; undefined when trying again does not help. */
  readonly retryAfter: number | undefined;

  constructor(kind: GithubTrouble['kind'], message: string, options: { retryAfter?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.retryAfter = options.retryAfter;
  }
}

/** GitHub answered 401: the token is dead. */
export class BadCredentials extends Error {
  override readonly name = 'BadCredentials';
}

/** GitHub does not accept the credential any more; the grants that used it have ended. */
export class CredentialDead extends Error {
  override readonly name = 'CredentialDead';
}

/** The trouble of a call whose credential GitHub did not renew. @param cause `retryAfter` as in {@link GithubTrouble} */
export function notRenewed(cause: Error & { readonly retryAfter: number | undefined }): GithubTrouble {
  const { retryAfter = DEFAULT_RETRY_AFTER } = cause;
  return new GithubTrouble('unavailable', 'GitHub could not renew the access; the session is kept', {
    retryAfter,
    cause,
  });
}

/** Seconds after which to try again when GitHub does not answer as it should, and does not say for how long. */
const DEFAULT_RETRY_AFTER = 30;
/** Seconds to wait after a rate limit without a time; GitHub's documentation says at least one minute. */
const DEFAULT_LIMIT_WAIT = 60;

/**
 * Translates an error of Octokit.
 * @param now epoch seconds
 * @see https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
 */
export function githubError(error: unknown, now: number): GithubTrouble | BadCredentials {
  const { status, headers, body } = responseOf(error);
  // Only a 401 of GitHub itself means that the token is dead. GitHub answers JSON; a 401 of a proxy is usually HTML.
  if (status === 401 && isJson(body)) return new BadCredentials('GitHub answered 401', { cause: error });
  const retryAfter = Number(headers['retry-after']) || 0;
  if (status === 429 || (status === 403 && isLimit(headers, retryAfter, error))) {
    const reset = Number(headers['x-ratelimit-reset']) || 0;
    const untilReset = reset > 0 ? Math.max(1, Math.ceil(reset - now)) : DEFAULT_LIMIT_WAIT;
    return new GithubTrouble('rate_limited', 'GitHub limits the requests of this account for now', {
      retryAfter: retryAfter > 0 ? retryAfter : untilReset,
      cause: error,
    });
  }
  if (status === 403 || status === 451)
    return new GithubTrouble('forbidden', `GitHub refused: ${messageOf(error)}`, { cause: error });
  if (status === 404 || status === 410)
    return new GithubTrouble('not_found', 'GitHub knows no such thing, or does not show it to this account', {
      cause: error,
    });
  return new GithubTrouble('unavailable', unavailableMessage(status, error), {
    retryAfter: retryAfter > 0 ? retryAfter : DEFAULT_RETRY_AFTER,
    cause: error,
  });
}

/** The HTTP status in an error of Octokit; undefined when GitHub did not answer. */
export function statusOf(error: unknown): number | undefined {
  return responseOf(error).status;
}

/**
 * Whether a body that Octokit read is an object or a list, as every JSON answer of GitHub's API is. Octokit gives an
 * ArrayBuffer for a type that is neither JSON nor text.
 */
export function isJson(body: unknown): boolean {
  return isObject(body) && !(body instanceof ArrayBuffer);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** The message for an answer, or a missing answer, that says nothing about the token or the resource. */
function unavailableMessage(status: number | undefined, error: unknown): string {
  if (status !== undefined && status >= 500) return `GitHub has a problem of its own (${status})`;
  if (status !== undefined) return `GitHub did not answer as it should (${status})`;
  return error instanceof Error && error.name === 'AbortError'
    ? 'GitHub did not answer in time'
    : 'GitHub cannot be reached';
}

/**
 * Whether a 403 is a rate limit: the primary limit is used up, or GitHub says so by `Retry-After` or in its message.
 */
function isLimit(headers: Headers, retryAfter: number, error: unknown): boolean {
  return headers['x-ratelimit-remaining'] === '0' || retryAfter > 0 || /rate limit/i.test(messageOf(error));
}

type Headers = Readonly<Record<string, string | undefined>>;

/**
 * GitHub's answer in an error of Octokit. Octokit sets the status 500 for a connection that failed; such an error has
 * no `response`, and the result has no status.
 */
function responseOf(error: unknown): { status: number | undefined; headers: Headers; body: unknown } {
  const response: unknown = error instanceof Error && 'response' in error ? error.response : undefined;
  if (!isObject(response) || !('status' in response) || typeof response.status !== 'number')
    return { status: undefined, headers: {}, body: undefined };
  const headers = 'headers' in response && isObject(response.headers) ? Object.entries(response.headers) : [];
  return {
    status: response.status,
    headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
    body: 'data' in response ? response.data : undefined,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
