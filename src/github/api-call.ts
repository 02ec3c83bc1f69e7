/**
 * One call of GitHub's API: it gets a token, sends the request through Octokit's plugins within a time limit, sends it once
 * more with another token after a 401, and says in plain words what went wrong. A write is repeated only after GitHub said
 * that it was not done: a 401 here, a rate limit in the throttling plugin.
 */
import type { Octokit } from '@octokit/rest';
import { within } from '../base/within.ts';
import type { EventBus } from '../observe/events.ts';
import { callEvent } from './call-event.ts';
import { GithubUnavailable } from './oauth-app.ts';
import type { SharedAnswers } from './shared-answers.ts';
import type { Timeouts } from './timeouts.ts';
import {
  BadCredentials,
  type Call,
  GithubTrouble,
  githubError,
  notRenewed,
  refusedAgain,
  responseOf,
  tooLate,
  troubleIn,
} from './trouble.ts';

const API_VERSION = '2022-11-28';

/** A client of GitHub's API: `rest`, `request`, `paginate` and `graphql` of Octokit. */
export type GithubClient = Octokit;
/** Options of Octokit for one request: the route, its parameters, and `request` for Octokit itself. */
type RequestOptions = Parameters<Octokit['request']['endpoint']['parse']>[0];
export type ApiResponse = Awaited<ReturnType<Octokit['request']>>;

