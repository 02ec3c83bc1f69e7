/**
 * What an error of GitHub's API means: either the token is dead (`BadCredentials`, and `CredentialDead` once its sessions
 * have ended), or the call failed for another reason and the session goes on (`GithubTrouble`).
 */
import { graphqlRefusal, refusalWords } from './refusal-words.ts';

/** An answer of GitHub's API, as Octokit read it. */
export interface GithubResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  /** The parsed body. */
  readonly data: unknown;
}

interface TroubleOptions {
  readonly retryAfter?: number;
  readonly cause?: unknown;
  readonly response?: GithubResponse;
}

/**
 * A call failed, but the session is not affected: GitHub limits requests, is unavailable, or refuses this request. The
 * message is for a person, without the last full stop.
 */
export class GithubTrouble extends Error {
  override readonly name = 'GithubTrouble';
  /** Whether GitHub limits the requests, does not answer as it should, refuses this, does not have it, or cannot use it. */
  readonly kind: 'rate_limited' | 'unavailable' | 'forbidden' | 'not_found' | 'invalid';
  /** Seconds after which to try again; undefined when trying again does not help, or might do something twice. */
  readonly retryAfter: number | undefined;
  /** GitHub's answer; undefined when there is none. */
  readonly response: GithubResponse | undefined;
  /** The status of GitHub's answer. */
  readonly status: number | undefined;

