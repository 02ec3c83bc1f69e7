/** The route of the stylesheet: its path contains a hash of its text, so browsers can cache it for ever. */
import type Koa from 'koa';
import type { Web } from './web.ts';

/** Creates the handler. */
export function stylesheet({ stylesheet }: Pick<Web, 'stylesheet'>): Koa.Middleware {
  return (ctx) => {
    ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
    ctx.type = 'css';
    ctx.body = stylesheet.text;
  };
}
