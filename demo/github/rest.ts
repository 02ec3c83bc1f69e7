/**
 * What all routes of the REST API (under /api/v3) share: authentication, the API version, scope and rate-limit headers,
 * ETags, and errors as JSON. Each route gets the viewer: the account of the token, and what the token may do.
 */
import { createHash, randomBytes } from 'node:crypto';
import Router, { type RouterMiddleware } from '@koa/router';
import type { Middleware } from 'koa';
import type { SimulatedAccount } from './accounts.ts';
import type { Credentials, TokenRecord } from './credentials.ts';
import type { Directory } from './directory.ts';
import type { Documents } from './documents.ts';
import { type Context, type Exchange, readParameters, UnreadableBody } from './exchange.ts';
import type { RateLimits } from './rate-limits.ts';
import { RestError } from './rest-error.ts';
import { expandScopes } from './scopes.ts';

export interface RestParts {
  directory: Directory;
  credentials: Credentials;
  documents: Documents;
  limits: RateLimits;
  /** Whether it behaves like Enterprise Server, which has no rate limits by default. */
  enterprise: boolean;
}

/** The account and the rights of a token. */
export class Viewer {
  readonly account: SimulatedAccount;
  readonly record: TokenRecord;
  readonly #scopes: ReadonlySet<string>;

  constructor(account: SimulatedAccount, record: TokenRecord) {
    this.account = account;
    this.record = record;
    this.#scopes = expandScopes(record.scopes);
  }

  /** Whether the token of an OAuth App has one of the scopes, or the GitHub App has the permission. */
  may(scopes: readonly string[], permission: string): boolean {
    const { app } = this.record;
    if (app.kind === 'github-app') return app.permissions?.some((one) => one === permission) ?? false;
    return scopes.some((scope) => this.#scopes.has(scope));
  }
}

/** The answer of a route: a document, and additional headers. */
interface RestAnswer {
  body: unknown;
  /** Default: 200. */
  status?: number;
  headers?: Record<string, string>;
}

type RestHandler = (viewer: Viewer, request: RestRequest) => RestAnswer;

export interface RestRequest {
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  path: string;
  /** The parameters of the body of a POST or PATCH; empty for a GET. */
  form: URLSearchParams;
}

/** The routes that need a token. `accepted` is the value of the header X-Accepted-OAuth-Scopes. */
export class RestRoutes {
  readonly router = new Router<Exchange>({ prefix: '/api/v3' });
  readonly #parts: RestParts;

  constructor(parts: RestParts) {
    this.#parts = parts;
  }

  get(path: string, accepted: readonly string[], handler: RestHandler, { counted = true } = {}): void {
    this.router.get(path, this.#route(accepted, handler, counted));
  }

  post(path: string, accepted: readonly string[], handler: RestHandler): void {
    this.router.post(path, this.#route(accepted, handler, true));
  }

  patch(path: string, accepted: readonly string[], handler: RestHandler): void {
    this.router.patch(path, this.#route(accepted, handler, true));
  }

  #route(accepted: readonly string[], handler: RestHandler, counted: boolean): RouterMiddleware<Exchange> {
    const { limits, enterprise } = this.#parts;
    return async (ctx) => {
      const viewer = this.#authenticate(ctx);
      const { account, record } = viewer;
      ctx.set('X-OAuth-Scopes', record.scopes.join(', '));
      ctx.set('X-Accepted-OAuth-Scopes', accepted.join(', '));
      ctx.set('X-OAuth-Client-Id', record.app.clientId);
      const limited = !enterprise && counted;
      if (limited) limits.check(account.id);
      try {
        const answer = handler(viewer, {
          params: ctx.params,
          query: new URLSearchParams(ctx.querystring),
          path: ctx.path,
          form: ctx.method === 'POST' || ctx.method === 'PATCH' ? await readParameters(ctx) : new URLSearchParams(),
        });
        ctx.set(answer.headers ?? {});
        sendWithETag(ctx, answer.body);
        if (answer.status !== undefined) ctx.status = answer.status;
      } finally {
        // A 304 answer does not count against the limit.
        if (limited && ctx.status !== 304) limits.count(account.id);
        if (!enterprise) ctx.set(limits.headersOf(account.id));
      }
    };
  }

  #authenticate(ctx: Context): Viewer {
    const [, token] = /^(?:bearer|token) +(\S+)$/i.exec(ctx.get('Authorization')) ?? [];
    if (ctx.get('Authorization') === '') throw new RestError(401, 'Requires authentication');
    const record = token === undefined ? undefined : this.#parts.credentials.findToken(token);
    const account = record && this.#parts.directory.findAccount(record.accountId);
    if (record === undefined || account === undefined) throw new RestError(401, 'Bad credentials');
    ctx.state.call.accountId = account.id;
    ctx.state.call.clientId = record.app.clientId;
    return new Viewer(account, record);
  }
}

function sendWithETag(ctx: Context, body: unknown): void {
  const text = JSON.stringify(body);
  const etag = `W/"${createHash('sha256').update(text).digest('hex')}"`;
  ctx.set('ETag', etag);
  ctx.set('Cache-Control', 'private, max-age=60, s-maxage=60');
  ctx.set('Vary', 'Accept, Authorization, Cookie, X-GitHub-OTP');
  const known = ctx.get('If-None-Match').split(/\s*,\s*/);
  if (known.some((one) => one === '*' || one.replace(/^W\//, '') === etag.slice(2))) {
    ctx.status = 304;
    return;
  }
  ctx.type = 'application/json; charset=utf-8';
  ctx.body = text;
}

/** The middleware for all requests under /api/v3: request id, API version, User-Agent check, and GitHub's errors. */
export function restConventions(): Middleware<Exchange> {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/api/v3/')) return next();
    ctx.set('X-GitHub-Request-Id', requestId());
    ctx.set('X-GitHub-Media-Type', 'github.v3; format=json');
    try {
      checkConventions(ctx);
      await next();
      if (ctx.status === 404 && !ctx.body) throw new RestError(404, 'Not Found');
    } catch (error) {
      const problem = error instanceof UnreadableBody ? new RestError(400, 'Problems parsing JSON') : error;
      if (!(problem instanceof RestError)) throw error;
      ctx.status = problem.status;
      ctx.set(problem.headers);
      ctx.body = problem.toJSON();
    }
  };
}

function checkConventions(ctx: Context): void {
  if (ctx.get('User-Agent') === '') {
    throw new RestError(
      403,
      'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.',
    );
  }
  const version = ctx.get('X-GitHub-Api-Version') || '2022-11-28';
  if (!/^\d{4}-\d{2}-\d{2}$/.test(version) || version < '2022-11-28') {
    throw new RestError(400, `The version "${version}" is not supported.`, {
      documentationUrl: 'https://docs.github.com/rest/about-the-rest-api/api-versions',
    });
  }
  ctx.set('X-GitHub-Api-Version-Selected', version);
}

/** A request id as GitHub's servers make them. */
export function requestId(): string {
  const hex = randomBytes(16).toString('hex').toUpperCase();
  return [hex.slice(0, 4), hex.slice(4, 10), hex.slice(10, 16), hex.slice(16, 24), hex.slice(24)].join(':');
}
