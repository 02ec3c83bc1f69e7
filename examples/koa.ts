// In Koa: the bridge is a middleware, before any that reads bodies.
import Koa from 'koa';
import { githubBridge } from 'mcp-github-bridge';
import { issues } from './issues.ts';

const bridge = await githubBridge({ env: process.env, server: issues });

const app = new Koa();
app.use(bridge.koa);
app.use(async (ctx) => {
  const { caller, challenge } = await bridge.authenticate(ctx.req);
  if (challenge) {
    ctx.status = challenge.status;
    ctx.set({ ...challenge.headers });
    ctx.body = challenge.body;
  } else {
    ctx.body = { login: caller.account.login, scopes: caller.scopes };
  }
});

const server = app.listen(Number(process.env.PORT ?? 8000), '127.0.0.1');
process.stdout.write(bridge.banner);
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    server.close();
    void bridge.close();
  });
