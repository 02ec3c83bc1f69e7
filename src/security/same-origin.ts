/** Forms: whether one was sent by a page of ours. */
import type Koa from 'koa';

/**
 * Whether a form comes from a page of this origin: browsers say so in `Sec-Fetch-Site`, and those that do not send it, in
 * `Origin` (design decision 11).
 */
export function isSameOrigin(ctx: Koa.Context, origin: string): boolean {
  const site = ctx.get('sec-fetch-site');
  return site === '' ? ctx.get('origin') === origin : site === 'same-origin';
}
