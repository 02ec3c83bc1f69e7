/**
 * GitHub's API on a person's behalf: Octokit with its retry and throttling plugins inside a bounded deadline,
 * conditional requests, and never two identical calls in flight for one credential. GitHub's trouble comes out as
 * {@link GithubTrouble}, a dead credential as CredentialDead.
 * @see https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
 */
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { Octokit as OctokitBase } from '@octokit/rest';
import { LRUCache } from 'lru-cache';
import type { EventBus } from '../observe/events.ts';
import type { CredentialState } from '../store/records.ts';
import { CredentialDead, type Credentials } from './credentials.ts';
import { GithubUnavailable, splitScope } from './oauth-app.ts';

const Octokit = OctokitBase.plugin(retry, throttling);
type Octokit = InstanceType<typeof Octokit>;

/** Milliseconds for one call with all its retries. */
const DEADLINE = 12_000;
/** Retries of a call that GitHub failed to answer. */
const RETRIES = 2;
/** Milliseconds before the first retry; the plugin squares the count. */
const RETRY_PAUSE = 250;
/** Seconds worth waiting for a rate limit inside a call. */
const SHORT_WAIT = 2;
const REMEMBERED_ANSWERS = 1000;
const API_VERSION = '2022-11-28';

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

/** GitHub's 401: the token is dead. */
export class BadCredentials extends Error {
  override readonly name = 'BadCredentials';
}

export interface GithubApiOptions {
  readonly apiUrl: string;
  readonly credentials: Credentials;
  readonly events: EventBus;
}

export function createGithubApi({ apiUrl, credentials, events }: GithubApiOptions): GithubApi {
  const answers = new LRUCache<string, { etag: string; answer: GithubAnswer }>({ max: REMEMBERED_ANSWERS });
  const inFlight = new Map<string, Promise<GithubAnswer>>();

  async function call(token: string, path: string, throttleId: string, cacheKey?: string): Promise<GithubAnswer> {
    const known = cacheKey === undefined ? undefined : answers.get(cacheKey);
    const octokit = createOctokit(apiUrl, token, throttleId);
    octokit.hook.wrap('request', async (request, parameters) => {
      const begun = performance.now();
      let status: number | 'error' = 'error';
      try {
        const response = await request(parameters);
        status = response.status;
        return response;
      } catch (error) {
        status = statusOf(error) ?? 'error';
        throw error;
      } finally {
        events.emit('github.call', {
          route: `GET ${path.replace(/\?.*$/, '')}`,
          status,
          milliseconds: performance.now() - begun,
        });
      }
    });
    try {
      const response = await octokit.request(`GET ${path}`, {
        headers: {
          'x-github-api-version': API_VERSION,
          ...(known === undefined ? {} : { 'if-none-match': known.etag }),
        },
        request: { signal: AbortSignal.timeout(DEADLINE) },
      });
      const scopeHeader = response.headers['x-oauth-scopes'];
      const answer: GithubAnswer = {
        data: response.data,
        ...(scopeHeader === undefined ? {} : { scope: splitScope(scopeHeader) }),
        more: /rel="next"/.test(response.headers.link ?? ''),
      };
      if (typeof response.data !== 'object' || response.data === null)
        throw new GithubTrouble('unavailable', 'GitHub answered with something that is not JSON');
      if (cacheKey !== undefined && response.headers.etag !== undefined)
        answers.set(cacheKey, { etag: response.headers.etag, answer });
      return answer;
    } catch (error) {
      if (statusOf(error) === 304 && known !== undefined) return known.answer;
      if (statusOf(error) === 401) throw new BadCredentials('GitHub answered 401', { cause: error });
      throw error instanceof GithubTrouble ? error : toTrouble(error);
    }
  }

  async function get(credential: CredentialState, path: string): Promise<GithubAnswer> {
    const throttleId = `${credential.person}:${credential.id}`;
    const attempt = (current: CredentialState) =>
      call(
        credentials.accessToken(current.person, current.id, current.sealedTokens),
        path,
        throttleId,
        `${throttleId} ${path}`,
      );
    try {
      const current = await credentials.fresh(credential);
      try {
        return await attempt(current);
      } catch (error) {
        if (!(error instanceof BadCredentials)) throw error;
        return await attempt(await credentials.afterRefusal(current));
      }
    } catch (error) {
      if (error instanceof GithubUnavailable) {
        throw new GithubTrouble('unavailable', 'GitHub could not renew the access; the session is kept', {
          ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
          cause: error,
        });
      }
      if (error instanceof BadCredentials)
        throw new GithubTrouble('unavailable', 'GitHub refused access that it has just renewed; try again', {
          cause: error,
        });
      throw error;
    }
  }

  return {
    get(credential, path) {
      const key = `${credential.person}:${credential.id} ${path}`;
      let running = inFlight.get(key);
      if (running === undefined) {
        running = get(credential, path).finally(() => inFlight.delete(key));
        inFlight.set(key, running);
      }
      return running;
    },
    getWithToken: (token, path) => call(token, path, 'login'),
  };
}

function createOctokit(apiUrl: string, token: string, throttleId: string): Octokit {
  const waitShortly = (retryAfter: number, _options: object, _octokit: object, retryCount: number) =>
    retryAfter <= SHORT_WAIT && retryCount === 0;
  return new Octokit({
    auth: token,
    baseUrl: apiUrl,
    userAgent: 'mcp-github-bridge',
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    throttle: { id: throttleId, onRateLimit: waitShortly, onSecondaryRateLimit: waitShortly },
    retry: {
      retries: RETRIES,
      retryAfterBaseValue: RETRY_PAUSE,
      doNotRetry: [304, 400, 401, 403, 404, 410, 422, 429, 451],
    },
  });
}

/** GitHub's refusals in plain words. */
function toTrouble(error: unknown): GithubTrouble {
  if (error instanceof CredentialDead) throw error;
  const status = statusOf(error);
  const headers = headersOf(error);
  const remaining = headers['x-ratelimit-remaining'];
  const retryAfter = Number(headers['retry-after']);
  if (
    status === 429 ||
    (status === 403 && (remaining === '0' || retryAfter > 0 || /rate limit/i.test(messageOf(error))))
  ) {
    const reset = Number(headers['x-ratelimit-reset']);
    const wait = retryAfter > 0 ? retryAfter : reset > 0 ? Math.max(1, Math.ceil(reset - Date.now() / 1000)) : 60;
    return new GithubTrouble('rate_limited', 'GitHub limits the requests of this account for now', {
      retryAfter: wait,
      cause: error,
    });
  }
  if (status === 403 || status === 451)
    return new GithubTrouble('forbidden', `GitHub refused: ${messageOf(error)}`, { cause: error });
  if (status === 404)
    return new GithubTrouble('not_found', 'GitHub knows no such thing, or does not show it to this account', {
      cause: error,
    });
  return new GithubTrouble('unavailable', 'GitHub did not answer as it should', {
    retryAfter: retryAfter > 0 ? retryAfter : 30,
    cause: error,
  });
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined;
}

function headersOf(error: unknown): Record<string, string | undefined> {
  const response: unknown = error instanceof Error && 'response' in error ? error.response : undefined;
  const headers: unknown =
    typeof response === 'object' && response !== null && 'headers' in response ? response.headers : undefined;
  return typeof headers === 'object' && headers !== null
    ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
    : {};
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function ignore(): void {}
