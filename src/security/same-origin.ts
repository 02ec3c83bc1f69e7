/** Whether a form was sent by one of our own pages. */
import type Koa from 'koa';

/**
 * Whether a form was sent by a page of this origin. Browsers say so in `Sec-Fetch-Site`; for browsers that do not send
 * it, `Origin` must match exactly (design decision 11).
 */
export function isSameOrigin(ctx: Koa.Context, origin: string): boolean {
  const site = ctx.get('sec-fetch-site');
  return site === '' ? ctx.get('origin') === origin : site === 'same-origin';
}
