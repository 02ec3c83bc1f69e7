/**
 * GitHub's client library with its retry and throttling plugins, for `api.ts`. This module is loaded at the first call,
 * because a start does not need the library.
 */
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { Octokit as OctokitBase } from '@octokit/rest';
import type { ApiRequest, ApiResponse, GithubClient } from './api-call.ts';

const Octokit = OctokitBase.plugin(retry, throttling);

/** Retries of a read that GitHub did not answer, or answered 5xx. */
const RETRIES = 2;
/** Milliseconds before the first retry; the plugin multiplies them by the square of the number of the retry. */
const RETRY_BASE_DELAY = 250;
/** A call waits for a rate limit if the wait is at most this many seconds. */
const MAX_RATE_LIMIT_WAIT = 2;
/** Answers that mean the same again: 304, and every refusal. */
const NOT_RETRIED = [304, ...Array.from({ length: 100 }, (_, index) => 400 + index)];

interface ClientOptions {
  readonly apiUrl: string;
  /**
   * Calls with the same id are throttled together, as GitHub recommends for one user. The plugin keeps its state in the
   * module and deletes that of an id after two minutes without calls.
   */
  readonly throttleId: string;
  /** Answers a request; every request of the client comes here first. */
  readonly answer: (request: ApiRequest) => Promise<ApiResponse>;
}

/** Creates a client, which belongs to one caller. This takes about 50 microseconds. */
export function createClient({ apiUrl, throttleId, answer }: ClientOptions): GithubClient {
  // At most one repetition, and only after GitHub said that it did not do what was asked.
  const waitShortly = (retryAfter: number, _options: object, _octokit: object, retryCount: number) =>
    retryAfter <= MAX_RATE_LIMIT_WAIT && retryCount === 0;
  const octokit = new Octokit({
    baseUrl: apiUrl,
    userAgent: 'mcp-github-bridge',
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    throttle: { id: throttleId, onRateLimit: waitShortly, onSecondaryRateLimit: waitShortly },
    retry: { retries: RETRIES, retryAfterBaseValue: RETRY_BASE_DELAY, doNotRetry: NOT_RETRIED },
  });
  // The hook that is added last is the outermost: the plugins run inside of it.
  octokit.hook.wrap('request', (send, options) =>
    answer({ send: () => send(options), options, ...octokit.request.endpoint.parse(options) }),
  );
  return octokit;
}

function ignore(): void {}
