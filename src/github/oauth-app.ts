/**
 * GitHub's OAuth endpoints: the authorization URL, the code exchange, the refresh, and the reset and revocation of a
 * token. They are called without Octokit, because GitHub answers errors with HTTP 200 and Octokit's exchange sends no PKCE
 * verifier.
 * @see https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
 */
import { z } from 'zod';
import { defined } from '../base/defined.ts';
import { errorCode, innermostMessage } from '../base/error-cause.ts';
import { parseJson } from '../base/json.ts';
import type { UpstreamRequest } from '../oauth/upstream.ts';
import type { EventBus } from '../observe/events.ts';
import { codeChallenge } from '../protocol/pkce.ts';
import { callEvent } from './call-event.ts';
import { TIMEOUTS, type Timeouts } from './timeouts.ts';

/** Characters of an answer. */
const MAX_ANSWER_LENGTH = 64 * 1024;
const USER_AGENT = 'mcp-github-bridge';
/** Codes of Node and undici for a connection that the other side closed, such as an idle one that is used again. */
const CLOSED_CONNECTION: readonly unknown[] = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'];

/** The tokens in an answer of GitHub. Lifetimes are in seconds from now, and absent for tokens that do not expire. */
export interface GithubTokens {
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly expiresIn?: number;
  readonly refreshExpiresIn?: number;
  /** The granted scopes; absent when the answer does not name them. */
  readonly scope?: readonly string[];
}

/** GitHub refused: `code` is its error code (`bad_refresh_token`, …), or `unknown_token` where it answers 404 or 422. */
export class GithubRefusal extends Error {
  override readonly name = 'GithubRefusal';
  readonly code: string;

  constructor(code: string, description: string) {
    super(`${code}: ${description}`);
    this.code = code;
  }

  /** Whether GitHub does not take the token; otherwise it does not take the request of this app. */
  get isAboutToken(): boolean {
    return this.code === 'bad_refresh_token' || this.code === 'unknown_token';
  }
}

/** GitHub did not answer, or its answer cannot be used. The token and the person's session are not affected. */
export class GithubUnavailable extends Error {
  override readonly name = 'GithubUnavailable';
  /** Seconds after which to try again, when GitHub said so. */
  readonly retryAfter: number | undefined;

  constructor(message: string, options: { retryAfter?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.retryAfter = options.retryAfter;
  }
}

// A member that is missing, empty, null or malformed counts as absent, so that a login does not fail because of it.
const seconds = z.coerce.number().int().positive().optional().catch(undefined);
const text = z.string().min(1).optional().catch(undefined);
// Characters that can stand in an Authorization header: a token that could not be sent would replace a good one.
const sendable = z.string().regex(/^[\x21-\x7e]+$/);
const tokenAnswer = z.object({
  access_token: sendable,
  refresh_token: text,
  expires_in: seconds,
  refresh_token_expires_in: seconds,
  scope: z.string().optional().catch(undefined),
});
const resetAnswer = z.object({ token: sendable });
const errorAnswer = z.object({ error: z.string().min(1), error_description: z.string().default('') });

export interface GithubOAuth {
  /** The address of GitHub's authorization page for a request. */
  authorizationUrl(request: UpstreamRequest): string;
  /**
   * Redeems a code. If the connection closes before an answer, the code is sent once more: when GitHub had redeemed it
   * already, its refusal ends the login, as the missing answer would have done.
   * @throws {GithubRefusal | GithubUnavailable}
   */
  exchange(code: string, codeVerifier: string): Promise<GithubTokens>;
  /** Requests a new token pair. @throws {GithubRefusal | GithubUnavailable} */
  refresh(refreshToken: string): Promise<GithubTokens>;
  /**
   * Revokes an access token, and with it its refresh token.
   * @returns false when GitHub does not know the token any more
   * @throws {GithubUnavailable | GithubRefusal} a refusal means that the client id or the client secret is wrong
   */
  revoke(accessToken: string): Promise<boolean>;
  /**
   * Replaces an access token by a new one; the old one ends at once.
   * @throws {GithubRefusal} `unknown_token` when GitHub does not know the token any more, `incorrect_client_credentials`
   *   when the client id or the client secret is wrong
   * @throws {GithubUnavailable}
   * @see https://docs.github.com/rest/apps/oauth-applications#reset-a-token
   */
  reset(accessToken: string): Promise<GithubTokens>;
}

interface GithubOAuthOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly url: string;
  readonly apiUrl: string;
  readonly callbackUrl: string;
  readonly events: EventBus;
  readonly timeouts?: Timeouts;
}

