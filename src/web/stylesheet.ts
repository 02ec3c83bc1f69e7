/** The stylesheet: its path carries a hash of its text, so browsers may keep it for ever. */
import type Koa from 'koa';
import type { Web } from './web.ts';

export function stylesheet({ stylesheet }: Pick<Web, 'stylesheet'>): Koa.Middleware {
  return (ctx) => {
    ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
    ctx.type = 'css';
    ctx.body = stylesheet.text;
  };
}
