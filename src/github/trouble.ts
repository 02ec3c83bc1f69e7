/**
 * What GitHub's API may say instead of an answer, told apart: the credential is dead, or GitHub is in trouble, in plain
 * words.
 */

/** GitHub is in trouble or limits us: the session is fine, the call is not. */
export class GithubTrouble extends Error {
  override readonly name = 'GithubTrouble';
  readonly kind: 'rate_limited' | 'unavailable' | 'forbidden' | 'not_found';
  /** Seconds after which to try again, when that helps and is known. */
  readonly retryAfter: number | undefined;

  constructor(kind: GithubTrouble['kind'], message: string, options: { retryAfter?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.retryAfter = options.retryAfter;
  }
}

/** GitHub's 401: the token is dead. */
export class BadCredentials extends Error {
  override readonly name = 'BadCredentials';
}

/** Seconds after which to try again when GitHub does not say. */
const UNKNOWN_WAIT = 30;
/** Seconds GitHub asks for when it limits without saying for how long. */
const LIMITED_WAIT = 60;

/**
 * What an error of Octokit's means.
 * @param now epoch seconds
 * @see https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
 */
export function githubError(error: unknown, now: number): GithubTrouble | BadCredentials {
  const { status, headers, body } = answerIn(error);
  // Only GitHub's own 401 says anything of the token: GitHub answers JSON, a proxy in between mostly does not.
  if (status === 401 && isDocument(body)) return new BadCredentials('GitHub answered 401', { cause: error });
  const retryAfter = Number(headers['retry-after']) || 0;
  if (status === 429 || (status === 403 && isLimit(headers, retryAfter, error))) {
    const reset = Number(headers['x-ratelimit-reset']) || 0;
    const untilReset = reset > 0 ? Math.max(1, Math.ceil(reset - now)) : LIMITED_WAIT;
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
  return new GithubTrouble('unavailable', problem(status, error), {
    retryAfter: retryAfter > 0 ? retryAfter : UNKNOWN_WAIT,
    cause: error,
  });
}

/** The HTTP status of an error of Octokit's, if GitHub answered at all. */
export function statusOf(error: unknown): number | undefined {
  return answerIn(error).status;
}

/** Whether this is what GitHub's API answers: an object or a list, whatever is in it. */
export function isDocument(body: unknown): body is object {
  return typeof body === 'object' && body !== null;
}

function problem(status: number | undefined, error: unknown): string {
  if (status !== undefined && status >= 500) return `GitHub has a problem of its own (${status})`;
  if (status !== undefined) return `GitHub did not answer as it should (${status})`;
  return error instanceof Error && error.name === 'AbortError'
    ? 'GitHub did not answer in time'
    : 'GitHub cannot be reached';
}

function isLimit(headers: Headers, retryAfter: number, error: unknown): boolean {
  return headers['x-ratelimit-remaining'] === '0' || retryAfter > 0 || /rate limit/i.test(messageOf(error));
}

type Headers = Readonly<Record<string, string | undefined>>;

/**
 * GitHub's answer inside an error. Octokit gives a status of 500 to connections that failed; those have no response.
 */
function answerIn(error: unknown): { status: number | undefined; headers: Headers; body: unknown } {
  const response: unknown = error instanceof Error && 'response' in error ? error.response : undefined;
  if (!isDocument(response) || !('status' in response) || typeof response.status !== 'number')
    return { status: undefined, headers: {}, body: undefined };
  const headers = 'headers' in response && isDocument(response.headers) ? Object.entries(response.headers) : [];
  return {
    status: response.status,
    headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
    body: 'data' in response ? response.data : undefined,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
