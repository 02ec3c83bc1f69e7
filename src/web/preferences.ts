/** `POST /preferences`: the buttons of every page that show it in another language, and the form of pages with times for another time zone. */
import type Koa from 'koa';
import { noStore } from '../protocol/http.ts';
import { isSameOrigin } from '../security/same-origin.ts';
import { PageError } from './page-error.ts';
import type { Web } from './web.ts';

/** Creates the handler. @throws {PageError} forged_form when another site sent the form */
export function preferences({ issuer, web }: { readonly issuer: string; readonly web: Web }): Koa.Middleware {
  return async (ctx) => {
    noStore(ctx);
    if (!isSameOrigin(ctx, issuer))
      throw new PageError('forged_form', { description: 'the form was not sent by a page of this server' });
    // Not `formParameters`: a sealed page is longer than any parameter of OAuth.
    web.prefer(ctx, new URLSearchParams(ctx.is('urlencoded') ? ctx.request.rawBody : ''));
  };
}
