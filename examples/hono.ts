// In Hono on Node: routes of one's own, and the bridge for everything else. Hono's `env` tells it the address of the client.
import { type HttpBindings, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { githubBridge } from 'mcp-github-bridge';
import { issues } from './issues.ts';

const bridge = await githubBridge({ env: process.env, server: issues });

const app = new Hono<{ Bindings: HttpBindings }>();
app.get('/api/me', async (c) => {
  const { caller, challenge } = await bridge.authenticate(c.req.raw);
  if (challenge) return challenge.toResponse();
  return c.json({ login: caller.account.login, scopes: caller.scopes });
});
app.notFound((c) => bridge.fetch(c.req.raw, c.env));

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 8000), hostname: '127.0.0.1' });
process.stdout.write(bridge.banner);
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    server.close();
    void bridge.close();
  });
