// In Express: the bridge first, because it reads the bodies of its requests itself; then routes of one's own.
import express from 'express';
import { githubBridge } from 'mcp-github-bridge';
import { issues } from './issues.ts';

const bridge = await githubBridge({ env: process.env, server: issues });

const app = express();
app.use(bridge.handler);
app.use(express.json());
app.get('/api/me', async (request, response) => {
  const { caller, challenge } = await bridge.authenticate(request);
  if (challenge) return challenge.send(response);
  response.json({ login: caller.account.login, scopes: caller.scopes });
});

const server = app.listen(Number(process.env.PORT ?? 8000), '127.0.0.1');
process.stdout.write(bridge.banner);
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    server.close();
    void bridge.close();
  });
