/** Octokit with its retry and throttling plugins, for the calls of `api.ts`. */
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { Octokit as OctokitBase } from '@octokit/rest';

const Octokit = OctokitBase.plugin(retry, throttling);

/** Retries of a call that GitHub did not answer, or answered 5xx. */
const RETRIES = 2;
/** Milliseconds before the first retry; the plugin multiplies them by the square of the number of the retry. */
const RETRY_BASE_DELAY = 250;
/** A call waits for a rate limit if the wait is at most this many seconds. */
const MAX_RATE_LIMIT_WAIT = 2;

/**
 * Creates the Octokit of one call, because an Octokit belongs to one token; this takes about 40 microseconds. The
 * throttling plugin deletes its state of an id after two minutes without calls.
 */
export function createOctokit(apiUrl: string, token: string, throttleId: string, fetch: typeof globalThis.fetch) {
  const waitShortly = (retryAfter: number, _options: object, _octokit: object, retryCount: number) =>
    retryAfter <= MAX_RATE_LIMIT_WAIT && retryCount === 0;
  return new Octokit({
    auth: token,
    baseUrl: apiUrl,
    userAgent: 'mcp-github-bridge',
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    request: { fetch },
    throttle: { id: throttleId, onRateLimit: waitShortly, onSecondaryRateLimit: waitShortly },
    retry: {
      retries: RETRIES,
      retryAfterBaseValue: RETRY_BASE_DELAY,
      doNotRetry: [304, 400, 401, 403, 404, 410, 422, 429, 451],
    },
  });
}

function ignore(): void {}
