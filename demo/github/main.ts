/**
 * The simulated GitHub as a separate process, for `docker-compose.demo.yml`. Only for trying things out: it has no
 * passwords, so anybody who can reach it can log in as any account.
 */
import { outliveReaders } from '../../src/closed-output.ts';
import { createSimulatedGitHub } from './index.ts';

const {
  GITHUB_CLIENT_ID: clientId = 'demo-oauth-app',
  GITHUB_CLIENT_SECRET: clientSecret = 'demo-secret-of-the-simulated-github',
  PUBLIC_URL: bridgeUrl = 'http://localhost:8000',
  DEMO_GITHUB_PORT: port = '9000',
  DEMO_GITHUB_HOST: host = '127.0.0.1',
} = process.env;

outliveReaders();
const github = createSimulatedGitHub({
  apps: [
    {
      kind: 'oauth-app',
      name: 'mcp-github-bridge demo',
      clientId,
      clientSecret,
      callbackUrls: [`${bridgeUrl}/github/callback`],
    },
  ],
  publicUrl: `http://localhost:${port}`,
});

try {
  const url = await github.listen(Number(port), host);
  process.stdout.write(`GitHub is simulated, at ${url}: sign in as octocat, monalisa or hubot.\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      github.close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
} catch (error) {
  process.stderr.write(
    `The simulated GitHub cannot start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
}
