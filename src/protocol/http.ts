/** What a handler reads of a request: its body, its form, its bearer token; and the answer that no cache may keep. */
import type Koa from 'koa';
import type {} from 'koa-body';
import { OAuthError } from './oauth-error.ts';
import { type Parameters, parseParameters } from './parameters.ts';

/** No cache may keep this answer (OAuth 2.1 section 3.2.3). */
export function noStore(ctx: Koa.Context): void {
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Pragma', 'no-cache');
}

/** The body that koa-body parsed, whatever it is. */
export function parsedBody(ctx: Koa.Context): unknown {
  return ctx.request.body;
}

/**
 * The body of a request that must be a JSON object.
 * @param problem makes the error of the endpoint
 */
export function jsonBody(ctx: Koa.Context, problem: (description: string) => OAuthError): Record<string, unknown> {
  if (!ctx.is('json', '+json')) throw problem('the body must be application/json');
  const body = parsedBody(ctx);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw problem('the body must be a JSON object');
  return Object.fromEntries(Object.entries(body));
}

/** @throws {OAuthError} invalid_request when the body is not a form, or repeats a parameter */
export function formParameters(ctx: Koa.Context): Parameters {
  if (!ctx.is('urlencoded'))
    throw new OAuthError('invalid_request', 'the body must be application/x-www-form-urlencoded');
  // The raw text, for the parsed form hides repetitions.
  return parseParameters(ctx.request.rawBody ?? '');
}

/** The bearer token of the Authorization header (RFC 6750 section 2.1); tokens in queries and forms are not taken. */
export function bearerToken(ctx: Koa.Context): string | undefined {
  return /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(ctx.get('authorization'))?.[1];
}
