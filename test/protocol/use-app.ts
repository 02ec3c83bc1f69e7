// A small Koa app for a suite, where the whole bridge would hide what is tested.
import { after, before } from 'node:test';
import Koa from 'koa';
import { type Listening, listen } from '../support/listen.ts';

/** Serves these middlewares to a suite; call it in the suite's body. @returns where, once the suite's hooks have run */
export function useApp(...middlewares: readonly Koa.Middleware[]): () => string {
  let server: Listening | undefined;
  before(async () => {
    const app = new Koa();
    app.silent = true; // what a handler throws is what is tested
    for (const middleware of middlewares) app.use(middleware);
    server = await listen(app.callback());
  });
  after(() => server?.close());
  return () => {
    if (server === undefined) throw new Error('the app of this suite starts in its before hook');
    return server.url;
  };
}
