/**
 * Calls of GitHub's API with a person's token: Octokit with its retry and throttling plugins, a time limit per call,
 * and conditional requests. Identical calls at the same time for one credential share one request. Errors are
 * GithubTrouble, or CredentialDead when GitHub says that the token is dead.
 * @see https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
 */
import { LRUCache } from 'lru-cache';
import { defined } from '../base/defined.ts';
import { within } from '../base/within.ts';
import type { EventBus } from '../observe/events.ts';
import { hashToken } from '../security/secrets.ts';
import type { CredentialState } from '../store/records.ts';
import type { Credentials } from './credentials.ts';
import { GithubUnavailable, splitScope } from './oauth-app.ts';
import { TIMEOUTS, type Timeouts } from './timeouts.ts';
import { BadCredentials, GithubTrouble, githubError, isJson, notRenewed, statusOf } from './trouble.ts';

/** Characters of JSON in the cache for conditional requests: of all answers together, and of one answer. */
const CACHE_SIZE = 16 * 1024 * 1024;
const MAX_CACHED_ANSWER = 64 * 1024;
const API_VERSION = '2022-11-28';

/** A successful answer of GitHub's API. */
export interface GithubAnswer {
  /** The parsed body: an object or a list. */
  readonly data: unknown;
  /** The scopes of the token (`X-OAuth-Scopes`); absent when GitHub does not send them. */
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
  /**
   * Asks GitHub whether a credential is alive.
   * @throws {CredentialDead} when GitHub says that it is not; any other trouble decides nothing (design decision 10)
   */
  askWhetherAlive(credential: CredentialState): Promise<void>;
  /** Calls `GET path` with a token that is not stored as a credential yet. @throws {GithubTrouble | BadCredentials} */
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

/** Creates the API client, with a cache for conditional requests. */
export function createGithubApi(options: GithubApiOptions): GithubApi {
  const { apiUrl, credentials, events, now, timeouts = TIMEOUTS } = options;
  const answers = new LRUCache<string, { etag: string; answer: GithubAnswer }>({
    maxSize: CACHE_SIZE,
    maxEntrySize: MAX_CACHED_ANSWER,
    sizeCalculation: ({ answer }) => JSON.stringify(answer.data).length,
  });
  const inFlight = new Map<string, Promise<GithubAnswer>>();

  /**
   * Sends one request.
   * @param throttleId calls with the same id are throttled together, as GitHub recommends for one user
   * @param cacheKey key for conditional requests; without it the answer is not cached
   */
  async function call(token: string, path: string, throttleId: string, cacheKey?: string): Promise<GithubAnswer> {
    const known = cacheKey === undefined ? undefined : answers.get(cacheKey);
    // Loaded at the first call, because a start does not need it.
    const { createOctokit } = await import('./octokit.ts');
    const octokit = createOctokit(apiUrl, token, throttleId, observedFetch(events, path));
    // Not AbortSignal.timeout: Octokit would retry after its TimeoutError; it does not retry after an AbortError.
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
      if (!isJson(response.data))
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

  /** Calls GitHub; after a 401 it calls once more, with the token after a refresh by this or another replica. */
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
      if (error instanceof GithubUnavailable) throw notRenewed(error);
      if (error instanceof BadCredentials) {
        throw new GithubTrouble('unavailable', 'GitHub refused access that it has just renewed', {
          retryAfter: 5,
          cause: error,
        });
      }
      throw error;
    }
  }

  function get(credential: CredentialState, path: string): Promise<GithubAnswer> {
    const key = `${credential.person}:${credential.id} ${path}`;
    let running = inFlight.get(key);
    if (running === undefined) {
      running = attempt(credential, path).finally(() => inFlight.delete(key));
      inFlight.set(key, running);
    }
    return within(timeouts.answer, running, tooLate);
  }

  return {
    get,
    async askWhetherAlive(credential) {
      try {
        await get(credential, '/user');
      } catch (error) {
        if (!(error instanceof GithubTrouble)) throw error;
      }
    },
    // Each login has its own throttle id, so that a slow answer to one login does not delay the others.
    getWithToken: (token, path) => call(token, path, `token:${hashToken(token)}`),
  };
}

/** A `fetch` that emits an event for each request, also for each retry. */
function observedFetch(events: EventBus, path: string): typeof globalThis.fetch {
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
