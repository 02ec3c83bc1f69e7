/** Paths that no route has: a person gets a page, a program JSON. */
import type Koa from 'koa';
import { PageError } from './page-error.ts';

/** @param errors answers an error with a page */
export function notFound(errors: Koa.Middleware): Koa.Middleware {
  return async (ctx, next) => {
    await next();
    if (ctx.status !== 404 || ctx.body || ctx.respond === false) return;
    if (ctx.accepts('json', 'html') === 'html') await errors(ctx, () => Promise.reject(new PageError('not_found')));
    else {
      ctx.status = 404;
      ctx.body = { error: 'not_found', error_description: 'there is nothing at this address' };
    }
  };
}
