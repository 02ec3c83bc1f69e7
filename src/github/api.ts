/**
 * GitHub's API on a person's behalf: Octokit with its retry and throttling plugins inside a bounded deadline,
 * conditional requests, and never two identical calls in flight for one credential. GitHub's trouble comes out as
 * GithubTrouble, a dead credential as CredentialDead.
 * @see https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
 */
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { Octokit as OctokitBase } from '@octokit/rest';
import { LRUCache } from 'lru-cache';
import { defined } from '../base/defined.ts';
import { within } from '../base/within.ts';
import type { EventBus } from '../observe/events.ts';
import { hashToken } from '../security/secrets.ts';
import type { CredentialState } from '../store/records.ts';
import type { Credentials } from './credentials.ts';
import { GithubUnavailable, splitScope } from './oauth-app.ts';
import { TIMEOUTS, type Timeouts } from './timeouts.ts';
import { BadCredentials, GithubTrouble, githubError, isDocument, statusOf } from './trouble.ts';

const Octokit = OctokitBase.plugin(retry, throttling);

/** Retries of a call that GitHub failed to answer. */
const RETRIES = 2;
/** Milliseconds before the first retry; the plugin squares the count. */
const RETRY_PAUSE = 250;
/** Seconds worth waiting for a rate limit inside a call. */
const SHORT_WAIT = 2;
/** Characters of JSON kept for conditional requests: of all answers, and of one. */
const REMEMBERED = 16 * 1024 * 1024;
const REMEMBERED_EACH = 64 * 1024;
const API_VERSION = '2022-11-28';

/** An answer of GitHub's. */
export interface GithubAnswer {
  readonly data: unknown;
  /** Scopes of the token, when GitHub names them. */
  readonly scope?: readonly string[];
  /** Whether there is another page. */
  readonly more: boolean;
}

export interface GithubApi {
  /**
   * Calls `GET path` for a credential.
   * @param path such as `/user`; parameters are part of it
   * @throws {GithubTrouble | CredentialDead}
   */
  get(credential: CredentialState, path: string): Promise<GithubAnswer>;
  /** Calls with a bare token, before there is a credential. @throws {GithubTrouble | BadCredentials} */
  getWithToken(token: string, path: string): Promise<GithubAnswer>;
}

interface GithubApiOptions {
  readonly apiUrl: string;
  readonly credentials: Credentials;
  readonly events: EventBus;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly timeouts?: Timeouts;
}

export function createGithubApi(options: GithubApiOptions): GithubApi {
  const { apiUrl, credentials, events, now, timeouts = TIMEOUTS } = options;
  const answers = new LRUCache<string, { etag: string; answer: GithubAnswer }>({
    maxSize: REMEMBERED,
    maxEntrySize: REMEMBERED_EACH,
    sizeCalculation: ({ answer }) => JSON.stringify(answer.data).length,
  });
  const inFlight = new Map<string, Promise<GithubAnswer>>();

  /** @param throttleId calls of one id are limited together, as GitHub asks */
  async function call(token: string, path: string, throttleId: string, cacheKey?: string): Promise<GithubAnswer> {
    const known = cacheKey === undefined ? undefined : answers.get(cacheKey);
    const octokit = createOctokit(apiUrl, token, throttleId, observed(events, path));
    // Not AbortSignal.timeout: Octokit retries what ends with a TimeoutError, and lets an AbortError be.
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), timeouts.call);
    try {
      const response = await octokit.request(`GET ${path}`, {
        headers: {
          'x-github-api-version': API_VERSION,
          ...defined({ 'if-none-match': known?.etag }),
        },
        request: { signal: deadline.signal },
      });
      if (!isDocument(response.data))
        throw new GithubTrouble('unavailable', 'GitHub answered with something that is not JSON');
      const scopeHeader = response.headers['x-oauth-scopes'];
      const answer: GithubAnswer = {
        data: response.data,
        ...defined({ scope: scopeHeader === undefined ? undefined : splitScope(scopeHeader) }),
        more: /rel="next"/.test(response.headers.link ?? ''),
      };
      if (cacheKey !== undefined && response.headers.etag !== undefined)
        answers.set(cacheKey, { etag: response.headers.etag, answer });
      return answer;
    } catch (error) {
      if (known !== undefined && statusOf(error) === 304) return known.answer;
      throw error instanceof GithubTrouble ? error : githubError(error, now());
    } finally {
      clearTimeout(timer);
    }
  }

  /** The call, and after GitHub's 401 one more with what a refresh or another replica brought. */
  async function attempt(credential: CredentialState, path: string): Promise<GithubAnswer> {
    const throttleId = `${credential.person}:${credential.id}`;
    const withTokenOf = (current: CredentialState) =>
      call(credentials.accessToken(current), path, throttleId, `${throttleId} ${path}`);
    try {
      const current = await credentials.fresh(credential);
      try {
        return await withTokenOf(current);
      } catch (error) {
        if (!(error instanceof BadCredentials)) throw error;
        return await withTokenOf(await credentials.afterRefusal(current));
      }
    } catch (error) {
      if (error instanceof GithubUnavailable) {
        throw new GithubTrouble('unavailable', 'GitHub could not renew the access; the session is kept', {
          retryAfter: error.retryAfter ?? 30,
          cause: error,
        });
      }
      if (error instanceof BadCredentials) {
        throw new GithubTrouble('unavailable', 'GitHub refused access that it has just renewed', {
          retryAfter: 5,
          cause: error,
        });
      }
      throw error;
    }
  }

  return {
    get(credential, path) {
      const key = `${credential.person}:${credential.id} ${path}`;
      let running = inFlight.get(key);
      if (running === undefined) {
        running = attempt(credential, path).finally(() => inFlight.delete(key));
        inFlight.set(key, running);
      }
      return within(timeouts.answer, running, tooLate);
    },
    // Each login is throttled by itself: a slow answer to one holds nobody else up.
    getWithToken: (token, path) => call(token, path, `token:${hashToken(token)}`),
  };
}

/**
 * Made for each call, for 40 microseconds: it belongs to one token. What the throttling plugin keeps of an id is
 * dropped after two idle minutes.
 */
function createOctokit(apiUrl: string, token: string, throttleId: string, fetch: Fetch) {
  const waitShortly = (retryAfter: number, _options: object, _octokit: object, retryCount: number) =>
    retryAfter <= SHORT_WAIT && retryCount === 0;
  return new Octokit({
    auth: token,
    baseUrl: apiUrl,
    userAgent: 'mcp-github-bridge',
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    request: { fetch },
    throttle: { id: throttleId, onRateLimit: waitShortly, onSecondaryRateLimit: waitShortly },
    retry: {
      retries: RETRIES,
      retryAfterBaseValue: RETRY_PAUSE,
      doNotRetry: [304, 400, 401, 403, 404, 410, 422, 429, 451],
    },
  });
}

type Fetch = typeof globalThis.fetch;

/** `fetch` that tells of each request, retries included. */
function observed(events: EventBus, path: string): Fetch {
  const route = `GET ${path.replace(/\?.*$/, '')}`;
  return async (input, init) => {
    const begun = performance.now();
    let status: number | 'error' = 'error';
    try {
      const response = await fetch(input, init);
      status = response.status;
      return response;
    } finally {
      events.emit('github.call', { route, status, milliseconds: performance.now() - begun });
    }
  };
}

function tooLate(): GithubTrouble {
  return new GithubTrouble('unavailable', 'GitHub did not answer in time', { retryAfter: 30 });
}

function ignore(): void {}
