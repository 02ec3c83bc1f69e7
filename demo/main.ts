/**
 * `npm run demo`: the bridge with the embedded store, and a simulated GitHub, without any setup. It stands in front of the
 * simulated GitHub's MCP server. Only for trying things out: the simulated GitHub has no passwords, so anybody who can
 * reach it can log in as any account. It reads no `.env`, which is about the real GitHub.
 */
import { join } from 'node:path';
import { calledAs } from '../src/called-as.ts';
import { outliveReaders } from '../src/closed-output.ts';
import { ConfigurationError, readConfig } from '../src/config/config.ts';
import { upstreamPath } from '../src/config/upstreams.ts';
import { githubBridge } from '../src/github-bridge.ts';
import { createSimulatedGitHub, type SimulatedGitHub } from './github/index.ts';

const CLIENT_ID = 'demo-oauth-app';
const CLIENT_SECRET = 'demo-secret-of-the-simulated-github';
const GITHUB_PORT = 9000;

const githubPort = Number(process.env.DEMO_GITHUB_PORT ?? GITHUB_PORT);
if (!Number.isInteger(githubPort) || githubPort < 1 || githubPort > 65_535) {
  process.stderr.write('The demo cannot start: DEMO_GITHUB_PORT is not a port. Leave it out for 9000.\n');
  process.exit(2);
}
const githubHost = process.env.DEMO_GITHUB_HOST ?? '127.0.0.1';
const githubUrl = `http://localhost:${githubPort}`;

outliveReaders('standard output is closed: the demo goes on; Ctrl-C stops it');
let github: SimulatedGitHub | undefined;

try {
  const env = {
    LOG_LEVEL: 'warn',
    // Who names MCP servers of their own gets those alone; an empty MCP_UPSTREAMS is none.
    ...(process.env.UPSTREAMS_FILE ? {} : { MCP_UPSTREAMS: `github=${githubUrl}/mcp/` }),
    ...process.env,
    // A folder for each simulated GitHub, because a store belongs to one GitHub.
    DATA_DIR: join(process.env.DATA_DIR ?? './data', `demo-${githubPort}`),
    GITHUB_CLIENT_ID: CLIENT_ID,
    GITHUB_CLIENT_SECRET: CLIENT_SECRET,
    GITHUB_URL: githubUrl,
    GITHUB_API_URL: `${githubUrl}/api/v3`,
  };
  const config = readConfig(env);
  github = createSimulatedGitHub({
    apps: [
      {
        kind: 'oauth-app',
        name: 'mcp-github-bridge demo',
        clientId: CLIENT_ID,
        clientSecret: CLIENT_SECRET,
        callbackUrls: [`${config.publicUrl}/github/callback`],
      },
    ],
    publicUrl: githubUrl,
  });
  await github.listen(githubPort, githubHost).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new Error(`port ${githubPort} is taken: stop what listens there, or set DEMO_GITHUB_PORT`);
  });
  const bridge = await githubBridge({ env, simulated: true });
  await bridge.listen();
  process.stdout.write(bridge.banner);
  process.stdout.write(`  GitHub is simulated, at ${githubUrl}: sign in as octocat, monalisa or hubot.\n\n`);
  for (const path of new Set(['/mcp', ...config.upstreams.map(upstreamPath)])) {
    const command = `npx @modelcontextprotocol/inspector@latest --server-url ${config.publicUrl}${path} --transport http`;
    process.stdout.write(`  Try it:  ${command}\n`);
  }
  process.stdout.write('\n');
  process.stdout.write(
    `  Look in: DATA_DIR=${config.dataDir} GITHUB_URL=${githubUrl} GITHUB_CLIENT_ID=${CLIENT_ID} GITHUB_CLIENT_SECRET=${CLIENT_SECRET} ${calledAs('admin')} sessions list\n  Stop it: Ctrl-C\n\n`,
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      Promise.all([bridge.close(), github?.close()]).then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
} catch (error) {
  await github?.close().catch(() => {});
  process.stderr.write(`The demo cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof ConfigurationError ? 2 : 1);
}
