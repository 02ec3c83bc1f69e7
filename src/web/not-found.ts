/** The answer for a path without a route: a page for browsers, JSON for programs. */
import type Koa from 'koa';
import { PageError } from './page-error.ts';

/** Creates the middleware. @param errors the middleware that answers an error with a page */
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