  constructor(kind: GithubTrouble['kind'], message: string, options: TroubleOptions = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.retryAfter = options.retryAfter;
    this.response = options.response;
    this.status = options.response?.status;
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

/** What the error of a call depends on. */
export interface Call {
  /** Whether it may change something at GitHub. */
  readonly isWrite: boolean;
  /** Whether it is of the GraphQL API, whose refusals have the status 200. */
  readonly isGraphql: boolean;
  /** Whether the answer has a body: that to a HEAD has none. */
  readonly hasBody: boolean;
  /** Whether something was sent to GitHub, so that a write may have been done. */
  wasSent: boolean;
}

/** The trouble of a call whose credential GitHub did not renew. @param cause `retryAfter` as in {@link GithubTrouble} */
export function notRenewed(cause: Error & { readonly retryAfter: number | undefined }): GithubTrouble {
  const { retryAfter = DEFAULT_RETRY_AFTER } = cause;
  return new GithubTrouble('unavailable', 'GitHub could not renew the access; the session is kept', {
    retryAfter,
    cause,
  });
}

/** The trouble of a call that GitHub refused with the old token and with the new one. */
export function refusedAgain(cause: Error): GithubTrouble {
  return new GithubTrouble('unavailable', 'GitHub refused access that it has just renewed', { retryAfter: 5, cause });
}

/** The trouble of a call that GitHub did not answer in time. */
export function tooLate(call: Call, cause?: unknown): GithubTrouble {
  if (call.isWrite && !call.wasSent) {
    const message = 'Other calls of this account were waiting for GitHub, and this one was not sent';
    return new GithubTrouble('unavailable', message, { retryAfter: DEFAULT_RETRY_AFTER, cause });
  }
  return unavailable('GitHub did not answer in time', call, { cause });
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
export function githubError(error: unknown, call: Call, now: number): GithubTrouble | BadCredentials {
  const response = responseOf(error);
  if (response === undefined) {
    return error instanceof Error && error.name === 'AbortError'
      ? tooLate(call, error)
      : unavailable('GitHub cannot be reached', call, { cause: error });
  }
  // The plugins throw some errors of the GraphQL API, whose status is 200.
  const graphql = graphqlTrouble(response, call, now);
  if (graphql !== undefined) return graphql;
  const { status, headers, data } = response;
  // Only a 401 of GitHub itself means that the token is dead. GitHub answers JSON; a 401 of a proxy is usually HTML.
  if (status === 401 && isJson(data)) return new BadCredentials('GitHub answered 401', { cause: error });
  const retryAfter = Number(headers['retry-after']) || 0;
  const words = refusalWords(data);
  if (status === 429 || (status === 403 && (retryAfter > 0 || isLimit(headers, messageOf(error)))))
    return rateLimited(response, now, error);
  const options = { cause: error, response };
  if (status === 403 || status === 451)
    return new GithubTrouble('forbidden', `GitHub refused: ${words ?? messageOf(error)}`, options);
  if (status === 404) {
    const message = 'GitHub knows no such thing, or does not let this account or this token see it';
    return new GithubTrouble('not_found', message, options);
  }
  if (status === 410) return new GithubTrouble('not_found', `GitHub refused: ${words ?? 'it is gone'}`, options);
  if (status >= 400 && status < 500 && status !== 401 && words !== undefined)
    return new GithubTrouble('invalid', `GitHub refused: ${words}`, options);
  const message =
    status >= 500 ? `GitHub has a problem of its own (${status})` : `GitHub did not answer as it should (${status})`;
  return unavailable(message, call, options, retryAfter);
}

/**
 * The trouble in an answer that Octokit takes for a success; undefined when there is none.
 * @param now epoch seconds
 */
export function troubleIn(response: GithubResponse, call: Call, now: number): GithubTrouble | undefined {
  const { status, headers, data } = response;
  if (call.isWrite && status >= 300)
    return new GithubTrouble('invalid', 'GitHub has moved this to another address, and did nothing', { response });
  const { 'content-type': type } = headers;
  if (!call.hasBody || status === 204 || status === 205 || (data === '' && type === undefined)) return undefined;
  // Some answers of GitHub are texts or files; an answer of a proxy does not have the id that GitHub gives each request.
  const isGithubs = /^application\/(?:[\w.-]+\+)?json/.test(String(type))
    ? isJson(data)
    : isJson(data) || headers['x-github-request-id'] !== undefined;
  if (!isGithubs) return unavailable('GitHub answered with something that is not JSON', call, { response });
  return graphqlTrouble(response, call, now);
}

/**
 * GitHub's answer in an error of Octokit; undefined when there is none. Octokit sets the status 500 for a connection that
 * failed; such an error has no `response`.
 */
export function responseOf(error: unknown): GithubResponse | undefined {
  const response: unknown = error instanceof Error && 'response' in error ? error.response : undefined;
  if (!isObject(response) || !('status' in response) || typeof response.status !== 'number') return undefined;
  const headers = 'headers' in response && isObject(response.headers) ? Object.entries(response.headers) : [];
  return {
    status: response.status,
    headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
    data: 'data' in response ? response.data : undefined,
  };
}

/**
 * Whether a body that Octokit read is an object or a list, as every JSON answer of GitHub's API is. Octokit gives an
 * ArrayBuffer for a type that is neither JSON nor text.
 */
export function isJson(body: unknown): boolean {
  return isObject(body) && !(body instanceof ArrayBuffer);
}

/** GitHub did not answer, or not as it should. Whoever repeats a write without looking might do it twice. */
function unavailable(message: string, { isWrite }: Call, options: TroubleOptions, retryAfter = 0): GithubTrouble {
  return isWrite
    ? new GithubTrouble(
        'unavailable',
        `${message}. It is not known whether GitHub did it: look before you try again`,
        options,
      )
    : new GithubTrouble('unavailable', message, { ...options, retryAfter: retryAfter || DEFAULT_RETRY_AFTER });
}

function rateLimited(response: GithubResponse, now: number, cause?: unknown): GithubTrouble {
  const retryAfter = Number(response.headers['retry-after']) || 0;
  const reset = Number(response.headers['x-ratelimit-reset']) || 0;
  const untilReset = reset > 0 ? Math.max(1, Math.ceil(reset - now)) : DEFAULT_LIMIT_WAIT;
  return new GithubTrouble('rate_limited', 'GitHub limits the requests of this account for now', {
    retryAfter: retryAfter > 0 ? retryAfter : untilReset,
    cause,
    response,
  });
}

/** The trouble in an answer of the GraphQL API, which has the status 200 and `errors`. */
function graphqlTrouble(response: GithubResponse, call: Call, now: number): GithubTrouble | undefined {
  const refusal = call.isGraphql && response.status === 200 ? graphqlRefusal(response.data) : undefined;
  if (refusal === undefined) return undefined;
  const { words, types } = refusal;
  if (types.includes('RATE_LIMITED')) return rateLimited(response, now);
  if (/Something went wrong while executing your query/.test(words))
    return unavailable('GitHub has a problem of its own', call, { response });
  if (types.includes('NOT_FOUND')) return new GithubTrouble('not_found', `GitHub refused: ${words}`, { response });
  const isForbidden = types.includes('FORBIDDEN') || types.includes('INSUFFICIENT_SCOPES');
  return new GithubTrouble(isForbidden ? 'forbidden' : 'invalid', `GitHub refused: ${words}`, { response });
}

/** Whether a 403 is a rate limit: the primary limit is used up, or GitHub says so in its message. */
function isLimit(headers: GithubResponse['headers'], message: string): boolean {
  return headers['x-ratelimit-remaining'] === '0' || /rate limit/i.test(message);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
