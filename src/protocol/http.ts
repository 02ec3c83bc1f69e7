/** Reads the JSON body, the form and the bearer token of a request; says of an answer that nobody may keep it, or waits for it. */
import type { ServerResponse } from 'node:http';
import type Koa from 'koa';
import type {} from 'koa-body';
import { OAuthError } from './oauth-error.ts';
import { type Parameters, parseParameters } from './parameters.ts';

/** Forbids caches to store this answer (OAuth 2.1 section 3.2.3). */
export function noStore(ctx: Koa.Context): void {
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Pragma', 'no-cache');
}

/** The body that koa-body parsed, of unknown type. */
export function parsedBody(ctx: Koa.Context): unknown {
  return ctx.request.body;
}

/**
 * The body of a request that must be a JSON object.
 * @param makeError creates the error with the code of the endpoint
 * @throws {OAuthError} of `makeError` when the body is not a JSON object
 */
export function jsonBody(ctx: Koa.Context, makeError: (description: string) => OAuthError): Record<string, unknown> {
  if (!ctx.is('json', '+json')) throw makeError('the body must be application/json');
  const body = parsedBody(ctx);
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw makeError('the body must be a JSON object');
  return Object.fromEntries(Object.entries(body));
}

/**
 * The parameters of a form.
 * @param maxLength characters of one value; by default those of a parameter of OAuth
 * @throws {OAuthError} invalid_request when the body is not a form, or repeats a parameter
 */
export function formParameters(ctx: Koa.Context, maxLength?: number): Parameters {
  if (!ctx.is('urlencoded'))
    throw new OAuthError('invalid_request', 'the body must be application/x-www-form-urlencoded');
  // The raw text, because the parsed form hides repeated parameters.
  return parseParameters(ctx.request.rawBody ?? '', maxLength);
}

/**
 * The parameters of a form of a page whose hidden fields hold a whole request, sealed. They are longer than any parameter of
 * OAuth; the limit of the body is theirs.
 * @throws {OAuthError} invalid_request when the body is not a form, or repeats a parameter
 */
export function sealedFormParameters(ctx: Koa.Context): Parameters {
  return formParameters(ctx, Number.POSITIVE_INFINITY);
}

/**
 * The bearer token in the Authorization header (RFC 6750 section 2.1). Tokens in a query or a form are not accepted.
 * @returns undefined when there is none
 */
export function bearerToken(ctx: Koa.Context): string | undefined {
  return /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(ctx.get('authorization'))?.[1];
}

/** Whether nobody waits for an answer: its connection closed before. No event tells its end any more. */
export function isGone({ closed, req }: ServerResponse): boolean {
  return closed || req.socket.destroyed;
}