/** Creates the client of GitHub's OAuth endpoints. */
export function createGithubOAuth(options: GithubOAuthOptions): GithubOAuth {
  const { clientId, clientSecret, url, apiUrl, callbackUrl, events, timeouts = TIMEOUTS } = options;

  async function call(
    route: string,
    address: string,
    init: RequestInit,
  ): Promise<{ status: number; headers: Headers; text: string }> {
    const begun = performance.now();
    let answer: Response | undefined;
    try {
      const response = await fetch(address, {
        ...init,
        redirect: 'error',
        signal: AbortSignal.timeout(timeouts.oauth),
      });
      const text = await response.text();
      answer = response;
      if (text.length > MAX_ANSWER_LENGTH) throw new GithubUnavailable(`${route}: the answer is too long`);
      return { status: response.status, headers: response.headers, text };
    } catch (error) {
      if (error instanceof GithubUnavailable) throw error;
      throw new GithubUnavailable(`${route}: ${innermostMessage(error)}`, { cause: error });
    } finally {
      events.emit('github.call', callEvent(route, answer, begun));
    }
  }

  async function token(form: Record<string, string>): Promise<GithubTokens> {
    const { status, headers, text } = await call('POST /login/oauth/access_token', `${url}/login/oauth/access_token`, {
      method: 'POST',
      headers: {
        Accept: 'application/json',
        'Content-Type': 'application/x-www-form-urlencoded',
        'User-Agent': USER_AGENT,
      },
      body: new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...form }).toString(),
    });
    const body = parseJson(text);
    const refused = errorAnswer.safeParse(body);
    if (refused.success && status < 500 && status !== 429)
      throw new GithubRefusal(refused.data.error, refused.data.error_description);
    const answer = tokenAnswer.safeParse(body);
    if (status !== 200 || !answer.success)
      throw new GithubUnavailable(`the token endpoint answered ${status}`, retryAfterOf(headers));
    const { access_token, refresh_token, expires_in, refresh_token_expires_in, scope } = answer.data;
    return {
      accessToken: access_token,
      ...defined({
        refreshToken: refresh_token,
        expiresIn: expires_in,
        refreshExpiresIn: refresh_token_expires_in,
        scope: scope === undefined ? undefined : splitScope(scope),
      }),
    };
  }

  /**
   * Deletes or resets a token.
   * @returns the answer, or undefined when GitHub does not know the token
   * @throws {GithubRefusal | GithubUnavailable} a refusal means that the client id or the client secret is wrong
   */
  async function manageToken(method: 'DELETE' | 'PATCH', accessToken: string): Promise<string | undefined> {
    const route = `${method} /applications/{client_id}/token`;
    const address = `${apiUrl}/applications/${encodeURIComponent(clientId)}/token`;
    const { status, headers, text } = await call(route, address, {
      method,
      headers: {
        Accept: 'application/vnd.github+json',
        Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        'Content-Type': 'application/json',
        'User-Agent': USER_AGENT,
      },
      body: JSON.stringify({ access_token: accessToken }),
    });
    if (status === (method === 'DELETE' ? 204 : 200)) return text;
    if (status === 404 || status === 422) return undefined;
    if (status === 401)
      throw new GithubRefusal('incorrect_client_credentials', 'GitHub does not take the client id and secret');
    throw new GithubUnavailable(`${route} was answered ${status}`, retryAfterOf(headers));
  }

  return {
    authorizationUrl(request) {
      const parameters = new URLSearchParams({
        client_id: clientId,
        redirect_uri: callbackUrl,
        scope: request.scope.join(' '),
        state: request.state,
        code_challenge: codeChallenge(request.codeVerifier),
        code_challenge_method: 'S256',
      });
      if (request.loginHint !== undefined) parameters.set('login', request.loginHint);
      if (request.selectAccount) parameters.set('prompt', 'select_account');
      return `${url}/login/oauth/authorize?${parameters}`;
    },
    async exchange(code, codeVerifier) {
      const form = { code, redirect_uri: callbackUrl, code_verifier: codeVerifier };
      try {
        return await token(form);
      } catch (error) {
        if (!isClosedConnection(error)) throw error;
        return token(form);
      }
    },
    refresh: (refreshToken) => token({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    revoke: async (accessToken) => (await manageToken('DELETE', accessToken)) !== undefined,
    async reset(accessToken) {
      const text = await manageToken('PATCH', accessToken);
      if (text === undefined) throw new GithubRefusal('unknown_token', 'GitHub does not know the token');
      const answer = resetAnswer.safeParse(parseJson(text));
      if (!answer.success) throw new GithubUnavailable('the reset was answered with something else');
      return { accessToken: answer.data.token };
    },
  };
}

/** Whether a request failed because its connection was closed. */
function isClosedConnection(error: unknown): boolean {
  return error instanceof GithubUnavailable && CLOSED_CONNECTION.includes(errorCode(error));
}

/** Splits a list of scopes. GitHub separates scopes with commas in answers, and with spaces elsewhere. */
export function splitScope(scope: string): string[] {
  return scope.split(/[\s,]+/).filter((item) => item !== '');
}

function retryAfterOf(headers: Headers): { retryAfter?: number } {
  const seconds = Number(headers.get('retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfter: seconds } : {};
}