/** A request as Octokit gives it to its outermost hook, with its address. */
export interface ApiRequest {
  /** Sends the request through Octokit's plugins. They read `options` again, so changes of its members take effect. */
  readonly send: () => ApiResponse | Promise<ApiResponse>;
  readonly options: RequestOptions;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A token, and what to do when GitHub refuses it. */
export interface Pass {
  readonly token: string;
  /** Called after GitHub answered 401. @throws {CredentialDead | GithubUnavailable | BadCredentials} */
  renewed(): Promise<Pass>;
}

/** With what a client calls GitHub. */
export interface Access {
  /** Names the credential: calls of one id are throttled together. */
  readonly id: string;
  /** Whether reads of the same id share answers. */
  readonly shares: boolean;
  /** @throws {CredentialDead | GithubUnavailable} */
  pass(): Promise<Pass>;
}

interface ApiCallOptions {
  readonly isOfApi: (address: string) => boolean;
  readonly answers: SharedAnswers<ApiResponse>;
  readonly events: EventBus;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly timeouts: Timeouts;
}

/**
 * Answers a request of a client.
 * @param signal ends the call: what was not sent yet is not sent
 * @throws {GithubTrouble} in plain words, with the status and the answer of GitHub
 * @throws {CredentialDead} when GitHub says that the token is dead
 * @throws Octokit's error of a 304, when the request was conditional; the reason of `signal`
 */
export type ApiCall = (request: ApiRequest, access: Access, signal: AbortSignal | undefined) => Promise<ApiResponse>;

/** Creates the calls of one process. */
export function createApiCall(options: ApiCallOptions): ApiCall {
  const { isOfApi, answers, events, now, timeouts } = options;

  /** Sends a request with one token. @param stop ends it, also while it waits in the queue of the throttling plugin */
  async function once(request: ApiRequest, call: Call, token: string, stop?: AbortSignal): Promise<ApiResponse> {
    const { options, send } = request;
    stop?.throwIfAborted();
    // Not AbortSignal.timeout: Octokit would retry after its TimeoutError; it does not retry after an AbortError.
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), timeouts.call);
    options.headers.authorization = `token ${token}`;
    // A new object, because the present one may belong to all requests of the client.
    options.request = {
      ...options.request,
      ...(call.isWrite ? { retries: 0 } : {}),
      signal: stop === undefined ? deadline.signal : AbortSignal.any([deadline.signal, stop]),
      fetch: observed(call, `${request.method} ${String(options.url).replace(/\?.*$/, '')}`),
    };
    try {
      const response = await send();
      const trouble = troubleIn(response, call, now());
      if (trouble !== undefined) throw trouble;
      return response;
    } catch (error) {
      stop?.throwIfAborted();
      if (error instanceof GithubTrouble || responseOf(error)?.status === 304) throw error;
      throw githubError(error, call, now());
    } finally {
      clearTimeout(timer);
      // A hook of the tool gets these options back, perhaps to log them.
      delete options.headers.authorization;
    }
  }

  /** Sends a request; after a 401 once more, with the token after a refresh by this or another replica. */
  async function attempt(request: ApiRequest, call: Call, access: Access, stop?: AbortSignal): Promise<ApiResponse> {
    try {
      const pass = await access.pass();
      try {
        return await once(request, call, pass.token, stop);
      } catch (error) {
        if (!(error instanceof BadCredentials)) throw error;
        const { token } = await pass.renewed();
        return await once(request, call, token, stop).catch((again: unknown) => {
          throw again instanceof BadCredentials ? refusedAgain(again) : again;
        });
      }
    } catch (error) {
      throw error instanceof GithubUnavailable ? notRenewed(error) : error;
    }
  }

  /** A `fetch` that emits an event for each request, also for each retry, and notes that something was sent. */
  function observed(call: Call, route: string): typeof fetch {
    return async (address, init) => {
      init?.signal?.throwIfAborted();
      // A hook of the tool can have changed the options since the address was checked.
      if (!isOfApi(String(address))) throw elsewhere(String(address));
      const begun = performance.now();
      let response: Response | undefined;
      call.wasSent = true;
      try {
        response = await (call.isWrite ? fetchOfWrite(address, init) : fetch(address, init));
        return response;
      } finally {
        events.emit('github.call', callEvent(route, response, begun));
      }
    };
  }

  /**
   * Sends a write, which `fetch` alone would turn into a read after a 301 or 302. A 307 or 308 in the API is followed once;
   * GitHub answers so when a repository was renamed.
   * @see https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
   */
  async function fetchOfWrite(address: Parameters<typeof fetch>[0], init: RequestInit | undefined): Promise<Response> {
    const manual = { ...init, redirect: 'manual' } as const;
    const response = await fetch(address, manual);
    const location = response.headers.get('location');
    if ((response.status !== 307 && response.status !== 308) || location === null || typeof init?.body === 'object')
      return response;
    const next = new URL(location, response.url).href;
    return isOfApi(next) ? fetch(next, manual) : response;
  }

  return async (request, access, signal) => {
    const { options, url } = request;
    if (!isOfApi(url)) throw elsewhere(url);
    options.headers['x-github-api-version'] ??= API_VERSION;
    const call = callOf(request);
    const own = options.request?.signal;
    const ends = signal !== undefined && own !== undefined ? AbortSignal.any([signal, own]) : (signal ?? own);
    ends?.throwIfAborted();
    const late = () => tooLate(call);
    if (access.shares && isShareable(request)) {
      // Others may wait for the same answer, so no single caller stops the request; its time limits do.
      const running = answers.get(keyOf(request, access), (etag) => {
        if (etag !== undefined) options.headers['if-none-match'] = etag;
        return attempt(request, call, access);
      });
      return within(timeouts.answer, running, late, ends);
    }
    const stop = new AbortController();
    try {
      return await within(timeouts.answer, attempt(request, call, access, stop.signal), late, ends);
    } catch (error) {
      stop.abort();
      throw error;
    }
  };
}

/** What the trouble of a request depends on. A GraphQL document without a mutation only reads. */
function callOf({ method, url, options: { query } }: ApiRequest): Call {
  const isGraphql = method === 'POST' && url.endsWith('/graphql');
  const reads = isGraphql && typeof query === 'string' && !/\bmutation\b/.test(query);
  const isWrite = !reads && method !== 'GET' && method !== 'HEAD';
  return { isWrite, isGraphql, hasBody: method !== 'HEAD', wasSent: false };
}

/** Whether a request is a read whose answer depends on its address and headers alone. */
function isShareable({ method, options }: ApiRequest): boolean {
  const own = Object.keys(options.request ?? {}).filter((name) => name !== 'hook' && name !== 'signal');
  return method === 'GET' && own.length === 0;
}

function keyOf({ url, headers }: ApiRequest, { id }: Access): string {
  return `${id} ${url} ${JSON.stringify(headers)}`;
}

function elsewhere(url: string): GithubTrouble {
  const place = URL.canParse(url) ? new URL(url).origin : 'such an address';
  return new GithubTrouble('forbidden', `The person's token is for GitHub's API, not for ${place}`);
}
