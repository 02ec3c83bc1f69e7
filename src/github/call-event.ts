/** The event of a call of GitHub: its route and status, and what the answer says of a rate limit. */
import type { Events, RateLimitState } from '../observe/events.ts';

/**
 * The event of a call that ended.
 * @param route the method, and the path or its pattern
 * @param response absent when GitHub did not answer
 * @param begun when the call began, in milliseconds of `performance.now()`
 */
export function callEvent(route: string, response: Response | undefined, begun: number): Events['github.call'] {
  const limit = response && rateLimitOf(response.headers);
  return {
    route,
    status: response?.status ?? 'error',
    milliseconds: performance.now() - begun,
    ...(limit === undefined ? {} : { limit }),
  };
}

/** @see https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#checking-the-status-of-your-rate-limit */
function rateLimitOf(headers: Headers): RateLimitState | undefined {
  const resource = headers.get('x-ratelimit-resource');
  const limit = Number(headers.get('x-ratelimit-limit') ?? Number.NaN);
  const remaining = Number(headers.get('x-ratelimit-remaining') ?? Number.NaN);
  return resource !== null && limit > 0 && remaining >= 0 ? { resource, limit, remaining } : undefined;
}
